"""The line of a file that a problem is about, with a mark below the place. No file is read here."""

import difflib
import re
import unicodedata
from typing import NamedTuple

from schema.errors import Problem, printable
from schema.report import CREDENTIALS, NOT_SHOWN

# libyaml's line ends (YAML 1.1, 4.1); the others of that list are refused in a file.
LINE_END = re.compile(r"\r\n|\n|\r")
TAB = "    "
CUT = "..."
# A key or an option whose value may be a secret: `sudo_password:`, `"token" :`, `secret=`; not `tokenizers==0.19`.
SECRET = re.compile(
    r"(?:pass|pwd|secret|token|credential|api_?key)[\w-]{0,40}[\"']?\s*(?::|=(?!=))|PRIVATE KEY", re.IGNORECASE
)
# A key that is misspelt is unknown, and its value may be a secret as well.
SECRET_WORDS = ("password", "sudo_password", "passphrase", "secret", "token")
# Bounded, so that a line of a megabyte is no work of minutes.
USER_AND_PASSWORD = re.compile(r"[^\s/@:]{1,64}:[^\s/@]{1,256}@")
# Text in quotes, else words up to a comma, a bracket, a comment or the colon of a key.
QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'(?:''|[^'])*'?")
WORDS = re.compile(r"(?:[^\s,\[\]{}:]|:(?=\S))+(?: (?:[^\s,#\[\]{}:]|:(?=\S))+)*")
# Hangul vowels and final consonants join the consonant before them (Unicode 16, Hangul Jamo 1160-11FF).
JOINING = range(0x1160, 0x1200)
VARIATIONS = range(0xFE00, 0xFE10)


class Excerpt(NamedTuple):
    """`text`: what is shown of the line; `before`: columns left of the mark; `marked`: the mark's own."""

    text: str
    before: int
    marked: int


def secret(lines: list[str], problem: Problem) -> bool:
    """Whether the line of a problem may hold a secret, so that it must not be shown.

    It may where the line or a key above it says so, where it has a URL with a user, and where the message itself
    passes over the value. Of a file that is no YAML the keys are not known: the lines before count too.
    """
    if problem.line is None or problem.code == "INV017" or NOT_SHOWN in problem.message:
        return True
    if problem.path is not None and _names_one(problem.path):
        return True
    index, line = problem.line - 1, lines[problem.line - 1]
    around = [line, *_above(lines, index), *(lines[max(index - 3, 0) : index] if problem.path is None else [])]
    return any(SECRET.search(one) or _with_user(one) for one in around)


def _names_one(path: str) -> bool:
    parts = path.lower().split(".")
    return SECRET.search(f"{path}:") is not None or any(difflib.get_close_matches(part, SECRET_WORDS) for part in parts)


def _with_user(line: str) -> bool:
    return USER_AND_PASSWORD.search(line) is not None or any("://" in one or "/t/" in one for one in _credentials(line))


def _credentials(line: str) -> list[str]:
    return [match.group() for match in CREDENTIALS.finditer(line)]


def _above(lines: list[str], index: int) -> list[str]:
    """The lines that a line is indented below, up to the margin."""
    found, indent = [], _indent(lines[index])
    for line in reversed(lines[:index]):
        if line.strip() and _indent(line) < indent:
            found.append(line)
            indent = _indent(line)
        if indent == 0:
            break
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def first(line: str, column: int) -> int:
    """The column of the first character at or behind `column` that is no space: some problems are about a line."""
    rest = line[column - 1 :]
    return column + len(rest) - len(rest.lstrip(" ")) if rest.strip(" ") else column


def cut(line: str, column: int, width: int) -> Excerpt:
    """What `width` columns can show of a line around `column` (from 1, in characters), and where the mark goes."""
    index = min(max(column - 1, 0), len(line))
    # No character but a tab or an escape takes more than two columns, and most take one: the rest cannot be seen.
    left, right = line[max(index - width, 0) : index], line[index : index + width + 1]
    before, after = [_shown(one) for one in left], [_shown(one) for one in right]
    missing = len(left) < index
    if missing or _columns(before) + _columns(after) > width:
        before, missing = _fitting(before[::-1], max(width // 2, width - _columns(after) - 2 * len(CUT)), missing)
        before.reverse()
    head = [CUT] if missing else []
    room = width - _columns(head + before)
    more = index + len(right) < len(line)
    if more or _columns(after) > room:
        after, more = _fitting(after, room - len(CUT), more)
    marked = _columns(after[: _token(right)])
    text = "".join(head + before + after + ([CUT] if more else []))
    return Excerpt(text.rstrip(), _columns(head + before), max(marked, 1))


def _fitting(parts: list[str], room: int, missing: bool) -> tuple[list[str], bool]:
    """The first of `parts` that fit into `room` columns, and whether any is missing."""
    used = 0
    for number, part in enumerate(parts):
        used += _columns([part])
        if used > room:
            return parts[:number], True
    return parts, missing


def _token(text: str) -> int:
    """How many characters the value or key at the start of `text` has."""
    match = QUOTED.match(text) or WORDS.match(text)
    return len(match.group()) if match is not None else 1


def _shown(one: str) -> str:
    """A character as it is shown: control characters as escapes, and none that changes the one before it."""
    if one == "\t":
        return TAB
    return "" if ord(one) in VARIATIONS else printable(one)


def _columns(parts: list[str]) -> int:
    return sum(_width(one) for part in parts for one in part)


def _width(one: str) -> int:
    """Columns on a terminal: 2 for wide and full-width characters, 0 for marks that join (Unicode annex 11)."""
    if one.isascii():
        return 1
    if unicodedata.category(one) in {"Mn", "Me"} or ord(one) in JOINING:
        return 0
    return 2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1
