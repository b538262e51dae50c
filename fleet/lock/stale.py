"""Whether a lock answers for an inventory as it is: host by host, exactly, and without a network."""

from schema.fleet import Fleet
from schema.lock import inputs
from schema.lock.model import Lock
from schema.lock.obey import ADDED, CHANGED, UNKNOWN
from schema.model import Model

REMOVED, GONE = "no longer declared", "the host is no longer in the inventory"


class Stale(Model):
    """A host whose part of the lock is out of date; `reasons` by concern, {} where it is the whole host."""

    host: str
    reason: str
    concerns: dict[str, str] = {}


def stale(fleet: Fleet, names: tuple[str, ...], lock: Lock, *, whole: bool) -> tuple[Stale, ...]:
    """The hosts that a new lock would change; `whole`: hosts that only the lock has are told too."""
    groups = {name: group for group in lock.hosts for name in group.hosts}
    found = []
    for name in names:
        wanted = inputs.inputs(fleet.hosts[name])
        group = groups.get(name)
        if group is None:
            found.append(Stale(host=name, reason=UNKNOWN))
            continue
        concerns = {
            concern: ADDED if concern not in group.inputs else REMOVED if concern not in wanted else CHANGED
            for concern in sorted({*wanted, *group.inputs})
            if wanted.get(concern) != group.inputs.get(concern)
        }
        if concerns:
            reason = "; ".join(f"{concern}: {why}" for concern, why in concerns.items())
            found.append(Stale(host=name, reason=reason, concerns=concerns))
    gone = sorted(groups.keys() - set(fleet.names)) if whole else []
    return (*found, *(Stale(host=name, reason=GONE) for name in gone))
