"""What a transaction would bring, in packages and bytes, read on the controller from the repository's signed index."""

import functools

from pydantic import Field

from deploys import explicit, pinned
from fleet import closure, index, log, trust
from fleet.closure import Index, Request
from fleet.index import Repository, UnknownIndex
from schema import cuda, cudnn, driver, kernel, plan
from schema.environments import EnvironmentSpec, locked, obey
from schema.host import HostSpec
from schema.model import Model
from schema.plan import Plan
from schema.repository.model import Package
from schema.snapshot import Snapshot
from schema.wanted import Wanted

SOURCE = "/etc/apt/sources.list.d/gpufleet-cuda.sources"


class Move(Model):
    """One package; None as `old` is one that comes, None as `new` one that goes, "unknown" a version not known here."""

    name: str
    old: str | None
    new: str | None


class Forecast(Model):
    """Bytes to download and added on disk, for the packages whose size the index gives; None where no index was read.

    `unknown` says, in words, what is not in these figures, and why.
    """

    packages: tuple[Move, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None
    unknown: tuple[str, ...] = Field(default=())


def forecast(spec: HostSpec, seen: Snapshot, found: Plan) -> Forecast:
    """What an apply of `found` would move. Nothing is raised: what cannot be known is said to be unknown."""
    packages = _packages(spec, seen, found)
    fetched = environments(spec, seen, found)
    if fetched is None or (packages.download_bytes is None and packages.packages):
        return packages
    return packages.model_copy(update={"download_bytes": (packages.download_bytes or 0) + fetched})


def environments(spec: HostSpec, seen: Snapshot, found: Plan) -> int | None:
    """Bytes to download for the locked environments of a plan; None where there are none, or a size is not known."""
    there = {item.name: item for item in seen.conda.environments} if seen.conda is not None else {}
    sizes: list[int | None] = []
    for name, one in obey.every(spec).items():
        mine = [item for item in found.changes if item.concern == "environments" and item.item.split("/")[0] == name]
        if mine and isinstance(one, EnvironmentSpec) and locked.whole(one):
            fresh = name not in there or explicit.anew(one, there[name])
            sizes += [item.size for item in explicit.needed(one, mine, fresh=fresh)]
            sizes += [item.size for item in pinned.needed(one, mine, fresh=fresh)]
    return None if not sizes or None in sizes else sum(size for size in sizes if size is not None)


def _packages(spec: HostSpec, seen: Snapshot, found: Plan) -> Forecast:
    items = {change.item for change in found.changes}
    wanted = _exact(spec, found, [package for package in wanted_packages(spec, seen) if package.name in items])
    gone = [change.item for change in found.changes if change.desired is None and change.item in seen.apt.packages]
    leaving = tuple(Move(name=name, old=seen.apt.packages[name].version, new=None) for name in gone)
    rest = _not_packages(spec, seen, found)
    if not wanted:
        return Forecast(
            packages=leaving, download_bytes=None if rest else 0, disk_bytes=None if rest else 0, unknown=rest
        )
    try:
        listed = _as_locked(spec, index_of(repository(spec, seen)))
    except UnknownIndex as error:
        moves = tuple(Move(name=package.name, old=_old(seen, package.name), new=_asked(package)) for package in wanted)
        return Forecast(packages=(*moves, *leaving), unknown=(f"versions and sizes: {error}", *rest))
    return _resolved(listed, wanted, seen, leaving, rest)


def _exact(spec: HostSpec, found: Plan, wanted: list[Wanted]) -> list[Wanted]:
    """With a lock, its exact versions, of the packages asked for and of others that move to theirs."""
    versions, names = spec.locked_versions, {package.name for package in wanted}
    moving = [change.item for change in found.changes if change.desired == versions.get(change.item, "")]
    more = [Wanted(name=name) for name in moving if name not in names]
    return [
        package.model_copy(update={"exact": versions[package.name]}) if package.name in versions else package
        for package in (*wanted, *more)
    ]


def _as_locked(spec: HostSpec, listed: Index) -> Index:
    versions = spec.locked_versions
    return {
        name: tuple(entry for entry in entries if entry.version == versions.get(name, entry.version))
        for name, entries in listed.items()
    }


def _resolved(
    listed: Index, wanted: list[Wanted], seen: Snapshot, leaving: tuple[Move, ...], rest: tuple[str, ...]
) -> Forecast:
    known = [package for package in wanted if _answers(listed, package)]
    other = [package for package in wanted if not _answers(listed, package)]
    installed = {name: package.version for name, package in seen.apt.packages.items() if package.installed}
    requests = [Request(package.name, package.within, package.exact, package.build) for package in known]
    entries = closure.resolve(listed, requests, installed, driver.family)
    moves = [Move(name=name, old=_old(seen, name), new=entry.version) for name, entry in sorted(entries.items())]
    moves += [Move(name=package.name, old=_old(seen, package.name), new=_asked(package)) for package in other]
    missing = tuple(f"{package.name}: not in NVIDIA's index" for package in other)
    return Forecast(
        packages=(*moves, *(move for move in leaving if move.name not in entries)),
        download_bytes=sum(entry.size for entry in entries.values()),
        disk_bytes=sum(entry.installed for entry in entries.values()),
        unknown=(*missing, *rest),
    )


def wanted_packages(spec: HostSpec, seen: Snapshot) -> tuple[Wanted, ...]:
    return tuple(package for room in (driver, kernel, cuda, cudnn) for package in room.wanted(spec, seen))


def _answers(listed: Index, package: Wanted) -> bool:
    request = Request(package.name, package.within, package.exact, package.build)
    return any(request.admits(entry.version) for entry in listed.get(package.name, ()))


def _old(seen: Snapshot, name: str) -> str | None:
    package: Package | None = seen.apt.installed(name)
    return package.version if package is not None else None


def _asked(package: Wanted) -> str:
    return package.exact or (f"{package.within}, exact version unknown" if package.within else "unknown")


def _not_packages(spec: HostSpec, seen: Snapshot, found: Plan) -> tuple[str, ...]:
    rooms = {change.concern for change in found.changes} & {"conda", "environments"}
    if not rooms:
        return ()
    what = "sizes on disk are" if environments(spec, seen, found) is not None else "sizes are"
    return (f"{' and '.join(sorted(rooms))}: {what} known to conda on the host only",)


def repository(spec: HostSpec, seen: Snapshot) -> Repository:
    """NVIDIA's repository or the mirror that the host's own source file will name. Raises UnknownIndex."""
    source = next((file for file in plan.owned_files(spec, seen) if file.path == SOURCE and file.content), None)
    lines = (source.content or "").splitlines() if source is not None else []
    url = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("URIs:")), None)
    if url is None:
        raise UnknownIndex("this host does not use NVIDIA's repository; Ubuntu's index is not read here")
    return trust.nvidia(spec, url)


@functools.cache
def _read(wanted: Repository) -> Index | str:
    try:
        text = index.read(wanted, log.cache_folder() / "index")
    except UnknownIndex as error:
        return str(error)
    return closure.parse(text)


def index_of(wanted: Repository) -> Index:
    """The index of a repository, read once per run, whatever came of it. Raises UnknownIndex."""
    found = _read(wanted)
    if isinstance(found, str):
        raise UnknownIndex(found)
    return found
