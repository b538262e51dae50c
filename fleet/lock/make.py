"""A new lock from an inventory and the old lock: what did not change stays as it was, the rest is resolved."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fleet.errors import RunError
from fleet.lock import indices, request, sets
from fleet.lock.environment import Environments
from fleet.lock.indices import Read
from fleet.lock.request import Asked
from fleet.lock.update import Update
from schema import choose, conda
from schema.fleet import Fleet
from schema.host import HostSpec
from schema.lock import inputs
from schema.lock.model import (
    Choice,
    Lock,
    Locked,
    LockedHosts,
    LockedInstaller,
    LockedRepository,
    PackageSet,
)
from schema.lock.names import SHARED, concern_at
from schema.lock.obey import Obeyed

Told = Callable[[str], None]


@dataclass
class _Host:
    """One host on its way into the lock."""

    spec: HostSpec
    inputs: dict[str, str]
    asked: tuple[Asked, ...]
    choices: dict[str, Choice]


@dataclass
class Maker:
    """`old` is kept where it still answers and `update` does not name it.

    `whole`: the inventory was read whole, so that hosts which it does not have are gone.
    """

    fleet: Fleet
    names: tuple[str, ...]
    old: Lock | None
    update: Update
    told: Told = lambda _text: None
    whole: bool = True
    notes: list[str] = field(default_factory=list)

    def lock(self) -> Lock:
        """The new lock. Raises RunError; nothing is written here."""
        obeyed = Obeyed(self.old) if self.old is not None else None
        hosts = [self._host(self.fleet.hosts[name], obeyed) for name in self.names]
        read = self._read(hosts)
        repositories = self._repositories(hosts, read)
        environments = Environments(self.old, self.update, self.told)
        groups = [self._group(host, repositories, environments) for host in hosts]
        installers = {entry: row for host in hosts for entry, row in _installer(host.spec).items()}
        kept = self._kept()
        for group in kept:
            self._carry(group, repositories, installers, environments)
        self.notes += environments.notes
        return Lock(
            hosts=_grouped([*groups, *kept]),
            repositories=repositories,
            installers=installers,
            environments=environments.entries,
        )

    def _host(self, spec: HostSpec, obeyed: Obeyed | None) -> _Host:
        """What a host asks for, with the old lock's choices where they stay."""
        said = obeyed.of(spec) if obeyed is not None else Locked()
        choices = {path: value for path, value in said.choices.items() if not self.update.concern(concern_at(path))}
        known = choose.settled(spec.model_copy(update={"locked": Locked(choices=choices)}), None)
        return _Host(known, inputs.inputs(spec), request.asked(known), request.choices(known))

    def _old(self, repository: str, name: str) -> PackageSet | None:
        """The old lock's set, unless it is to be renewed."""
        row = self.old.repositories.get(repository) if self.old is not None else None
        found = row.sets.get(name) if row is not None else None
        return None if found is None or self.update.set(name, found) else found

    def _read(self, hosts: list[_Host]) -> dict[str, Read]:
        wanted = {one.place.name: one.place for host in hosts for one in host.asked if self._needs(one)}
        before = {name: row.date for name, row in self.old.repositories.items()} if self.old is not None else {}
        return indices.read((place for _, place in sorted(wanted.items())), before, self.told)

    def _needs(self, one: Asked) -> bool:
        return self._old(one.place.name, one.name) is None

    def _repositories(self, hosts: list[_Host], read: dict[str, Read]) -> dict[str, LockedRepository]:
        """Each repository with the sets that hosts ask of it."""
        asked = {(one.place.name, one.name): one for host in hosts for one in host.asked}
        found: dict[str, dict[str, PackageSet]] = {}
        shared: dict[str, list[PackageSet]] = {}
        for (repository, name), one in sorted(asked.items()):
            kept = self._old(repository, name)
            there = found.setdefault(repository, {})
            if kept is not None:
                there[name] = kept
                continue
            there[name], more = sets.members(read[repository].index, one)
            shared.setdefault(repository, []).append(more)
        for repository, there in found.items():
            known = self._old_shared(repository, shared)
            if known and any(name.startswith("cuda ") for name in there):
                there[SHARED] = known
        return {name: self._repository(name, asked, there, read.get(name)) for name, there in sorted(found.items())}

    def _old_shared(self, repository: str, shared: dict[str, list[PackageSet]]) -> PackageSet:
        row = self.old.repositories.get(repository) if self.old is not None else None
        before = [row.sets[SHARED]] if row is not None and SHARED in row.sets and not self.update.everything else []
        return sets.together([*before, *shared.get(repository, [])])

    def _repository(
        self, name: str, asked: dict[tuple[str, str], Asked], there: dict[str, PackageSet], read: Read | None
    ) -> LockedRepository:
        if read is None and self.old is not None:
            return self.old.repositories[name].model_copy(update={"sets": there})
        place = next(one.place for (repository, _), one in asked.items() if repository == name)
        rots = ROTS.format(date=_snapshot(read)) if place.rotates else None
        return LockedRepository(
            source=place.source,
            release=place.release,
            arch="aarch64" if place.arch == "aarch64" else "x86_64",
            url=place.url,
            fingerprints=read.fingerprints if read is not None else (),
            date=read.date if read is not None else "",
            rots=rots,
            sets=there,
        )

    def _group(self, host: _Host, repositories: dict[str, LockedRepository], environments: Environments) -> LockedHosts:
        found: dict[str, list[str]] = {}
        for one in host.asked:
            found.setdefault(one.place.name, []).append(one.name)
        wanted = _installer(host.spec)
        for row in wanted.values():
            self.update.installer(row.distribution)
        for repository, names in found.items():
            if any(name.startswith("cuda ") for name in names) and SHARED in repositories[repository].sets:
                names.append(SHARED)
        return LockedHosts(
            hosts=(host.spec.name,),
            inputs=host.inputs,
            choices=dict(sorted(host.choices.items())),
            sets={name: tuple(sorted(set(there))) for name, there in sorted(found.items())},
            installer=next(iter(wanted), None),
            environments=environments.of(host.spec),
        )

    def _kept(self) -> list[LockedHosts]:
        """Hosts that this run was not about, as they are in the old lock; those that are gone are dropped."""
        if self.old is None:
            return []
        locked = {name for group in self.old.hosts for name in group.hosts}
        aside = set(self.names) | (locked - set(self.fleet.names) if self.whole else set())
        groups = [(group, tuple(name for name in group.hosts if name not in aside)) for group in self.old.hosts]
        return [group.model_copy(update={"hosts": names}) for group, names in groups if names]

    def _carry(
        self,
        group: LockedHosts,
        repositories: dict[str, LockedRepository],
        installers: dict[str, LockedInstaller],
        environments: Environments,
    ) -> None:
        """Whatever a kept group of hosts names stays in the lock."""
        if self.old is None:
            return
        for repository, names in group.sets.items():
            before = self.old.repositories[repository]
            row = repositories.get(repository, before.model_copy(update={"sets": {}}))
            missing = {name: before.sets[name] for name in names if name not in row.sets}
            repositories[repository] = row.model_copy(update={"sets": row.sets | missing})
        if group.installer is not None:
            installers[group.installer] = self.old.installers[group.installer]
        for entry in group.environments.values():
            environments.entries.setdefault(entry, self.old.environments[entry])


ROTS = (
    "Ubuntu's archive keeps one version per pocket, so these will vanish from it; declare mirrors.ubuntu.url, such as "
    "https://snapshot.ubuntu.com/ubuntu/{date}, or a mirror that keeps old versions"
)


def _snapshot(read: Read | None) -> str:
    """The snapshot service's spelling of a time: 20261124T150000Z."""
    moment = indices.moment(read.date) if read is not None else None
    return f"{moment:%Y%m%dT%H%M%SZ}" if moment is not None else "YYYYMMDDTHHMMSSZ"


def _installer(spec: HostSpec) -> dict[str, LockedInstaller]:
    """The installer by its file's name and address. Raises RunError where no sha256 is known."""
    wanted = conda.wanted(spec)
    if wanted is None or spec.external:
        return {}
    if wanted.sha256 is None:
        raise RunError(
            "RUN308",
            f"{spec.name}: no sha256 is known of {wanted.url}",
            hint="write conda.sha256 from the vendor's page, or a version that is known",
        )
    row = LockedInstaller(
        distribution=wanted.distribution,
        version=wanted.version,
        arch=wanted.arch,
        url=wanted.url,
        sha256=wanted.sha256,
    )
    return {f"{wanted.url} {wanted.sha256[:16]}": row}


def _grouped(groups: Iterable[LockedHosts]) -> tuple[LockedHosts, ...]:
    """Hosts that are locked alike together, in the order of their first names."""
    together: dict[str, list[LockedHosts]] = {}
    for group in groups:
        text = json.dumps(group.model_dump(mode="json", exclude={"hosts"}), sort_keys=True)
        together.setdefault(text, []).append(group)
    found = [
        same[0].model_copy(update={"hosts": tuple(sorted(name for group in same for name in group.hosts))})
        for same in together.values()
    ]
    return tuple(sorted(found, key=lambda group: group.hosts))
