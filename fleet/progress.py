"""What a run shows while it is at work, on a terminal only: first results at once, counts, and who is waited for."""

import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterable

import click

from fleet.errors import Failure
from schema.errors import printable

# Hosts that are told of one by one before the report; after these the counts do.
TOLD_AT_ONCE = 10
# A terminal shows no more pictures than this in a second, and each costs.
SECONDS = 0.1
NAMES = 3


class Progress:
    """Told of each host that is done, with its status; shows a line that the next one replaces."""

    def __init__(self, names: Iterable[str]) -> None:
        self._left = dict.fromkeys(names)
        self._total = len(self._left)
        self._counts: Counter[str] = Counter()
        self._told = 0
        self._next = 0.0
        self._shows = sys.stderr.isatty()

    def told(self, name: str, status: str, error: Failure | None = None) -> None:
        self._left.pop(name, None)
        self._counts[status] += 1
        if not self._shows:
            return
        if status != "in-sync" and self._told < TOLD_AT_ONCE:
            self._told += 1
            why = f": {error.code} {error.message}" if error is not None else ""
            click.echo(f"\r\033[K{printable(f'{name}  {status}{why}')}", err=True)
            self._next = 0.0
        if not self._left or time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS
            click.echo(f"\r\033[K{self.line()}", err=True, nl=False)

    def line(self) -> str:
        """ "170 of 200 looked at: in-sync 168, drift 2; waiting for n171, n172, n173, ..."."""
        counts = ", ".join(f"{status} {count}" for status, count in self._counts.items())
        names = ", ".join(itertools.islice(self._left, NAMES)) + (", ..." if len(self._left) > NAMES else "")
        waiting = f"; waiting for {names}" if names else ""
        return f"{self._total - len(self._left)} of {self._total} looked at{': ' if counts else ''}{counts}{waiting}"

    def end(self) -> None:
        if self._shows:
            click.echo("\r\033[K", err=True, nl=False)
