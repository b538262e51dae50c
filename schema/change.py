"""One difference between desired and observed."""

from typing import Literal

from schema.errors import Line
from schema.history import Cause
from schema.model import Model

Disruption = Literal["none", "restart", "reboot"]


class Change(Model):
    """One difference; `concern` is a file name of the rooms, `item` a package, a path or "environment/package".

    None as `observed` or `desired` means absent. Without an exact version that an inventory, a lock or our own pins
    have, `desired` is as exact as the declaration: "580", "12.9".
    `cause` is the transaction that made it, as the host's logs tell; None where they do not.
    """

    concern: str
    item: Line
    observed: Line | None
    desired: Line | None
    disruption: Disruption = "none"
    cause: Cause | None = None
