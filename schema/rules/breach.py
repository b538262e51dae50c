"""What a rule says: which rule of what can go together is broken, at which key, and the value that would work."""

from typing import Literal

from schema.model import Model


class Breach(Model):
    """A problem without its position; `path` is the dotted key to change."""

    code: str
    path: str
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"
