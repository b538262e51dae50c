"""conda environments in a lock: those that did not change stay, the rest is solved for the host's platform."""

from collections.abc import Callable

from fleet.lock.update import Update
from schema.host import HostSpec
from schema.lock.model import Lock, LockedEnvironment


class Environments:
    """The lock's environments by the name of their entry, as hosts ask for them."""

    def __init__(self, old: Lock | None, update: Update, told: Callable[[str], None]) -> None:
        self.old, self.update, self.told = old, update, told
        self.entries: dict[str, LockedEnvironment] = {}
        self.notes: list[str] = []

    def of(self, spec: HostSpec) -> dict[str, str]:
        """The entries of a host's environments, by their names."""
        return {}
