"""Solve and link: from specs to an environment, through py-rattler."""

import asyncio
import datetime
import os
import re
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import rattler
from rattler import exceptions

from lab.conda import condarc, context, history
from lab.conda.errors import CondaError

T = TypeVar("T")
PLATFORMS = (rattler.Subdir("linux-64"), rattler.Subdir("noarch"))


def installed(prefix: Path) -> list[rattler.PrefixRecord]:
    """What conda-meta says, by name."""
    records = [rattler.PrefixRecord.from_path(path) for path in sorted((prefix / "conda-meta").glob("*.json"))]
    return sorted(records, key=lambda record: record.name.normalized)


def parse(spec: str) -> rattler.MatchSpec:
    try:
        return rattler.MatchSpec(spec)
    except Exception as problem:  # py-rattler raises one class per way in which a spec can be wrong.
        raise CondaError("InvalidMatchSpec", f"Invalid spec {spec!r}: {problem}") from None


def driver_cuda() -> str:
    """The CUDA version of the driver that answers, "" for none, for the virtual package __cuda.

    rattler itself would load libcuda.so.1, which is a stand-in without code on a lab host.
    """
    try:
        words = ["nvidia-smi", "-q", "-x"]
        said = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"<cuda(?:_umd)?_version>([0-9.]+)<", said)
    return found[1] if found else ""


def solve(
    here: context.Context, urls: list[str], specs: list[str], keep: list[rattler.PrefixRecord]
) -> list[rattler.RepoDataRecord]:
    """The records that satisfy `specs`, near to `keep`; raises CondaError in the words of conda's libmamba solver."""
    os.environ.setdefault("CONDA_OVERRIDE_CUDA", driver_cuda())
    request = rattler.solve(
        urls,
        [parse(spec) for spec in specs],
        gateway=rattler.Gateway(cache_dir=here.pkgs_dir / "cache"),
        platforms=list(PLATFORMS),
        locked_packages=list(keep),
        virtual_packages=rattler.VirtualPackage.detect(overrides=rattler.VirtualPackageOverrides.from_env()),
        timeout=datetime.timedelta(minutes=5),
        channel_priority=_priority(here),
        constraints=[parse(line) for line in condarc.strings(here.settings, "pinned_packages")],
    )
    try:
        return asyncio.run(_awaited(request))
    except exceptions.SolverError as problem:
        raise _unsolved(problem, urls) from None
    except Exception as problem:
        raise _network_error(problem) from None


def _unsolved(problem: Exception, urls: list[str]) -> CondaError:
    missing = re.findall(r"No candidates were found for (\S+)", str(problem))
    if missing:
        return _not_found(missing, urls)
    return CondaError("LibMambaUnsatisfiableError", f"Encountered problems while solving:\n{problem}")


def _not_found(names: list[str], urls: list[str]) -> CondaError:
    listed, channels = ("\n".join(f"  - {item}" for item in items) for items in (names, urls))
    message = f"The following packages are not available from current channels:\n\n{listed}\n\n"
    return CondaError("PackagesNotFoundError", f"{message}Current channels:\n\n{channels}\n")


async def _awaited(request: Awaitable[T]) -> T:
    return await request


def _priority(here: context.Context) -> rattler.ChannelPriority:
    strict = here.settings.get("channel_priority", "flexible") == "strict"
    return rattler.ChannelPriority.Strict if strict else rattler.ChannelPriority.Disabled


def _network_error(problem: BaseException) -> CondaError:
    causes: list[str] = []
    cause: BaseException | None = problem
    while cause is not None:
        causes.append(str(cause))
        cause = cause.__cause__
    message = ": ".join(causes)
    if "certificate" in message.lower() or "UnknownIssuer" in message:
        return CondaError(
            "CondaSSLError",
            f"Encountered an SSL error. Most likely a certificate verification issue.\n\nException: {message}",
        )
    return CondaError(
        "CondaHTTPError",
        f"HTTP 000 CONNECTION FAILED for url <{message}>\n\nAn HTTP error occurred when trying to retrieve this URL.",
    )


def link(
    here: context.Context, prefix: Path, records: list[rattler.RepoDataRecord], specs: list[str], verb: str
) -> None:
    """Make the environment hold exactly `records`, and note it in its history."""
    before = installed(prefix) if (prefix / "conda-meta").is_dir() else []
    task = rattler.install(
        records,
        prefix,
        cache_dir=here.pkgs_dir,
        installed_packages=before,
        execute_link_scripts=True,
        show_progress=False,
        # py-rattler 0.28 hands these to its Rust side unconverted; see rattler/install/installer.py.
        requested_specs=[parse(spec)._match_spec for spec in specs],
    )
    try:
        asyncio.run(_awaited(task))
    except Exception as problem:
        raise _network_error(problem) from None
    _open_records(prefix)
    history.append(prefix, before, records, specs, verb)
    context.register(prefix)


def _open_records(prefix: Path) -> None:
    """Give records the mode that conda gives them; py-rattler writes them for their owner alone."""
    mask = os.umask(0o022)
    os.umask(mask)
    for path in (prefix / "conda-meta").glob("*.json"):
        path.chmod(0o666 & ~mask)


def requested(prefix: Path) -> list[str]:
    """The specs an environment was asked for, from its history."""
    return history.specs(prefix)


def show(before: list[rattler.PrefixRecord], after: list[rattler.RepoDataRecord], prefix: Path) -> bool:
    """Print the plan as conda does; True when there is something to do."""
    old = {record.name.normalized: record for record in before}
    new = {record.name.normalized: record for record in after}
    groups = {
        "INSTALLED": [f"{name:<18} {record.version}-{record.build}" for name, record in new.items() if name not in old],
        "REMOVED": [f"{name:<18} {record.version}-{record.build}" for name, record in old.items() if name not in new],
        "UPDATED": [
            f"{name:<18} {old[name].version}-{old[name].build} --> {record.version}-{record.build}"
            for name, record in new.items()
            if name in old and _identity(old[name]) != _identity(record)
        ],
    }
    if not any(groups.values()):
        print("\n# All requested packages already installed.\n")
        return False
    print(f"\n## Package Plan ##\n\n  environment location: {prefix}\n")
    for title, lines in groups.items():
        if lines:
            print(f"The following packages will be {title}:\n\n  " + "\n  ".join(sorted(lines)) + "\n")
    return True


def _identity(record: rattler.RepoDataRecord) -> tuple[str, str]:
    return str(record.version), str(record.build)


def confirm(yes: bool, question: str = "Proceed") -> None:
    """Ask, unless -y; no answer means no."""
    if yes or os.environ.get("CONDA_ALWAYS_YES", "").lower() in ("1", "true", "yes"):
        return
    print(f"{question} ([y]/n)? ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CondaError("CondaSystemExit", "Exiting.")
