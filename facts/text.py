"""Small readings of text that came from a host: numbers, versions in order, the first match of an expression."""

import re
from collections.abc import Iterable

from schema.errors import printable

# What moves to another place of a line or a page, and NUL, stand for a space in files and in devices' names.
# Of a line with such characters this much is kept: an escape takes more room than what it stands for.
LONGEST = 1 << 16
SPACES = dict.fromkeys(map(ord, "\0\r\v\f"), " ")


def clean(line: str) -> str:
    """A line from a host without what moves a terminal's cursor, hides text or turns its direction: escapes of it."""
    if line.isprintable():
        return line
    line = line[:LONGEST]
    return "\t".join(printable(part) for part in line.translate(SPACES).split("\t"))


def number(text: str | None) -> int | None:
    """The number at the start of "81559 MiB" or "16x"; None where there is none. Long digits are no number of ours."""
    found = re.match(r"\s*([0-9]{1,18})(?![0-9])", text or "")
    return int(found.group(1)) if found else None


def first(expression: str, text: str) -> str | None:
    """The first group of the first match, None without one."""
    found = re.search(expression, text)
    return found.group(1) if found else None


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts "6.8.0-9-generic" before "6.8.0-51-generic": numbers as numbers, the rest as text."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def in_version_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Each version once, oldest first."""
    return tuple(sorted(set(versions), key=version_order))
