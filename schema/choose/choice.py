"""What `auto` means on a host, with the reason in words."""

from typing import Literal

from schema.model import Model

By = Literal["declared", "lock", "observed", "rule"]


class Choice(Model):
    """`value` is as a user would write it; None where nothing suits: then `reason` says why and `hint` what to type.

    `by`: who decided; "observed" is what works, or was put by an earlier run, on the host itself.
    """

    value: str | None
    reason: str
    by: By = "rule"
    hint: str = ""

    @property
    def said(self) -> str:
        """ "rule: last branch that drives GTX 1080 (Pascal)"."""
        return f"{self.by}: {self.reason}" if self.reason else self.by
