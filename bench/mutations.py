"""Small and great damage to a text, from a seed: what editors, copy and paste, other tools and attackers make of it."""

import random
from collections.abc import Callable
from pathlib import Path

Mutation = Callable[[bytes, random.Random], bytes]
LIMIT = 1 << 20
# What means something to some reader of YAML, of requirements, locks, keys, shells and terminals; Python's escapes.
TOKENS = tuple(
    line.encode().decode("unicode_escape").encode("latin-1")
    for line in (Path(__file__).parent / "tokens.txt").read_text().splitlines()
)
ENDS = (b"\r\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\n\n", b"\x0b", b"\x0c")
CODINGS = ("utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7")


def place(data: bytes, dice: random.Random) -> int:
    return dice.randint(0, len(data))


def cut(data: bytes, dice: random.Random) -> tuple[int, int]:
    """A slice, mostly short."""
    start = place(data, dice)
    return start, min(len(data), start + dice.choice((1, 1, 2, 4, 8, 32, 128)))


def flip(data: bytes, dice: random.Random) -> bytes:
    if not data:
        return bytes([dice.randrange(256)])
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]


def delete(data: bytes, dice: random.Random) -> bytes:
    start, end = cut(data, dice)
    return data[:start] + data[end:]


def copy(data: bytes, dice: random.Random) -> bytes:
    (start, end), at = cut(data, dice), place(data, dice)
    return data[:at] + data[start:end] + data[at:]


def splice(data: bytes, dice: random.Random) -> bytes:
    at = place(data, dice)
    return data[:at] + dice.choice(TOKENS) + data[at:]


def value(data: bytes, dice: random.Random) -> bytes:
    """Another value after some colon, dash, comma or bracket: damage that keeps the structure."""
    marks = [index for index, one in enumerate(data) if one in b":-,[{="]
    if not marks:
        return splice(data, dice)
    start = dice.choice(marks) + 1
    end = start
    while end < len(data) and data[end] not in b",]}\n":
        end += 1
    return data[:start] + b" " + dice.choice(TOKENS) + data[end:]


def lines(data: bytes, dice: random.Random) -> bytes:
    """Lines doubled, dropped, swapped or indented."""
    found = data.splitlines(keepends=True) or [b""]
    one, other = dice.randrange(len(found)), dice.randrange(len(found))
    kind = dice.randrange(4)
    if kind == 0:
        found.insert(other, found[one])
    elif kind == 1:
        del found[one]
    elif kind == 2:
        found[one], found[other] = found[other], found[one]
    else:
        found[one] = dice.choice((b" ", b"    ", b"\t", b"- ")) + found[one]
    return b"".join(found)


def truncate(data: bytes, dice: random.Random) -> bytes:
    return data[: place(data, dice)]


def ends(data: bytes, dice: random.Random) -> bytes:
    return data.replace(b"\n", dice.choice(ENDS))


def recode(data: bytes, dice: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(dice.choice(CODINGS), "replace")


def inflate(data: bytes, dice: random.Random) -> bytes:
    """Something repeated, at times up to just under what is read: long keys, deep nesting, floods of one token."""
    start, end = cut(data, dice)
    piece = dice.choice((data[start:end], dice.choice(TOKENS), b"[", b"{a: ", b"- ", b" ", b"a", b"/", b"-", b"a-"))
    room = dice.choice((100, 1000, 10_000, 100_000, LIMIT)) - len(data)
    return data[:end] + piece * max(room // max(len(piece), 1), 1) + data[end:]


KINDS: tuple[tuple[Mutation, int], ...] = (
    (flip, 10),
    (delete, 10),
    (copy, 10),
    (splice, 25),
    (value, 30),
    (lines, 15),
    (truncate, 3),
    (ends, 2),
    (recode, 2),
    (inflate, 3),
)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """`data` with one to four mutations."""
    mutations, weights = [kind for kind, _ in KINDS], [weight for _, weight in KINDS]
    for mutation in dice.choices(mutations, weights, k=dice.randint(1, 4)):
        data = mutation(data, dice)
    return data[: LIMIT + 1]
