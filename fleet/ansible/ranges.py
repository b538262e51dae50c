"""Ansible's ranges of hosts: `node[01:20]`, `db-[a:f]`, `[1:9:2]`, several of them in one name.

Source: Ansible's guide "How to build your inventory", section "Adding ranges of hosts".
"""

import itertools
import re
import string

# An inventory of more hosts than this is a slip of a digit, and would fill a disk.
LARGEST = 10_000
RANGE = re.compile(r"\[([^\[\]]*)\]")


def expand(pattern: str) -> list[str]:
    """The names that a pattern stands for, in its order. Raises ValueError, in words, for what is no range."""
    pieces = RANGE.split(pattern)
    if any("[" in piece or "]" in piece for piece in pieces[::2]):
        raise ValueError("a bracket has no partner")
    parts = [[piece] if index % 2 == 0 else values(piece) for index, piece in enumerate(pieces)]
    total = 1
    for part in parts:
        total *= len(part)
    if total > LARGEST:
        raise ValueError(f"the range stands for {total} hosts; at most {LARGEST} are read")
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def values(text: str) -> list[str]:
    """What stands between two brackets, BEGIN:END or BEGIN:END:STEP; the end is part of it."""
    bounds = text.split(":")
    if len(bounds) not in {2, 3}:
        raise ValueError(f"[{text}] is no range; possible: [BEGIN:END] or [BEGIN:END:STEP]")
    first, last = bounds[0] or "0", bounds[1]
    step = bounds[2] if len(bounds) == 3 else "1"
    if not last:
        raise ValueError(f"[{text}] has no end")
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", step):
        raise ValueError(f"the step of [{text}] is no number above 0")
    if len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return _letters(first, last, int(step), text)
    return _numbers(first, last, int(step), text)


def _letters(first: str, last: str, step: int, text: str) -> list[str]:
    """Of a to z and then A to Z, in this order."""
    begin, end = string.ascii_letters.find(first), string.ascii_letters.find(last)
    if -1 in {begin, end} or begin > end:
        raise ValueError(f"[{text}] ends before it begins")
    return list(string.ascii_letters[begin : end + 1 : step])


def _numbers(first: str, last: str, step: int, text: str) -> list[str]:
    """Leading zeros in the beginning ask for that width in all of them, and the end must have it."""
    if not re.fullmatch(r"[0-9]{1,9}", first) or not re.fullmatch(r"[0-9]{1,9}", last):
        raise ValueError(f"[{text}] has neither two numbers nor two letters")
    padded = first[0] == "0" and len(first) > 1
    if padded and len(first) != len(last):
        raise ValueError(f"[{text}]: with leading zeros, begin and end need the same number of digits")
    if int(first) > int(last):
        raise ValueError(f"[{text}] ends before it begins")
    numbers = range(int(first), int(last) + 1, step)
    if len(numbers) > LARGEST:
        raise ValueError(f"the range stands for {len(numbers)} hosts; at most {LARGEST} are read")
    return [str(number).zfill(len(first) if padded else 0) for number in numbers]
