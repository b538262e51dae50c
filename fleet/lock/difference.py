"""What a new lock changes, old to new, for each group of hosts that change alike."""

from collections.abc import Mapping

from schema.lock.model import Lock, LockedHosts
from schema.model import Model


class Move(Model):
    """`concern` "driver", "cuda", "cudnn", "conda" or "environments"; None: not there."""

    concern: str
    item: str
    old: str | None
    new: str | None


class Difference(Model):
    """`first`: these hosts were not in the old lock, so that everything is new."""

    hosts: tuple[str, ...]
    first: bool
    changes: tuple[Move, ...]


def between(old: Lock | None, new: Lock) -> tuple[Difference, ...]:
    """Groups of hosts in the order of their first host; hosts without a difference are left out."""
    before, after = by_host(old) if old is not None else {}, by_host(new)
    together: dict[tuple[object, ...], list[str]] = {}
    for host in sorted({*before, *after}):
        moves = _moves(before.get(host), after.get(host, {}))
        if moves:
            together.setdefault((host not in before, moves), []).append(host)
    return tuple(
        Difference(hosts=tuple(hosts), first=bool(first), changes=moves if isinstance(moves, tuple) else ())
        for (first, moves), hosts in together.items()
    )


Items = dict[tuple[str, str], str]


def by_host(lock: Lock) -> dict[str, Items]:
    """What is locked for each host: version or value by concern and item."""
    found: dict[str, Items] = {}
    for group in lock.hosts:
        items = _items(lock, group)
        found |= dict.fromkeys(group.hosts, items)
    return found


def _items(lock: Lock, group: LockedHosts) -> Items:
    found: Items = {}
    for path, value in group.choices.items():
        concern = path.split(".")[0]
        found[concern, path] = ", ".join(value) if isinstance(value, tuple) else str(value).lower()
    for repository, names in group.sets.items():
        for name in names:
            concern = name.split()[0]
            found |= {
                (concern, package): row.version for package, row in lock.repositories[repository].sets[name].items()
            }
    if group.installer is not None:
        one = lock.installers[group.installer]
        found["conda", one.distribution] = f"{one.version} {one.sha256[:12]}"
    for name, entry in group.environments.items():
        environment = lock.environments[entry]
        for item in environment.packages:
            found["environments", f"{name}/{item.name}"] = f"{item.version} {item.build}"
        found |= {("environments", f"{name}/{item.name}"): item.version for item in environment.pip}
    return found


def _moves(old: Mapping[tuple[str, str], str] | None, new: Mapping[tuple[str, str], str]) -> tuple[Move, ...]:
    before = old or {}
    keys = sorted({*before, *new})
    return tuple(
        Move(concern=concern, item=item, old=before.get((concern, item)), new=new.get((concern, item)))
        for concern, item in keys
        if before.get((concern, item)) != new.get((concern, item))
    )


def lines(differences: tuple[Difference, ...]) -> list[str]:
    """For people: each move on a line; of hosts that were not locked before only the numbers."""
    found = []
    for one in differences:
        names = ", ".join(one.hosts if len(one.hosts) < 7 else (*one.hosts[:5], f"and {len(one.hosts) - 5} more"))
        if one.first:
            counts = [f"{sum(move.concern == name for move in one.changes)} of {name}" for name in _concerns(one)]
            found.append(f"{names}: locked for the first time: {', '.join(counts)}")
            continue
        found.append(f"{names}:")
        found += [f"  {move.concern} {move.item}: {move.old or 'none'} -> {move.new or 'none'}" for move in one.changes]
    return found


def _concerns(one: Difference) -> list[str]:
    return list(dict.fromkeys(move.concern for move in one.changes))
