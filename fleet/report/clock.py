"""When a drift check began, and when each host was looked at and how long that took."""

import datetime
import time
from typing import NamedTuple

from schema.snapshot import Snapshot


def stamp(moment: datetime.datetime) -> str:
    """RFC 3339 in UTC, to the second: "2026-11-24T03:00:00Z"."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Times(NamedTuple):
    """`seen` is None where the host did not answer."""

    seen: str | None
    seconds: float


class Clock:
    """Told when each look begins and ends; `hosts` has the times of those that ended."""

    def __init__(self) -> None:
        self.started = datetime.datetime.now(tz=datetime.UTC)
        self.hosts: dict[str, Times] = {}
        self._begun: dict[str, float] = {}
        self._start = time.monotonic()

    def began(self, name: str) -> None:
        self._begun[name] = time.monotonic()

    def ended(self, name: str, found: object) -> None:
        seconds = time.monotonic() - self._begun.get(name, self._start)
        now = datetime.datetime.now(tz=datetime.UTC)
        self.hosts[name] = Times(stamp(now) if isinstance(found, Snapshot) else None, round(seconds, 3))

    @property
    def seconds(self) -> float:
        """Since the start."""
        return round(time.monotonic() - self._start, 3)
