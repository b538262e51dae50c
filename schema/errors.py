"""Problems: what is wrong, where, and what to type; and the errors that carry them."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from schema.model import Model

Severity = Literal["error", "warning", "info"]


# Letters, marks and symbols by their kind that nothing is seen of (Default_Ignorable_Code_Point, and braille's blank).
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
LONGEST_LINE, LONGEST_TEXT = 2_000, 8_000


def printable(text: str) -> str:
    """`text` with escapes for line ends, control characters, what turns the direction of text (UAX 9) or has no width,
    and undecodable bytes, as names of files and keys hold."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(one) if one in UNSEEN or not one.isprintable() else one for one in text)


def _escape(one: str) -> str:
    return repr(one)[1:-1] if not one.isprintable() else f"\\u{ord(one):04x}"


def _line(text: str) -> str:
    return printable(text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}...")


def _lines(text: str) -> str:
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
    if cut.isascii() and cut.isprintable():
        return cut
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in cut.split("\n"))


# Text that may hold what a host said: bounded, and fit to be shown; on one line, or in lines.
Line = Annotated[str, AfterValidator(_line)]
Lines = Annotated[str, AfterValidator(_lines)]


class Problem(Model):
    """One thing wrong in an inventory.

    `file` is relative to the inventory folder; `line` and `column` count from 1; `path` is dotted ("driver.branch").
    `accepted`: the host's `accept` excuses it; it is shown, as a warning, and does not count.
    """

    code: str
    severity: Literal["error", "warning"] = "error"
    file: str
    line: int | None = None
    column: int | None = None
    host: str | None = None
    path: str | None = None
    message: str
    hint: str | None = None
    accepted: bool = False

    def text(self) -> str:
        """`file:line:column: code path: message. hint`, on one line."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        path = f" {self.path}" if self.path else ""
        hint = f" {self.hint}" if self.hint else ""
        return printable(f"{place}: {self.severity} {self.code}{path}: {self.message}{hint}")


class Finding(Model):
    """The state of a host in words: what was recognised, on what evidence, and how to mend it."""

    code: str
    severity: Severity
    accepted: bool = False
    message: Line
    evidence: Lines = ""
    hint: Line = ""


class InvalidInventory(Exception):  # noqa: N818 - named after what it says.
    """Raised by `schema.load` with every problem of every file at once; never for warnings alone.

    `path`: the inventory as it was named; `root`: the folder that the problems' files are relative to.
    """

    def __init__(self, problems: list[Problem], path: str = "", root: str = "") -> None:
        self.problems, self.path, self.root = problems, path, root
        super().__init__("\n".join(problem.text() for problem in problems))
