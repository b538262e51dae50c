"""The builds of PyTorch: which suit a request, GPUs, a driver and a Python."""

import functools
from typing import NamedTuple

from schema import compat
from schema.choose import gpus, needs
from schema.choose.choice import Choice
from schema.choose.gpus import Kind
from schema.environments import requirement
from schema.environments.model import requirement_name
from schema.model import version_key

# Releases have fewer patch versions than this.
PATCHES = 10
AUDIO_FIRST, AUDIO_OWN, AUDIO_LAST = (1, 7), (2, 0), (2, 11)
# Code for Volta runs on Turing, and the libraries of CUDA 9 fail there (https://github.com/pytorch/pytorch/issues/28752).
TURING, FIRST_FOR_TURING = "7.5", (10,)


def by_hand() -> str:
    index = compat.wheel_index("cu130")
    return (
        f'Write the index yourself, such as indexes: [{{url: "{index}", packages: [torch, torchvision, torchaudio]}}].'
    )


class Wish(NamedTuple):
    """`asked`: the requirements of torch and its companions; `python` "3.11", None where it is not said.

    `glibc`: the Ubuntu release's C library, None where the release is not known.
    """

    asked: tuple[str, ...]
    python: str | None
    arch: str
    kinds: tuple[Kind, ...]
    driver: str
    policy: needs.Policy
    glibc: str | None = None


@functools.lru_cache(maxsize=1024)
def by_rule(wish: Wish) -> Choice:
    """The newest PyTorch that was asked for and has a build that fits, confirmed ones first."""
    known = sorted(compat.torches(), key=lambda row: not row.confirmed)
    rows = [row for row in known if asked_for(row, wish.asked)]
    for row in rows:
        tags = [tag for tag in _cuda(row) if against(row, tag, wish) is None and _is_asked(row, tag, wish.asked)]
        if tags and _installs(row, wish):
            best = max(tags, key=lambda tag: _order(row, tag, wish))
            return Choice(value=best, reason=_reason(row, best, wish))
    return _none(rows, wish)


def is_torch(text: str) -> bool:
    return requirement_name(text) == "torch"


def asked_for(row: compat.Torch, asked: tuple[str, ...]) -> bool:
    """Whether a release, in any patch version and any build, is what all the requirements admit."""
    return any(_is_asked(row, tag, asked) for tag in row.builds)


def _is_asked(row: compat.Torch, tag: str, asked: tuple[str, ...]) -> bool:
    return all(
        any(requirement.fits(text, one) for one in _versions(version, tag))
        for text in asked
        if (version := _number(row, requirement_name(text))) is not None
    )


def _number(row: compat.Torch, name: str) -> str | None:
    """The release of torch or of a companion of it; None where any may be.

    torchaudio has torch's own numbers from 2.0 on, and 0.N for 1.N before (https://pytorch.org/audio, "Installing
    pre-built binaries"); 2.11, its last, goes with later releases too.
    """
    if name == "torch":
        return row.version
    if name == "torchvision":
        return row.torchvision
    key = version_key(row.version)
    if key >= AUDIO_OWN:
        return ".".join(map(str, min(key, AUDIO_LAST)))
    return f"0.{key[1]}" if key[:1] == (1,) and key >= AUDIO_FIRST else None


def _versions(version: str, tag: str) -> list[str]:
    """What a build may be called: 2.8.0, 2.8.0+cu126, 2.8.1 ..."""
    numbers = [version, *(f"{version}.{patch}" for patch in range(PATCHES))]
    return [full for number in numbers for full in (number, f"{number}+{tag}")]


def _installs(row: compat.Torch, wish: Wish) -> bool:
    """Whether pip takes the wheels: by the Python, and by the C library that they were built for (PEP 600)."""
    return (wish.python is None or wish.python in row.pythons) and _has_glibc(row, wish)


def _has_glibc(row: compat.Torch, wish: Wish) -> bool:
    return wish.glibc is None or version_key(row.glibc) <= version_key(wish.glibc)


def _cuda(row: compat.Torch) -> list[str]:
    return [tag for tag, build in row.builds.items() if build.cuda is not None]


def against(row: compat.Torch, tag: str, wish: Wish) -> str | None:
    """What speaks against a build, in words."""
    build = row.builds[tag]
    if build.cuda is None:
        return f"{tag} uses no GPU"
    if wish.arch not in build.arches:
        return f"{tag} is not built for {wish.arch}"
    if not _has_glibc(row, wish):
        return f"{tag} needs glibc {row.glibc}, and the release has {wish.glibc}"
    for kind in wish.kinds:
        too_old = kind.compute == TURING and version_key(build.cuda) < FIRST_FOR_TURING
        if too_old or not _runs(build, kind.compute, wish.arch):
            return f"{tag} has no code for {gpus.titled(kind)}"
    least = needs.floor(build.cuda, wish.policy)
    if least is not None and not needs.reaches(wish.driver, least):
        return f"{tag} needs driver {least}"
    return None


def _runs(build: compat.TorchBuild, compute: str, arch: str) -> bool:
    """Code runs on the same major and an equal or higher minor; newer GPUs compile it from PTX (CUDA C++ guide)."""
    ptx = build.ptx is not None and version_key(build.ptx) <= version_key(compute)
    return ptx or _native(build, compute, arch)


def _native(build: compat.TorchBuild, compute: str, arch: str) -> bool:
    major, minor = version_key(compute)[:2]
    held = (version_key(one) for one in build.holds(arch))
    return any(one[0] == major and one[1] <= minor for one in held)


def _order(row: compat.Torch, tag: str, wish: Wish) -> tuple[bool, bool, bool, bool, bool, tuple[int, ...]]:
    """Confirmed and stable builds, those whose own driver is there, PyPI's, those that need no PTX, the newest."""
    build = row.builds[tag]
    full = needs.reaches(wish.driver, needs.floor(build.cuda or "", "strict") or "0")
    native = all(_native(build, kind.compute, wish.arch) for kind in wish.kinds)
    default = tag == row.default_for(wish.arch)
    return build.confirmed, not build.experimental, full, default, native, version_key(build.cuda or "")


def _reason(row: compat.Torch, tag: str, wish: Wish) -> str:
    default = row.default_for(wish.arch)
    if default == tag:
        return f"the build of PyTorch {row.version} that PyPI has too"
    why = against(row, default, wish) if default is not None and default in row.builds else None
    return f"fits PyTorch {row.version}" + (f"; {why}" if why is not None else "")


def _none(rows: list[compat.Torch], wish: Wish) -> Choice:
    said = " and ".join(repr(text) for text in wish.asked) or "torch"
    if not rows:
        return Choice(value=None, reason=f"no PyTorch that is known is {said}", hint=by_hand())
    fitting = [row for row in rows if _installs(row, wish)]
    if not fitting:
        return _not_installed(rows[0], wish)
    row = fitting[0]
    why = ", ".join(dict.fromkeys(text for tag in _cuda(row) if (text := against(row, tag, wish)) is not None))
    reason = f"no build of PyTorch {row.version} fits: {why}"
    other = by_rule(wish._replace(asked=())) if wish.asked else None
    if other is None or other.value is None:
        return Choice(value=None, reason=reason, hint="Use another Python, or declare no GPU for a build without CUDA.")
    newest = next(row for row in compat.torches() if _fits(row, wish))
    return Choice(value=None, reason=reason, hint=f"Write torch=={newest.version}.*, for which there is a build.")


def _not_installed(row: compat.Torch, wish: Wish) -> Choice:
    if not _has_glibc(row, wish):
        reason = f"PyTorch {row.version}'s wheels need glibc {row.glibc}, and this Ubuntu has {wish.glibc}"
        newest = next((one for one in compat.torches() if one.confirmed and _installs(one, wish)), None)
        hint = f"Write torch=={newest.version}.*, or use" if newest is not None else "Use"
        return Choice(value=None, reason=reason, hint=f"{hint} a newer Ubuntu.")
    reason = f"PyTorch {row.version} has no wheels for Python {wish.python}"
    return Choice(value=None, reason=reason, hint=f"It has them for {', '.join(row.pythons)}.")


def _fits(row: compat.Torch, wish: Wish) -> bool:
    builds = (tag for tag in _cuda(row) if against(row, tag, wish) is None)
    return row.confirmed and _installs(row, wish) and next(builds, None) is not None
