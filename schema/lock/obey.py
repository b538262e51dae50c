"""What the lock says of each host: the parts whose declaration did not change since, shared by equal hosts."""

from schema.host import HostSpec
from schema.lock import inputs as declared
from schema.lock.model import Choice, Lock, Locked, LockedHosts, LockedPackage
from schema.lock.names import SHARED, concern_at, concern_of

CHANGED, ADDED, UNKNOWN = "changed since the lock", "not in the lock", "the host is not in the lock"


class Obeyed:
    """The lock of a fleet, asked host by host: equal hosts get one and the same answer."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.groups = {name: index for index, group in enumerate(lock.hosts) for name in group.hosts}
        self.made: dict[tuple[int | None, tuple[tuple[str, str], ...]], Locked] = {}

    def of(self, spec: HostSpec) -> Locked:
        wanted = declared.inputs(spec)
        key = self.groups.get(spec.name), tuple(wanted.items())
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = self._locked(key[0], wanted)
        return found

    def _locked(self, index: int | None, wanted: dict[str, str]) -> Locked:
        if index is None:
            return Locked(stale=dict.fromkeys(wanted, UNKNOWN))
        group = self.lock.hosts[index]
        stale = {
            name: CHANGED if name in group.inputs else ADDED
            for name, digest in wanted.items()
            if group.inputs.get(name) != digest
        }
        fresh = frozenset(wanted) - stale.keys()
        installer = group.installer if "conda" in fresh else None
        return Locked(
            choices=_choices(group, fresh),
            packages=_packages(self.lock, group, fresh),
            installer=self.lock.installers[installer] if installer is not None else None,
            environments={
                name: self.lock.environments[entry]
                for name, entry in group.environments.items()
                if f"environments.{name}" in fresh
            },
            stale=stale,
        )


def _choices(group: LockedHosts, fresh: frozenset[str]) -> dict[str, Choice]:
    return {path: value for path, value in group.choices.items() if concern_at(path) in fresh}


def _packages(lock: Lock, group: LockedHosts, fresh: frozenset[str]) -> dict[str, LockedPackage]:
    found: dict[str, LockedPackage] = {}
    for repository, names in group.sets.items():
        for name in names:
            concern = concern_of(name)
            if concern in fresh or (name == SHARED and fresh & {"driver", "cuda", "cudnn"}):
                found |= lock.repositories[repository].sets[name]
    return dict(sorted(found.items()))
