"""What environments ask of PyTorch's wheels: release, Python, tag; and which wheels suit a host."""

import functools
import re
from typing import NamedTuple

from schema import choose, compat
from schema.choose import builds, indexes
from schema.environments import EnvironmentSpec, requirement, requirement_name
from schema.host import HostSpec
from schema.model import version_key
from schema.once import once
from schema.rules import advice, cards, cudnns, floor, target
from schema.rules.cards import Kind

TAG = re.compile(r"/(cu[0-9]{2,3}|cpu|rocm[0-9.]+|xpu)/?$")
EXACT = re.compile(r"={2,3}([^,*\s]+)$")
# Code for Volta runs on Turing; the libraries of CUDA 9 fail there (https://github.com/pytorch/pytorch/issues/28752).
TURING, FIRST_FOR_TURING = "7.5", (10,)
COMPANIONS = ("torch", "torchvision", "torchaudio")


class Asked(NamedTuple):
    """One requirement of torch. `exact`: the version of a pin ("2.8.0+cu126"); `rows`: the releases that it admits,
    newest first; `tags`: those of the indexes that it may come from, () for PyPI, None where an index does not say.
    """

    environment: str
    path: str
    text: str
    exact: str | None
    python: str | None
    rows: tuple[compat.Torch, ...]
    tags: tuple[str, ...] | None

    @property
    def quotes(self) -> str | None:
        """The requirement, where the key names the file that has it."""
        return quotes(self.path, self.text)

    @property
    def local(self) -> str | None:
        """ "cu126" of "2.8.0+cu126"."""
        return (self.exact or "").partition("+")[2] or None


def quotes(path: str, text: str) -> str | None:
    """`text` where the key is one that names a file."""
    return text if path.endswith((".file", ".requirements")) else None


def requirements(one: EnvironmentSpec, name: str) -> list[tuple[str, str]]:
    """What pip is asked for of torch and its companions, without hashes, each with the key that it stands under.

    What a marker keeps for other Pythons is left out.
    """
    path = f"environments.{name}"
    own = [(index, text) for index, text in enumerate(one.pip.packages) if requirement_name(text) in COMPANIONS]
    lines = [text for text in one.pip.lines if requirement_name(text) in COMPANIONS]
    if not own and not lines:
        return []
    python = indexes.python_of(one)
    found = [(f"{path}.file" if one.file is not None else f"{path}.pip.packages.{index}", text) for index, text in own]
    found += [(f"{path}.pip.requirements", text.split(" --")[0].strip()) for text in lines]
    return [(place, text) for place, text in found if requirement.applies(text, python)]


@once
def torch(spec: HostSpec) -> list[Asked]:
    """Every environment's wish for torch, but for those where `indexes: auto` came to nothing: that says why."""
    found = []
    for name, one in spec.environments.items():
        if not isinstance(one, EnvironmentSpec) or spec.platform != "generic":
            continue
        if one.pip.auto and choose.wheels(spec, None)[name].value is None:
            continue
        for path, text in requirements(one, name):
            if requirement_name(text) == "torch" and "@" not in text:
                exact = exactly(text)
                found.append(Asked(name, path, text, exact, indexes.python_of(one), _rows(text, exact), _tags(one)))
    return found


def exactly(text: str) -> str | None:
    """The version of "torch==2.8.0"; None where several would do."""
    match = EXACT.match(requirement.wish(text))
    return match[1] if match else None


@functools.lru_cache(maxsize=1024)
def _rows(text: str, exact: str | None) -> tuple[compat.Torch, ...]:
    if exact is not None:
        row = compat.torch(exact)
        return (row,) if row is not None else ()
    return tuple(row for row in compat.torches() if row.confirmed and builds.asked_for(row, (text,)))


def _tags(one: EnvironmentSpec) -> tuple[str, ...] | None:
    serving = [index.url for index in one.pip.indexes if not index.packages or "torch" in _names(index.packages)]
    tags = [match[1] if (match := TAG.search(url)) else None for url in serving]
    # Of equal versions pip takes the greater tag, as text (PEP 440, local version identifiers).
    return None if None in tags else tuple(sorted((tag for tag in tags if tag is not None), reverse=True))


def _names(packages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(requirement_name, packages))


def chosen(spec: HostSpec, asked: Asked) -> tuple[compat.Torch, str] | None:
    """The release and tag that pip takes: the newest with wheels for the Python and of the tag; None if not known."""
    for row in asked.rows:
        if asked.python is not None and asked.python not in row.pythons and asked.exact is None:
            continue
        for tag in (asked.local,) if asked.local else asked.tags or (() if asked.tags is None else (None,)):
            known = tag or row.default_for(spec.arch)
            if known is not None and (known in row.builds or asked.exact is not None):
                return row, known
    return None


def runs(build: compat.TorchBuild, kind: Kind, arch: str) -> bool:
    """Whether the wheel has code for a GPU, or PTX that a newer GPU compiles."""
    if kind.compute == TURING and version_key(build.cuda or "") < FIRST_FOR_TURING:
        return False
    ptx = build.ptx is not None and version_key(build.ptx) <= version_key(kind.compute)
    return ptx or target.runnable(kind.compute, frozenset(build.holds(arch))) is not None


def learns(build: compat.TorchBuild, kind: Kind) -> bool:
    """Whether the cuDNN that the wheel brings along has code for a GPU, as far as is known."""
    row = compat.cudnn(build.cudnn) if build.cudnn is not None else None
    return row is None or not row.confirmed or cudnns.holds(row, kind)


def suits(spec: HostSpec, build: compat.TorchBuild) -> bool:
    """Whether the wheel exists for the architecture, has code for all GPUs, and the driver is new enough."""
    if spec.arch not in build.arches or build.cuda is None:
        return False
    release, policy = build.cuda, advice.policy(spec)
    enough = spec.managed_driver is None or any(floor.runs(one, release, policy) for one in advice.drivers(spec))
    return enough and cards.possible(spec, lambda kind: runs(build, kind, spec.arch) and learns(build, kind))


def best(spec: HostSpec, row: compat.Torch) -> str | None:
    """The tag to write for a release: PyPI's own where it suits, else the newest CUDA that does.

    None where no build does, or where the wheels are for a newer C library than the Ubuntu release's.
    """
    ubuntu = compat.release(spec.ubuntu)
    if ubuntu is not None and version_key(row.glibc) > version_key(ubuntu.glibc):
        return None
    if not any(card.kinds for card in cards.of(spec)):
        there = [tag for tag in (row.default_for(spec.arch), "cpu", *row.builds) if tag in row.builds]
        return next((tag for tag in there if spec.arch in row.builds[tag].arches), None)
    fitting = [tag for tag, build in row.builds.items() if build.confirmed and suits(spec, build)]
    default = row.default_for(spec.arch)
    stable = [tag for tag in fitting if not row.builds[tag].experimental] or fitting
    if default in stable:
        return default
    return max(stable, key=lambda tag: version_key(row.builds[tag].cuda or "0"), default=None)
