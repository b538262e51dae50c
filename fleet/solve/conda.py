"""A conda environment solved on the controller for a host: exact packages as URLs with sha256."""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fleet import log
from fleet.solve import network, refusal
from fleet.solve.question import Answer, Package, Question, VirtualPackage
from schema.environments import ExplicitPackage, channel
from schema.environments.model import MatchSpec
from schema.model import Channel, Model, Name, Url
from schema.repository import ProxySpec

Platform = Literal["linux-64", "linux-aarch64"]
ROOT = Path(__file__).parents[2]
# Beyond the solver's own limit: reading a large channel for the first time, over a slow line.
READING_SECONDS = 240.0


class CondaRequest(Model):
    """What is asked: `virtual` is what the host itself brings, as `{"__cuda": "13.0", "__glibc": "2.39"}`, with a build
    after "=" where it has one ("1=x86_64_v3"); a host without a working driver has no `__cuda`.

    `limits` hold for what the packages need, with the reason of each: `{"cuda-version <12.10": "the last for ..."}`.
    `keep` are the packages of an earlier lock that stay where they can. `environment` is for messages.
    """

    environment: str
    specs: tuple[MatchSpec, ...]
    channels: tuple[Channel, ...] = ("conda-forge",)
    platform: Platform = "linux-64"
    virtual: dict[str, str] = {}
    limits: dict[MatchSpec, str] = {}
    mirror: Url | None = None
    ca_pem: str | None = None
    proxy: ProxySpec | None = None
    keep: tuple[ExplicitPackage, ...] = ()
    seconds: float = Field(default=120.0, gt=0)


class CondaResult(Model):
    """`packages` in the order of installation. `python`: conda's packages in the environment's Python, version by conda
    name. `notes` say where the solver was told to choose otherwise.
    """

    packages: tuple[ExplicitPackage, ...]
    python: dict[Name, str] = {}
    notes: tuple[str, ...] = ()


def solve(request: CondaRequest) -> CondaResult:
    """The packages of an environment. Raises RunError, RUN350 to RUN357: no solution, only a build for the processor,
    a channel that cannot be read or says something else than it must, or no time left.
    """
    channels = addresses(request)
    answer = _ask(request, channels)
    if answer.error is not None:
        raise refusal.conda(request.environment, answer, channels, request.platform, _known(request))
    packages = tuple(_checked(request, item, channels) for item in answer.packages)
    python = {item.name: item.version for item in answer.packages if item.python or item.name == "python"}
    return CondaResult(packages=packages, python=python, notes=answer.notes)


def _known(request: CondaRequest) -> list[str]:
    """What the solver went by beside the declaration, in words."""
    cuda = request.virtual.get("__cuda")
    driver = [f"this host's driver: CUDA {cuda}"] if cuda is not None else []
    return driver + [f"held to {limit}: {reason}" for limit, reason in request.limits.items()]


def addresses(request: CondaRequest) -> tuple[str, ...]:
    """The URLs of the channels in the order of their priority; one that only a specification names
    ("nvidia::cuda-nvcc") comes last, as conda has it (conda/core/solve.py).
    """
    named = [_channel(item.partition("::")[0]) for item in request.specs if "::" in item]
    found = [url for item in (*request.channels, *named) for url in channel.addresses(item, request.mirror)]
    return tuple(dict.fromkeys(found))


def _specification(text: str, mirror: str | None) -> str:
    """The channel of a specification as an address: the solver knows no mirror."""
    name, mark, rest = text.partition("::")
    found = channel.addresses(_channel(name), mirror) if mark else ()
    return f"{found[0]}::{rest}" if found else text


def _channel(text: str) -> str:
    """The channel in "conda-forge/linux-64::numpy", where conda lets the platform follow it."""
    bare, _, last = text.rpartition("/")
    return bare if last in {"linux-64", "linux-aarch64", "noarch"} else text


def _virtual(request: CondaRequest) -> tuple[VirtualPackage, ...]:
    """Every Linux host has `__unix`, `__linux` and an `__archspec` of its architecture, declared or not."""
    architecture = "x86_64" if request.platform == "linux-64" else "aarch64"
    given = {"__unix": "0", "__linux": "0", "__archspec": f"1={architecture}", **request.virtual}
    parts = ((name, *text.partition("=")) for name, text in sorted(given.items()))
    return tuple(VirtualPackage(name=name, version=version, build=build or "0") for name, version, _, build in parts)


def _ask(request: CondaRequest, channels: tuple[str, ...]) -> Answer:
    cache = log.cache_folder() / "conda"
    cache.mkdir(parents=True, exist_ok=True)
    asked = Question(
        specs=tuple(_specification(item, request.mirror) for item in request.specs),
        channels=channels,
        platform=request.platform,
        virtual=_virtual(request),
        limits=tuple(request.limits),
        keep=tuple(item.url for item in request.keep),
        kept_names=tuple(item.name for item in request.keep),
        cache=str(cache),
        seconds=request.seconds,
    )
    with tempfile.TemporaryDirectory(prefix="gpufleet-") as folder:
        variables = network.environment(Path(folder), request.ca_pem, request.proxy) | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "fleet.solve.worker"]
        limit = request.seconds + READING_SECONDS
        done = network.run(command, variables, seconds=limit, text=asked.model_dump_json())
    if done.late:
        raise refusal.late("RUN353", request.environment, limit, channels)
    try:
        return Answer.model_validate_json(done.output)
    except ValidationError:
        raise refusal.broken(request.environment, "py-rattler", done) from None


def _checked(request: CondaRequest, item: Package, channels: tuple[str, ...]) -> ExplicitPackage:
    """One package of the answer, if a lock can hold it: of a declared channel, for the platform, with a sha256."""
    folders = [f"{url}/{subdir}/" for url in channels for subdir in (request.platform, "noarch")]
    inside = next((folder for folder in folders if item.url.startswith(folder)), None)
    stem = f"{item.name}-{item.version}-{item.build}"
    if inside is None or item.url.removeprefix(inside) not in {f"{stem}.conda", f"{stem}.tar.bz2"}:
        raise refusal.elsewhere(request.environment, item, channels)
    if item.sha256 is None:
        raise refusal.unhashed(request.environment, item)
    try:
        return ExplicitPackage.model_validate(item.model_dump(exclude={"subdir", "python"}))
    except ValidationError:
        raise refusal.elsewhere(request.environment, item, channels) from None
