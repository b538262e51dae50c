"""`pip.indexes: auto`: the index of PyTorch's wheels that fits GPUs, driver, Python and the version that is asked for.

Of the builds that fit, the one that PyPI itself has comes first: it is the most used. PyTorch keeps code for older GPUs
in builds for an older CUDA only (https://github.com/pytorch/pytorch/issues/157517), so that these get another index.
"""

import re
from typing import TYPE_CHECKING

from schema import compat
from schema.choose import builds, gpus, locked, needs, toolkits
from schema.choose.builds import Wish
from schema.choose.choice import Choice
from schema.environments import requirement
from schema.environments.model import EnvironmentSpec, requirement_name
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

PACKAGES = ("torch", "torchvision", "torchaudio")
PYTHON = re.compile(r"^python\s*={1,2}\s*([0-9]+\.[0-9]+)")


@once
def wheels(spec: "HostSpec", snapshot: "Snapshot | None") -> dict[str, Choice]:
    """The wheel tag ("cu126", "cpu") by environment, of those that ask for `auto`."""
    return {
        name: _tag(spec, snapshot, name, one)
        for name, one in spec.environments.items()
        if isinstance(one, EnvironmentSpec) and one.pip.auto
    }


def url(spec: "HostSpec", tag: str) -> str:
    """The index of a tag: PyTorch's own, or the site's mirror of it."""
    mirror = spec.mirrors.torch
    return f"{mirror.rstrip('/')}/{tag}" if mirror is not None else compat.wheel_index(tag)


def _tag(spec: "HostSpec", snapshot: "Snapshot | None", name: str, one: EnvironmentSpec) -> Choice:
    chosen = locked.choice(spec, f"environments.{name}.pip.indexes")
    if chosen is not None:
        return chosen
    if spec.platform == "jetson":
        return _by_hand("PyTorch's own indexes have no wheels for Jetson")
    if spec.gpus == () or spec.platform == "raspberry-pi":
        return Choice(value="cpu", reason="the host has no GPU")
    found = gpus.kinds(spec, snapshot)
    if found.unknown:
        return _by_hand(f"nothing is known of {' and '.join(found.unknown)}")
    if not found.known:
        hint = "Declare gpus; [] says that there is none."
        return Choice(value=None, reason="the host's GPUs are not declared", hint=hint)
    driver = toolkits.driver(spec, snapshot)
    if driver.value is None:
        return driver
    python = python_of(one)
    asked = tuple(
        item for item in one.pip.wanted if requirement_name(item) in PACKAGES and requirement.applies(item, python)
    )
    release = compat.release(spec.ubuntu)
    glibc = release.glibc if release is not None else None
    wish = Wish(asked, python, spec.arch, found.known, driver.value, needs.written(spec)[1], glibc)
    return _there(snapshot, name, wish) or builds.by_rule(wish)


def _by_hand(reason: str) -> Choice:
    return Choice(value=None, reason=reason, hint=builds.by_hand())


def python_of(one: EnvironmentSpec) -> str | None:
    """The minor version of Python, "3.11"; None where it is not said."""
    said = (found[1] for item in one.packages if (found := PYTHON.match(item)))
    text = one.python or next(said, None)
    return ".".join(text.split(".")[:2]) if text is not None and "." in text else None


def _there(snapshot: "Snapshot | None", name: str, wish: Wish) -> Choice | None:
    """The tag of the torch that is installed in the environment, where it is as asked for and suits."""
    state = snapshot.conda if snapshot is not None else None
    there = [item for item in state.environments if item.name == name] if state is not None else []
    for package in there[0].packages if there else ():
        if requirement_name(package.name) == "torch" and package.manager == "pip":
            row, _, tag = compat.torch(package.version), *package.version.partition("+")[1:]
            tag = tag or (row.default_for(wish.arch) if row is not None else None) or ""
            asked = all(requirement.fits(item, package.version) for item in wish.asked if builds.is_torch(item))
            if row is not None and tag in row.builds and asked and builds.against(row, tag, wish) is None:
                return Choice(value=tag, reason=f"torch {package.version} is installed on the host", by="observed")
    return None
