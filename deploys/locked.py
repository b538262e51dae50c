"""fleet.lock on a host: its versions must be there, its hashes must be apt's, and nothing of a set beside it."""

import re
from collections.abc import Iterable, Mapping
from shlex import quote

from deploys import remote
from deploys.step import StepError, Work
from schema import cuda, cudnn, driver
from schema.apt import Action, Candidate
from schema.repository import key
from schema.wanted import Wanted, present

UNCHANGED = "no package was changed; gpufleet's source and key are in place"


def version(work: Work, package: Wanted, table: tuple[Candidate, ...]) -> str | None:
    """The lock's version of a package, None where the lock does not name it. Raises StepError when it is not there."""
    exact = work.spec.locked_versions.get(package.name)
    if exact is None or not package.admits(exact):
        return None
    if any(row.version == exact and row.priority >= 0 for row in table):
        return exact
    there = ", ".join(row.version for row in table[:8]) or "no version at all"
    raise StepError(
        "RUN320",
        f"{package.name} {exact}, which fleet.lock names, is not in the host's repositories",
        evidence=f"{package.name}: {there}",
        state=UNCHANGED,
        hint=f"renew the lock (fleet lock --update {package.name}), or declare a mirror that keeps old versions",
    )


def moves(work: Work, reference: Mapping[str, str], aside: Iterable[str]) -> tuple[Wanted, ...]:
    """Packages that stand at another version than the lock's, to ask for by name: apt moves what nothing else needs
    only when it is asked (apt-get(8), install). `aside`: names that are asked for, or go, anyhow.
    """
    versions, known, passed_over = work.spec.locked_versions, work.seen.apt.packages, set(aside)
    found = []
    for name, wanted in sorted(reference.items()):
        package = known.get(name)
        there = package is not None and present(package) and package.version == wanted
        waits = work.shown.blocked and driver.family(name)
        if versions.get(name) == wanted and not there and name not in passed_over and not waits:
            found.append(Wanted(name=name))
    return tuple(found)


def bound(work: Work, name: str) -> bool:
    """Whether the lock answers for the matched set that a package belongs to. Kernel packages follow the kernel."""
    spec, seen = work.spec, work.seen
    if driver.family(name):
        return driver.is_locked(spec, seen) and not name.startswith("linux-")
    if (release := cuda.release_in(name)) is not None:
        return release in cuda.locked_releases(spec, seen)
    return cudnn.family(name) and any(
        cudnn.sibling(name, item.name) and cudnn.is_locked(spec, item) for item in cudnn.wanted(spec, seen)
    )


def judge(work: Work, actions: Iterable[Action]) -> None:
    """Raise StepError where a transaction would bring a package of a locked set that the lock does not name, at
    another version, or with another content.
    """
    versions = work.spec.locked_versions
    if not versions:
        return
    coming = {action.name: action.new for action in actions if action.new is not None}
    strange = {name: new for name, new in coming.items() if bound(work, name) and versions.get(name) != new}
    if strange:
        lines = [f"{name} {new}, in the lock: {versions.get(name, 'nothing')}" for name, new in sorted(strange.items())]
        raise StepError(
            "RUN322",
            f"the transaction would bring packages that fleet.lock does not name: {', '.join(sorted(strange))}",
            evidence="\n".join(lines),
            state=UNCHANGED,
            hint="renew the lock (fleet lock --update), or remove them from the host if nobody needs them",
        )
    _hashes(work, {name: new for name, new in sorted(coming.items()) if versions.get(name) == new})


def _hashes(work: Work, coming: dict[str, str]) -> None:
    """What apt would fetch has the lock's sha256, by the index that apt itself has verified."""
    if not coming:
        return
    arguments = " ".join(quote(f"{name}={version}") for name, version in coming.items())
    text = remote.checked(work.host, f"LC_ALL=C apt-cache show {arguments}", "read the packages' hashes")
    offered = hashes(text, key.DEBIAN_ARCH[work.spec.arch])
    locked = work.spec.locked.packages if work.spec.locked is not None else {}
    wrong = [
        f"{name} {version}: {', '.join(sorted(found)) or 'no hash'}, in the lock: {locked[name].sha256}"
        for name, version in coming.items()
        if (found := offered.get((name, version), set())) != {locked[name].sha256}
    ]
    if wrong:
        raise StepError(
            "RUN321",
            f"the host's repositories offer other files than fleet.lock names, of {len(wrong)} package(s)",
            evidence="\n".join(wrong[:8]),
            state=UNCHANGED,
            hint="find out why the repository's files changed; if that was meant: fleet lock --update",
        )


def hashes(text: str, architecture: str) -> dict[tuple[str, str], set[str]]:
    """SHA256 by name and version, of `apt-cache show`; foreign architectures (i386) have files of their own."""
    found: dict[tuple[str, str], set[str]] = {}
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(Package|Version|Architecture|SHA256): *(\S+)", paragraph, re.MULTILINE))
        if fields.get("SHA256") and fields.get("Architecture") in {architecture, "all"}:
            found.setdefault((fields.get("Package", ""), fields.get("Version", "")), set()).add(fields["SHA256"])
    return found
