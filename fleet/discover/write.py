"""A host's file from a look: the first form of it that is valid and shows no drift, new or added to what is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet import discover
from fleet.discover import check, complaint
from fleet.discover.check import Verdict
from fleet.discover.draft import Draft, some
from fleet.discover.draft import text as words
from schema.discovery import Discovery
from schema.snapshot import Snapshot

# Concerns that, declared by the user, say that the host is one that a run may change.
MANAGED = frozenset({"driver", "cuda", "cudnn", "conda", "environments"})
# What a new file leaves to the defaults and to its groups; what the machine is, it says itself.
INHERITED = MANAGED | {"mirrors", "proxy", "ca_bundle", "external"}
ADDED = "# Added by fleet discover:"
# Each round takes at least one section out; there are not more sections that can be wrong.
ROUNDS = 24


@dataclass(frozen=True)
class Written:
    """`files`: texts by path, the host's own among them; `added`: the top-level keys that were put in."""

    file: str
    files: dict[str, str]
    added: tuple[str, ...]
    external: bool
    verdict: Verdict


@dataclass(frozen=True)
class Place:
    """Where the file belongs: `text` is what it says so far, None for a new one; `declared`: the keys that it says or
    inherits, and of a new one those that it leaves to the defaults or to its `groups`.
    """

    folder: Path
    file: str
    text: str | None = None
    declared: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()


def host(place: Place, connection: Mapping[str, object], snapshot: Snapshot, found: Discovery) -> Written:
    """The file of one machine, not yet on disk. Raises ValueError for a machine that is not managed.

    Where a run would change the host, or something on it cannot be declared otherwise, it is declared `external`,
    unless the user declares a concern already: then the differences are what a drift check is for.
    """

    def made(external: bool) -> Draft:
        draft = discover.draft(snapshot, connection, found, external)
        groups = [f"groups: [{', '.join(map(words, place.groups))}]"] if place.groups else []
        # Below the title, as in a file that a person writes.
        draft.sections = {"#title": [*draft.sections.pop("#title"), *groups], **draft.sections}
        return draft

    kept = _fitting(place, made, snapshot, external=False)
    if place.declared & MANAGED or (_settled(kept.verdict) and not _hides(snapshot)):
        return kept
    outside = _fitting(place, made, snapshot, external=True, why=_why(kept.verdict, snapshot))
    return outside if outside.verdict.clean or not kept.verdict.clean else kept


def _settled(verdict: Verdict) -> bool:
    """Whether nothing is left to do, or nothing but the reboot that an apply waits for."""
    return verdict.clean or (not verdict.errors and verdict.plan is not None and verdict.plan.pending == "reboot")


def _hides(snapshot: Snapshot) -> bool:
    """Whether conda is there and only a host that is not changed can declare it, for nothing records its installer."""
    state = snapshot.conda
    return state is not None and state.version is not None and state.installer is None and not _ours(snapshot)


def _ours(snapshot: Snapshot) -> bool:
    return snapshot.applied is not None or bool(snapshot.apt.files)


def _why(verdict: Verdict, snapshot: Snapshot) -> list[str]:
    """What keeps a run from leaving the host as it is, as comments before `external: true`."""
    changes = verdict.plan.changes if verdict.plan is not None else ()
    ours = "# gpufleet set this host up, from an inventory whose lock is not here, or it was changed since:"
    lines = [ours if _ours(snapshot) else "# gpufleet did not set this host up:"]
    lines.append("# it is checked against this file, and never changed.")
    if changes:
        others = [change.item for change in changes if "gpufleet" not in change.item]
        files = len(changes) - len(others)
        told = [f"{files} file{'s' if files > 1 else ''} of its own"] if files else []
        told += [f"changes to {some(others, 3)}"] if others else []
        lines.append(f"# Without the next line a run would bring {' and '.join(told)}.")
    return lines


def _fitting(
    place: Place, made: Callable[[bool], Draft], snapshot: Snapshot, *, external: bool, why: list[str] | None = None
) -> Written:
    """The draft, with each section that has an error, or would show as drift, turned into comments."""
    draft = made(external)
    if why and "external" in draft.sections:
        draft.sections["external"] = [*why, *draft.sections["external"]]
    written = _written(place, draft, snapshot, external)
    for _ in range(ROUNDS):
        found = [(complaint.live(draft.sections, path), words) for path, words in complaint.complaints(written.verdict)]
        wrong = next(((key, words) for key, words in found if key is not None), None)
        if wrong is None:
            break
        draft.without(*wrong)
        written = _written(place, draft, snapshot, external)
    return written


def _written(place: Place, draft: Draft, snapshot: Snapshot, external: bool) -> Written:
    text, added = _text(place, draft)
    files = {**{name: content for name, content in draft.files.items() if name in text}, place.file: text}
    verdict = check.verdict(place.folder, place.file, files, snapshot)
    return Written(place.file, files, added, external and "external" in added, verdict)


def _text(place: Place, draft: Draft) -> tuple[str, tuple[str, ...]]:
    """The whole file, or what is there with what is missing below it; its own lines stay as they are."""
    left = place.declared | ({"connection"} if place.text is not None else set())
    lines = [line for line in draft.lines(left) if line.strip()]
    added = tuple(key for key in draft.declared() if key not in left and not key.startswith("#"))
    if place.text is None:
        return "\n".join(lines) + "\n", added
    before = place.text if not place.text or place.text.endswith("\n") else f"{place.text}\n"
    return "\n".join([f"{before}{ADDED}", *lines]) + "\n" if added else place.text, added
