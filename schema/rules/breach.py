"""What a rule says: which rule of what can go together is broken, at which key, and the value that would work."""

from typing import Literal

from schema.model import Model

Severity = Literal["error", "warning"]


class Breach(Model):
    """A problem without its position; `path` is the dotted key to change.

    `undecided`: an `auto` has no value, so that there would be nothing to do even where the host accepts the code.
    `accepted`: the host accepts it, see `schema.rules.accept`. `quotes`: the text that it is about, where `path` names
    a file that holds it.
    """

    code: str
    path: str
    message: str
    hint: str | None
    severity: Severity = "error"
    undecided: bool = False
    accepted: bool = False
    quotes: str | None = None


def severity(certain: bool) -> Severity:
    """What is not confirmed, or holds for one meaning of a name only, may warn and never refuses."""
    return "error" if certain else "warning"
