"""conda of a machine as a declaration: its installer from gpufleet's record, or as its packages suggest, marked so."""

from fleet.discover import environment, site
from fleet.discover.draft import Draft, plain, quoted, some, text
from schema.conda import PROFILE, CondaState
from schema.discovery import CondaPrefix, Discovery
from schema.snapshot import Snapshot


def prefix(found: Discovery, usual: str) -> str:
    """The prefix to look at: the usual one, else the one with most environments."""
    names = [item.prefix for item in found.prefixes if item.conda is not None]
    if usual in names or not names:
        return usual
    return max(names, key=lambda name: sum(origin.startswith(f"{name}/") for origin in found.origins))


def declare(draft: Draft, snapshot: Snapshot, found: Discovery, external: bool) -> None:
    """Add the sections of conda and of its environments to a draft."""
    state = snapshot.conda
    others = [item for item in found.prefixes if state is None or item.prefix != state.prefix]
    draft.add("#conda", [*_others(others), *_elsewhere(found)])
    if state is None or state.version is None:
        return
    known = next((item for item in found.prefixes if item.prefix == state.prefix), CondaPrefix(prefix=state.prefix))
    draft.add("conda", _conda(state, known, snapshot, external))
    alias = "" if external else site.channel_alias(snapshot)
    for one in state.environments:
        draft.add(f"environments.{one.name}", environment.lines(one, found.origins.get(one.prefix), state.owner, alias))
    if state.installer is None and not external:
        for key in list(draft.sections):
            if key.startswith("environments."):
                draft.without(key, "it needs conda's section")


def _others(prefixes: list[CondaPrefix]) -> list[str]:
    return [
        f"# conda {plain(item.conda or '(part of it)')} is in {plain(item.prefix)} too; one prefix can be declared."
        for item in prefixes
    ]


def _elsewhere(found: Discovery) -> list[str]:
    return [f"# Environments in no prefix: {some(found.elsewhere)}."] if found.elsewhere else []


def _conda(state: CondaState, known: CondaPrefix, snapshot: Snapshot, external: bool) -> list[str]:
    """As recorded; without a record a guess that is marked, and for a host that a run may change a comment."""
    distribution, version = _installer(state, known)
    guessed = state.installer is None
    found = "# " if guessed and not external else ""
    lines = ["# Nothing records what installed conda; its own packages suggest this:"] if guessed else []
    lines += [
        f"{found}conda:",
        f"{found}  distribution: {text(distribution)}",
        f"{found}  version: {quoted(version)}" + (f"  # conda {plain(state.version or '')}" if guessed else ""),
        f"{found}  prefix: {quoted(state.prefix)}",
    ]
    if state.owner not in {None, "root"}:
        lines.append(f"{found}  owner: {quoted(state.owner)}")
    if state.mode not in {None, "0755"}:
        lines.append(f"{found}  mode: {quoted(state.mode)}")
    if not external and not guessed and PROFILE not in snapshot.apt.files:
        lines.append("  shell: false  # conda is in nobody's shell by gpufleet")
    return lines


def _installer(state: CondaState, known: CondaPrefix) -> tuple[str, str]:
    """Distribution and version: recorded, or as their installers' versions follow conda's (their download pages)."""
    distribution, _, version = (state.installer or known.distribution or "").partition(" ")
    if version:
        return plain(distribution), plain(version)
    conda = plain(state.version or "")
    if known.channel == "defaults" and known.python:
        return "miniconda", f"py{''.join(known.python.split('.')[:2])}_{conda}-0"
    return "miniforge", f"{conda}-0"
