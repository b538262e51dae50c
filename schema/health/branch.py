"""The branch that packages really hold: names that say another one, and a set that nothing keeps to its branch."""

import shlex
from typing import TYPE_CHECKING

from schema import preferences
from schema.driver import names
from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# What a newer branch is installed under without asking: NVIDIA's metapackages, and from 590 on all of its names.
FLOATING = ("cuda-drivers", "nvidia-open", "nvidia-driver", "cuda")


def transitional(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Packages that brought another branch than their name says: Ubuntu's archive does so with ended branches."""
    moved: dict[int, list[str]] = {}
    for name, item in origin.driver_packages(snapshot).items():
        named, held = names.branch_in(name), origin.branch(item)
        if named is not None and held is not None and named != held:
            moved.setdefault(held, []).append(f"{name} {item.version}")
    if not moved:
        return []
    held = max(moved)
    lines = [line for found in moved.values() for line in found]
    message = f"packages named after another branch hold driver {held}: an upgrade moved the branch"
    name = shlex.quote(_renamed(lines[0], held))
    hint = f"declare driver: {{branch: {held}}}, or name it yourself: sudo apt install {name}"
    return [finding("GPU214", "warning", message, lines, hint)]


def _renamed(line: str, held: int) -> str:
    name = line.split()[0]
    return name.replace(f"-{names.branch_in(name)}", f"-{held}", 1)


def floating(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A driver that the next `apt upgrade` moves to the newest branch. Of ours, the loss of its pins is a change."""
    managed = spec.managed_driver
    if managed is None or managed.source != "external" or _pinned(snapshot):
        return []
    there = snapshot.apt.packages
    loose = [name for name in FLOATING if name in there and there[name].installed and not there[name].held]
    loose = [name for name in loose if origin.builder(there[name]) == "nvidia"]
    if not loose:
        return []
    lines = [f"{name} {there[name].version}" for name in loose]
    held = origin.branch(next(iter(origin.driver_packages(snapshot).values()), there[loose[0]]))
    message = f"nothing keeps the driver to its branch: {loose[0]} follows the newest one"
    hint = f"sudo apt install nvidia-driver-pinning-{held or 'BRANCH'}"
    return [finding("GPU215", "warning", message, lines, hint)]


def _pinned(snapshot: "Snapshot") -> bool:
    """A pinning package, our own preferences, or somebody's that name the driver with a version."""
    packages = snapshot.apt.packages.items()
    if any(item.installed and name.startswith("nvidia-driver-pinning") for name, item in packages):
        return True
    others = (file.content for file in snapshot.apt.preferences)
    return bool(preferences.own(snapshot)) or any("Pin: version" in text for text in others)
