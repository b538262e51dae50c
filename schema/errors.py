"""Problems: what is wrong, where, and what to type; and the errors that carry them."""

from typing import Literal

from schema.model import Model

Severity = Literal["error", "warning", "info"]


def printable(text: str) -> str:
    """`text` with escapes for line ends, control characters and undecodable bytes, as names of files and keys hold."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


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
    message: str
    evidence: str = ""
    hint: str = ""


class InvalidInventory(Exception):  # noqa: N818 - named after what it says.
    """Raised by `schema.load` with every problem of every file at once; never for warnings alone.

    `path`: the inventory as it was named; `root`: the folder that the problems' files are relative to.
    """

    def __init__(self, problems: list[Problem], path: str = "", root: str = "") -> None:
        self.problems, self.path, self.root = problems, path, root
        super().__init__("\n".join(problem.text() for problem in problems))
