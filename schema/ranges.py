"""Names of hosts as one short text, `node[01-17,20]`, and that text as a pattern that means these and no others."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

DIGITS = re.compile(r"[0-9]+")
# Longer ones are serial numbers and dates: nobody reads a range of those.
LONGEST = 9
RANGE = re.compile(r"([^\[\]*?!]*)\[([0-9]{1,9}(?:-[0-9]{1,9})?(?:,[0-9]{1,9}(?:-[0-9]{1,9})?)*)\]([^\[\]*?!]*)")
COMMA = re.compile(r",(?![^\[\]]*\])")


class _Place(NamedTuple):
    """Where a number stands among names: `width` is 0 where it has no leading zeros, else its number of digits."""

    before: str
    after: str
    width: int


def fold(names: Iterable[str]) -> tuple[str, ...]:
    """The names with numbers in one place drawn together, in the order of their first: ("desk", "node[01-17,20]").

    Leading zeros are kept: `[01-17]` has two digits each, `[8-12]` none before the 8.
    """
    listed = list(dict.fromkeys(names))
    padded = {(before, after, len(digits)) for name in listed for before, digits, after in _cuts(name) if _zero(digits)}
    places = {name: _places(name, padded) for name in listed}
    sizes = Counter(place for found in places.values() for place in found)
    together: dict[str | _Place, list[str]] = {}
    for name in listed:
        best = max(places[name], key=lambda place: sizes[place], default=None)
        together.setdefault(best if best is not None and sizes[best] > 1 else name, []).append(name)
    return tuple(
        place if isinstance(place, str) else members[0] if len(members) == 1 else _folded(place, members)
        for place, members in together.items()
    )


def _cuts(name: str) -> list[tuple[str, str, str]]:
    """A name cut at each of its numbers, the last one first: that is the one that counts machines, mostly."""
    found = [(name[: hit.start()], hit.group(), name[hit.end() :]) for hit in DIGITS.finditer(name)]
    return [cut for cut in reversed(found) if len(cut[1]) <= LONGEST]


def _zero(digits: str) -> bool:
    return len(digits) > 1 and digits[0] == "0"


def _places(name: str, padded: set[tuple[str, str, int]]) -> list[_Place]:
    return [
        _Place(before, after, len(digits) if (before, after, len(digits)) in padded else 0)
        for before, digits, after in _cuts(name)
    ]


def _folded(place: _Place, names: list[str]) -> str:
    end = -len(place.after) if place.after else None
    numbers = sorted(int(name[len(place.before) : end]) for name in names)
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = ",".join("-".join(str(one).zfill(place.width) for one in dict.fromkeys(span)) for span in spans)
    return f"{place.before}[{told}]{place.after}"


def split(text: str) -> list[str]:
    """The patterns of one --limit, at commas that stand outside of brackets."""
    return [part.strip() for part in COMMA.split(text)]


def is_range(pattern: str) -> bool:
    """Whether it is one of `fold`'s: a bracket with a hyphen or comma between numbers, and no other sign of a glob."""
    found = RANGE.fullmatch(pattern)
    return found is not None and ("-" in found[2] or "," in found[2])


def matches(name: str, pattern: str) -> bool:
    """Whether a range means this name; False where the pattern is no range."""
    found = RANGE.fullmatch(pattern)
    if found is None or not is_range(pattern) or not (name.startswith(found[1]) and name.endswith(found[3])):
        return False
    digits = name[len(found[1]) : len(name) - len(found[3])]
    return bool(DIGITS.fullmatch(digits)) and any(_holds(span, digits) for span in found[2].split(","))


def _holds(span: str, digits: str) -> bool:
    first, _, last = span.partition("-")
    wide = len(digits) == len(first) if _zero(first) else not _zero(digits)
    return wide and int(first) <= int(digits) <= int(last or first)
