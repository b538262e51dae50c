"""What was taken apart once is not taken apart again: the hosts of a fleet have most of their texts in common.

A parser's answer depends on the sections that it reads, and on nothing else. Which these are is seen while it works, so
that nobody has to keep a list; an answer is remembered by their whole texts, never by a checksum of them.
"""

import os
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from facts.probe import Sections

T = TypeVar("T")
# Kinds of hosts that are remembered for each parser. A fleet with more of them costs what it would without.
KINDS = 32
# For measurements: as if no two hosts were alike.
OFF = bool(os.environ.get("GPUFLEET_REMEMBER_NOTHING"))


class Watched(dict[str, Any]):
    """A dictionary that notes which of its keys were asked for."""

    def __init__(self, values: dict[str, Any], asked: set[str]) -> None:
        super().__init__(values)
        self.asked = asked

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Any:
        self.asked.update(self.keys())
        return super().__iter__()


class Memory:
    """The answers of one parser by the sections `reads`, oldest first."""

    def __init__(self) -> None:
        self.reads: tuple[str, ...] = ()
        self.kept: dict[Hashable, Any] = {}

    def key(self, found: Sections) -> Hashable:
        return tuple((found.status.get(name), found.lines.get(name)) for name in self.reads)

    def keep(self, found: Sections, asked: set[str], answer: object) -> None:
        if more := asked.difference(self.reads):
            self.reads = (*self.reads, *sorted(more))
            self.kept.clear()
        elif len(self.kept) >= KINDS:
            del self.kept[next(iter(self.kept))]
        self.kept[self.key(found)] = answer


_MEMORIES: dict[Callable[[Sections], object], Memory] = {}


def parsed(parser: Callable[[Sections], T], found: Sections) -> T:
    """`parser(found)`. Raises what the parser raises; only answers are remembered."""
    if OFF:
        return parser(found)
    memory = _MEMORIES.setdefault(parser, Memory())
    key = memory.key(found) if memory.reads else None
    if key is not None and key in memory.kept:
        answer: T = memory.kept.pop(key)
        memory.kept[key] = answer
        return answer
    asked: set[str] = set()
    watched = Sections(Watched(found.lines, asked), Watched(found.status, asked), found.taken)
    answer = parser(watched)
    memory.keep(found, asked, answer)
    return answer
