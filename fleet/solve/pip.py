"""The Python packages of an environment resolved on the controller for a host: exact versions with sha256, by uv."""

import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field

from fleet import log
from fleet.solve import network, project, pylock, refusal_pip, site
from fleet.solve.conda import Platform
from schema.environments import PinnedPackage, PipIndex, requirement_name
from schema.model import Model, Url
from schema.repository import ProxySpec

# The platforms that uv knows (uv 0.13, --python-platform): glibc's version is the newest one of these below the host's.
GLIBC = ("2.17", "2.28", "2.31", "2.32", "2.33", "2.34", "2.35", "2.36", "2.37", "2.38", "2.39", "2.40")


class PipRequest(Model):
    """What is asked: `requirements` as lines of a requirements file, hashes included; `python` is that of the host
    ("3.11.13").

    `conda`: the packages that conda brings into the same environment, version by conda's name; pip must neither replace
    nor repeat them. `keep` are the packages of an earlier lock that stay where they can.
    """

    environment: str
    requirements: tuple[str, ...]
    indexes: tuple[PipIndex, ...] = ()
    python: str = Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?$")
    platform: Platform = "linux-64"
    glibc: str = Field(pattern=r"^[0-9]+\.[0-9]+$")
    mirror: Url | None = None
    ca_pem: str | None = None
    proxy: ProxySpec | None = None
    keep: tuple[PinnedPackage, ...] = ()
    conda: dict[str, str] = {}
    seconds: float = Field(default=300.0, gt=0)


class PipResult(Model):
    """`packages` by name, without those that conda brings."""

    packages: tuple[PinnedPackage, ...]


def solve(request: PipRequest) -> PipResult:
    """The packages that pip installs. Raises RunError, RUN360 to RUN367: no solution, no wheel, another version than
    conda brings, an index that cannot be read or gives no hashes, no time left, no uv.
    """
    main = request.mirror or site.index()
    asked = list(request.requirements)
    names = {requirement_name(item) for item in asked}
    own = project.own_indexes(request.indexes)
    while True:
        packages = _resolved(request, asked, main)
        # uv takes an index of its own for what is asked for by name, not for a dependency: that is asked for then.
        missing = sorted({item.name for item in packages} & set(own) - names)
        if not missing:
            return PipResult(packages=tuple(packages))
        asked, names = [*asked, *missing], names | set(missing)


def platform(request: PipRequest) -> str:
    """The host's platform in uv's words: "x86_64-manylinux_2_39"."""
    key = _numbers(request.glibc)
    fitting = [item for item in GLIBC if _numbers(item) <= key]
    machine = "x86_64" if request.platform == "linux-64" else "aarch64"
    return f"{machine}-manylinux_{(fitting[-1] if fitting else GLIBC[0]).replace('.', '_')}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def command(request: PipRequest, uv: str, cache: Path) -> list[str]:
    """uv's arguments. Wheels alone: a source distribution would run its author's code on the controller."""
    options = {"--python": sys.executable, "--python-version": request.python, "--python-platform": platform(request)}
    files = {"--format": "pylock.toml", "--output-file": project.LOCK, "--cache-dir": str(cache), "--color": "never"}
    flags = [
        "--generate-hashes",
        "--refresh",
        "--no-build",
        "--no-python-downloads",
        "--no-header",
        "--no-progress",
        "--quiet",
    ]
    pairs = [part for pair in (options | files).items() for part in pair]
    return [uv, "pip", "compile", project.PROJECT, *pairs, *flags]


def _resolved(request: PipRequest, asked: Iterable[str], main: str | None) -> list[PinnedPackage]:
    """One run of uv in a folder of its own, which holds addresses that a process list must not show."""
    uv = site.uv()
    if uv is None:
        raise refusal_pip.no_uv(request.environment)
    provided = project.provided(request.conda)
    with tempfile.TemporaryDirectory(prefix="gpufleet-") as name:
        folder = Path(name)
        project.write(folder, asked, request.indexes, main, provided)
        project.write_kept(folder, request.keep)
        variables = network.environment(folder, request.ca_pem, request.proxy) | settings(folder)
        words = command(request, uv, log.cache_folder() / "uv")
        done = network.run(words, variables, seconds=request.seconds, folder=folder)
        if done.late:
            raise refusal_pip.late(request.environment, request.seconds, main, request.indexes)
        if done.code != 0:
            raise refusal_pip.refused(request.environment, done, main, request.indexes, provided)
        text = (folder / project.LOCK).read_text()
    return _packages(request, text, provided)


def settings(folder: Path) -> dict[str, str]:
    """uv's own settings: no file of the controller's user or system, and bounded waits."""
    empty = str(folder / "settings")
    return {
        "XDG_CONFIG_HOME": empty,
        "XDG_CONFIG_DIRS": empty,
        "UV_NO_SYSTEM_CONFIG": "1",
        "UV_HTTP_TIMEOUT": "60",
        "UV_HTTP_RETRIES": "2",
    }


def _packages(request: PipRequest, text: str, provided: Mapping[str, str]) -> list[PinnedPackage]:
    """uv's answer without conda's packages, each with the index that is its own and the hashes that were declared."""
    own = project.own_indexes(request.indexes)
    hashes = project.hashes(request.requirements)
    found = []
    for item in pylock.read(request.environment, text):
        if item.name in provided:
            continue
        declared = hashes.get(item.name)
        if declared and not declared & set(item.hashes):
            raise refusal_pip.other_hash(request.environment, item)
        kept = tuple(one for one in item.hashes if not declared or one in declared)
        found.append(item.model_copy(update={"hashes": kept, "index": own.get(item.name)}))
    return found
