"""`cuda.toolkits: auto`: the toolkit that an earlier run put there and that suits, else the newest that fits all of it.

Newest is the newest whose driver for all its features (floor_full) the chosen branch has, of those that NVIDIA's
repository for the release is known to carry. Where there is none, minor-version compatibility may do
(https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
"""

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from schema import compat, preferences
from schema.choose import board, branches, gpus, locked, observed, repository
from schema.choose.choice import Choice
from schema.choose.gpus import Kind
from schema.choose.needs import Policy, floor, reaches
from schema.model import version_key
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

METAPACKAGE = re.compile(r"^cuda-toolkit-(\d{1,2})-(\d{1,2})$")


class Wish(NamedTuple):
    """What a toolkit has to suit. `driver`: a branch or an exact version, "" where no driver is known or managed."""

    kinds: tuple[Kind, ...]
    driver: str
    policy: Policy
    ubuntu: str
    arch: str
    mirrored: bool
    excluded: tuple[str, ...]


@once
def toolkit(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """The release that `auto` stands for, "12.9"; what is written beside it, or absent, is not chosen."""
    cuda = spec.cuda
    if cuda is None or cuda == "none" or not cuda.auto:
        return Choice(value=None, reason="nothing is to be chosen", by="declared")
    chosen = [version for version in locked.values(spec, "cuda.toolkits") if version not in cuda.written]
    if chosen:
        return Choice(value=chosen[0], reason=locked.REASON, by="lock")
    if spec.platform != "generic":
        return board.toolkit(spec)
    unknown = gpus.kinds(spec, snapshot).unknown
    if unknown:
        return _by_hand(f"nothing is known of {' and '.join(unknown)}")
    found = driver(spec, snapshot)
    if found.value is None:
        return found
    wished = wish(spec, found.value, gpus.kinds(spec, snapshot).known)
    return _there(spec, snapshot, wished) or by_rule(wished)


def wish(spec: "HostSpec", driver: str, kinds: tuple[Kind, ...]) -> Wish:
    """What a toolkit of this host has to suit under a driver."""
    cuda = spec.cuda if spec.cuda != "none" else None
    excluded = tuple(_release(version) for version in (*cuda.written, *cuda.absent)) if cuda is not None else ()
    policy = cuda.policy if cuda is not None else "minor-compatible"
    return Wish(kinds, driver, policy, spec.ubuntu, spec.arch, spec.mirrors.cuda is not None, excluded)


def _by_hand(reason: str) -> Choice:
    newest = next(version for version in reversed(compat.toolkits()) if _confirmed(version))
    hint = f'Write the toolkit yourself, such as cuda: {{toolkits: ["{newest}"]}}.'
    return Choice(value=None, reason=reason, hint=hint)


def driver(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """The driver that the toolkit has to work with: ours, else one that is found, else "" for any."""
    managed = spec.managed_driver
    if managed is None:
        found = observed.drivers(snapshot)
        return Choice(value=str(found[0].branch) if found else "", reason="")
    if managed.version is not None:
        return Choice(value=managed.version, reason="")
    return branches.branch(spec, snapshot)


def _there(spec: "HostSpec", snapshot: "Snapshot | None", wish: Wish) -> Choice | None:
    """A toolkit that our own pins name, or that is installed, newest first, where nothing speaks against it.

    On a host that something else keeps its folder is enough.
    """
    if snapshot is None:
        return None
    own = [_of(name) for name in preferences.own(snapshot) if METAPACKAGE.match(name)]
    packages = [name for name, item in snapshot.apt.packages.items() if item.installed]
    installed = [_of(name) for name in packages if METAPACKAGE.match(name)]
    installed += [item.version for item in snapshot.cuda.toolkits] if spec.external else []
    for versions, reason in ((own, "chosen by an earlier run"), (installed, "installed on the host")):
        for version in sorted(versions, key=version_key, reverse=True):
            if version not in wish.excluded and suits(version, wish):
                return Choice(value=version, reason=reason, by="observed")
    return None


def _of(name: str) -> str:
    return name.removeprefix("cuda-toolkit-").replace("-", ".")


def _release(version: str) -> str:
    return ".".join(version.split(".")[:2])


def suits(version: str, wish: Wish) -> bool:
    """Whether a toolkit makes code for all the GPUs, and the driver reaches what the policy asks for."""
    least = floor(version, wish.policy)
    return (least is None or reaches(wish.driver, least)) and not any(_misses(version, kind) for kind in wish.kinds)


def _misses(version: str, kind: Kind) -> bool:
    row, key = compat.architecture(kind.generation), version_key(version)[:2]
    if row is None:
        return False
    first = row.compute.get(kind.compute) or row.first_cuda
    too_old = first is not None and key < version_key(first)
    return too_old or (row.last_cuda is not None and key > version_key(row.last_cuda))


def _confirmed(version: str) -> bool:
    row = compat.toolkit(version)
    return row is not None and row.confirmed and row.floor_full is not None


@functools.lru_cache(maxsize=4096)
def by_rule(wish: Wish) -> Choice:
    """Those that are known to be carried first, of these those with their own driver, of these the newest."""
    found = []
    for version in compat.toolkits():
        carried = repository.has(version, wish.ubuntu, wish.arch, mirrored=wish.mirrored)
        if carried is False or version in wish.excluded or not _confirmed(version) or not suits(version, wish):
            continue
        full = reaches(wish.driver, floor(version, "strict") or "0")
        found.append((carried is True, full, version_key(version), version))
    if not found:
        return _none(wish)
    _, full, _, version = max(found)
    return Choice(value=version, reason=_reason(version, wish, full=full))


def _reason(version: str, wish: Wish, *, full: bool) -> str:
    for kind in wish.kinds:
        row = compat.architecture(kind.generation)
        if row is not None and row.last_cuda == version:
            return f"last toolkit that makes code for {gpus.titled(kind)}"
    if not wish.driver:
        return f"newest toolkit for Ubuntu {wish.ubuntu}"
    if full:
        return f"newest toolkit that driver {wish.driver} serves in full"
    return f"newest toolkit that driver {wish.driver} serves by minor-version compatibility"


def _none(wish: Wish) -> Choice:
    """Which two of GPUs, driver and release do not meet."""
    known = [version for version in compat.toolkits() if _confirmed(version)]
    free = wish._replace(driver="")
    names = " and ".join(dict.fromkeys(gpus.titled(kind) for kind in wish.kinds))
    fitting = [version for version in known if suits(version, wish)]
    if not [version for version in known if suits(version, free)]:
        hint = "Put the GPUs into hosts of their own."
        return Choice(value=None, reason=f"no toolkit makes code for {names} together", hint=hint)
    if not fitting:
        hint = "Set driver.branch: auto, or cuda.policy: minor-compatible."
        return Choice(value=None, reason=f"no toolkit suits {names} and driver {wish.driver}", hint=hint)
    span = fitting[0] if len(fitting) == 1 else f"{fitting[0]} to {fitting[-1]}"
    who = (
        " and ".join(part for part in (names, f"driver {wish.driver}" if wish.driver else "") if part) or "what is left"
    )
    reason = f"{who}: CUDA {span}, and NVIDIA's repository for Ubuntu {wish.ubuntu} has none of these"
    newest = ("26.04", "24.04", "22.04", "20.04", "18.04")
    others = [name for name in newest if any(repository.has(version, name, wish.arch) for version in fitting)]
    hint = f"Use Ubuntu {' or '.join(others)}." if others else "Write the toolkit yourself."
    return Choice(value=None, reason=reason, hint=hint)
