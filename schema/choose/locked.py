"""What the fleet's lock chose for a host: it is asked before anything else."""

from typing import TYPE_CHECKING

from schema.choose.choice import Choice

if TYPE_CHECKING:
    from schema.host import HostSpec

REASON = "fleet.lock"


def values(spec: "HostSpec", path: str) -> tuple[str, ...]:
    """What the lock says at a dotted path ("driver.branch"): one value, several of a list, () where it says nothing."""
    found = spec.locked_choice(path)
    if found is None:
        return ()
    several = found if isinstance(found, tuple) else (found,)
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in several)


def choice(spec: "HostSpec", path: str) -> Choice | None:
    """The lock's one value at a dotted path, None where it says nothing."""
    found = values(spec, path)
    return Choice(value=found[0], reason=REASON, by="lock") if found else None
