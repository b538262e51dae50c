"""`cudnn.version: auto`, by CUDA major: what an earlier run put there, where it suits, else the newest that does."""

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from schema import compat, preferences
from schema.choose import board, gpus, locked, needs, toolkits
from schema.choose.choice import Choice
from schema.choose.gpus import Kind
from schema.model import version_key
from schema.once import once
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

LIBRARY = re.compile(r"^libcudnn\d{1,2}(?:-cuda-(\d{1,2}))?$")
# cuDNN 8 says the CUDA release in its version: 8.9.7.29-1+cuda12.2.
BUILD = re.compile(r"\+cuda(\d{1,2})\.")


class Wish(NamedTuple):
    """What a cuDNN has to suit; `releases` are the host's toolkits of this major, `last` the newest of the release."""

    major: str
    releases: tuple[str, ...]
    kinds: tuple[Kind, ...]
    driver: str
    last: str | None


@once
def cudnn(spec: "HostSpec", snapshot: "Snapshot | None") -> dict[str, Choice]:
    """The version by CUDA major, of the majors for which none is written; {} where `auto` is not asked for."""
    declared = spec.cudnn
    if declared is None or declared == "none" or not declared.auto:
        return {}
    kits = spec.cuda if spec.cuda is not None and spec.cuda != "none" else None
    releases = kits.toolkits if kits is not None else ()
    there = {release.split(".")[0] for release in releases}
    asked = there & set(declared.only) if declared.only else there
    majors = sorted(asked - set(declared.written), key=int)
    return {major: _version(spec, snapshot, major, releases) for major in majors}


def _version(spec: "HostSpec", snapshot: "Snapshot | None", major: str, releases: tuple[str, ...]) -> Choice:
    if spec.platform != "generic":
        return board.cudnn(spec)
    chosen = locked.choice(spec, f"cudnn.version.{major}") or locked.choice(spec, "cudnn.version")
    if chosen is not None:
        return chosen
    unknown = gpus.kinds(spec, snapshot).unknown
    if unknown:
        return Choice(value=None, reason=f"nothing is known of {' and '.join(unknown)}", hint=_by_hand(major))
    driver = toolkits.driver(spec, snapshot)
    if driver.value is None:
        return driver
    row = compat.release(spec.ubuntu)
    mine = tuple(release for release in releases if release.split(".")[0] == major)
    last = row.last_cudnn if row is not None and spec.mirrors.cuda is None else None
    wish = Wish(major, mine, gpus.kinds(spec, snapshot).known, driver.value, last)
    return _there(snapshot, wish) or by_rule(wish)


def _by_hand(major: str) -> str:
    newest = next(row.version for row in compat.cudnns() if row.confirmed)
    return f'Write the version yourself, such as cudnn: {{version: {{"{major}": "{newest}"}}}}.'


def _there(snapshot: "Snapshot | None", wish: Wish) -> Choice | None:
    """A version that our own pins name, or that is installed, where nothing speaks against it."""
    if snapshot is None:
        return None
    installed = {name: item.version for name, item in snapshot.apt.packages.items() if item.installed}
    own = preferences.own(snapshot)
    for versions, reason in ((own, "chosen by an earlier run"), (installed, "installed on the host")):
        found = {upstream(version) for name, version in versions.items() if _major(name, version) == wish.major}
        for version in sorted(found, key=version_key, reverse=True):
            if not against(version, wish):
                release = ".".join(version.split(".")[:3])
                return Choice(value=release, reason=reason, by="observed")
    return None


def _major(name: str, version: str) -> str | None:
    """The CUDA major that an installed library is for."""
    library = LIBRARY.match(name)
    build = BUILD.search(version)
    return (library[1] or (build[1] if build else None)) if library else None


def against(version: str, wish: Wish) -> bool:
    """Whether something is known against a version; of one that the data does not have, by its elder neighbour."""
    key = version_key(version)[:3]
    rows = [row for row in compat.cudnns() if version_key(row.version)[:3] <= key]
    return bool(rows) and not suits(rows[0], wish)


def suits(row: compat.Cudnn, wish: Wish) -> bool:
    """Whether a release has a build for the CUDA major, code for every GPU, and a driver new enough."""
    build = row.builds.get(wish.major)
    if build is None or (build.toolkits and not set(map(_minor, wish.releases)) <= set(build.toolkits)):
        return False
    first, last = version_key(row.first_compute), version_key(row.last_compute) if row.last_compute else None
    computes = [version_key(kind.compute) for kind in wish.kinds]
    fits = all(first <= compute and (last is None or compute <= last) for compute in computes)
    return fits and needs.reaches(wish.driver, build.driver)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


@functools.lru_cache(maxsize=4096)
def by_rule(wish: Wish) -> Choice:
    """The newest that suits, of those that are confirmed where there is one."""
    limit = version_key(wish.last) if wish.last is not None else None
    rows = [row for row in compat.cudnns() if suits(row, wish)]
    there = [row for row in rows if limit is None or version_key(row.version) <= limit]
    found = next((row for row in there if row.confirmed), None) or next(iter(there), None)
    if found is None:
        return _none(wish)
    newer = [row for row in compat.cudnns() if row.confirmed and version_key(row.version) > version_key(found.version)]
    return Choice(value=found.version, reason=_reason(wish, newer))


def _reason(wish: Wish, newer: list[compat.Cudnn]) -> str:
    """Why not one of the `newer`: a GPU that they have no code for, the CUDA major, or the release's repository."""
    for kind in wish.kinds:
        if newer and all(version_key(kind.compute) < version_key(row.first_compute) for row in newer):
            return f"last with code for {gpus.titled(kind)}"
    if newer and not any(wish.major in row.builds for row in newer):
        return f"last for CUDA {wish.major}"
    if newer and wish.last is not None:
        return f"newest for CUDA {wish.major} in the repository of this Ubuntu release"
    return f"newest for CUDA {wish.major} that is confirmed"


def _none(wish: Wish) -> Choice:
    names = " and ".join(dict.fromkeys(gpus.titled(kind) for kind in wish.kinds)) or "this release"
    driver = f" and driver {wish.driver}" if wish.driver else ""
    reason = f"no cuDNN for CUDA {', '.join(wish.releases)} that is known suits {names}{driver}"
    return Choice(value=None, reason=reason, hint=f"{_by_hand(wish.major)} Or use another toolkit.")
