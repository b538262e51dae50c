"""Collects the problems of an inventory while it is read, and says what was found without showing a secret."""

import re
from dataclasses import dataclass, field
from typing import Literal

from schema import document
from schema.document import Node
from schema.errors import Problem

# A password, and the parts of a URL that carry one (RFC 3986 3.2.1; "/t/TOKEN/" in the URLs of anaconda.org channels).
SECRET_KEY = re.compile(r"password|passwd|secret|token", re.IGNORECASE)
CREDENTIALS = re.compile(r"(://|^)[^/\s]*@|/t/[^/\s]+")
# What `shown` says of a value that may be a secret.
NOT_SHOWN = "a value that is not shown here"
SHOWN_LENGTH = 60
# Keys that the short spellings stand for; problems name the key that the user wrote.
WRITTEN = {"connection.local": "connection", "cuda.absent": "cuda.toolkits", "cudnn.versions": "cudnn.version"}


def written(path: str) -> str:
    """The path as the user wrote it."""
    for inner, outer in WRITTEN.items():
        if path == inner or path.startswith(f"{inner}."):
            return outer + path[len(inner) :]
    return path


def shown(node: Node, path: str) -> str:
    """What stands there, in words: a text in quotes, "a list", or, for what may be a secret, that it is not shown."""
    value = node.value
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return str(value).lower()
    if SECRET_KEY.search(path) or (("://" in value or "@" in value) and CREDENTIALS.search(value)):
        return NOT_SHOWN
    return short(value)


def short(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}...")


class EnoughError(Exception):
    """Raised by a report that is full; what it holds is told."""


@dataclass(slots=True)
class Report:
    """The problems found so far; `host` is named in each, `partial`: defaults or a group, where keys may be missing."""

    host: str | None = None
    partial: bool = False
    problems: list[Problem] = field(default_factory=list)

    def keep(self, problem: Problem) -> None:
        """Add a problem; raises EnoughError, which is told too, where there are too many."""
        if len(self.problems) < document.MAX_PROBLEMS:
            self.problems.append(problem)
            return
        self.problems.append(document.too_many(problem))
        raise EnoughError

    def add(
        self,
        code: str,
        node: Node,
        path: str,
        message: str,
        hint: str | None = None,
        *,
        at_key: bool = False,
        severity: Literal["error", "warning"] = "error",
        accepted: bool = False,
    ) -> None:
        line, column = (node.key_line, node.key_column) if at_key else (node.line, node.column)
        self.keep(
            Problem(
                code=code,
                severity=severity,
                file=node.file,
                line=line,
                column=column,
                host=self.host,
                path=written(path) or None,
                message=message,
                hint=hint,
                accepted=accepted,
            )
        )

    def take(self, problem: Problem, node: Node, path: str) -> None:
        """A problem in a file that a host names: told at its place in that file, or at `node` when it has none."""
        if problem.line is None:
            self.add(problem.code, node, path, f"{problem.file}: {problem.message}", problem.hint)
        else:
            self.keep(problem.model_copy(update={"host": self.host, "path": path}))
