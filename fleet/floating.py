"""What is said where no lock holds versions."""

from collections.abc import Iterable

from schema.fleet import Fleet
from schema.lock import inputs

TEXT = "no fleet.lock: versions float; fleet lock {inventory} pins them"


def note(fleet: Fleet, names: Iterable[str], inventory: object) -> str | None:
    """One line for runs without a lock, None where there is one, or nothing that one could hold."""
    if fleet.locked or not any(inputs.inputs(fleet.hosts[name]) for name in names if name in fleet.hosts):
        return None
    return TEXT.format(inventory=inventory)
