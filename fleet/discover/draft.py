"""A host file in the making: its sections in their order, each as lines of YAML, and texts that hosts say made safe."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ENVIRONMENTS = "environments"


@dataclass
class Draft:
    """`sections`: lines by key, "environments.ds" for one environment; a key that starts with "#" holds comments only.

    `files`: other files of the folder by path, such as keys.
    """

    sections: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, lines: Iterable[str]) -> None:
        """Add a section, unless there is nothing in it."""
        if listed := list(lines):
            self.sections[key] = listed

    def declared(self) -> list[str]:
        """The top-level keys that the file declares."""
        names = [key.split(".")[0] for key, lines in self.sections.items() if any(map(declares, lines))]
        return list(dict.fromkeys(names))

    def without(self, key: str, why: str) -> None:
        """Turn a section into comments, with the reason."""
        lines = self.sections[key]
        self.sections[key] = [
            f"# Not declared: {plain(why)}",
            *(f"# {line}" if declares(line) else line for line in lines),
        ]

    def lines(self, leave_out: Iterable[str] = ()) -> list[str]:
        """The text without the sections whose top-level key is in `leave_out`, and with no heading of nothing."""
        left = frozenset(leave_out)
        return list(self._lines(left))

    def _lines(self, left: frozenset[str]) -> Iterator[str]:
        opened = False
        for key, lines in self.sections.items():
            top, _, name = key.partition(".")
            if top in left:
                continue
            if top == ENVIRONMENTS and name and not opened and any(map(declares, lines)):
                opened = True
                yield f"{ENVIRONMENTS}:"
            inside = bool(name) and any(map(declares, lines))
            yield from (f"  {line}" if inside else line for line in lines)


def declares(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def quoted(value: object) -> str:
    """A value in the form that YAML and JSON share (YAML 1.2, chapter 1.3)."""
    return json.dumps(value)


def text(value: str) -> str:
    """A text without quotes where no reader of YAML takes it for anything else."""
    safe = re.fullmatch(r"[A-Za-z][A-Za-z0-9._=+/-]*", value) and value.lower() not in WORDS
    return value if safe else quoted(value)


WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def plain(value: str, longest: int = 160) -> str:
    """Text from a host, fit for a comment: on one line, printable ASCII."""
    return re.sub(r"[^ -~]+", "?", value)[:longest]


def some(names: Iterable[str], most: int = 6) -> str:
    """The first of many names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return plain(", ".join(listed[:most]) + more)
