"""The plan: differences between desired and observed, what stands in the way, and findings. One diff, three users."""

from typing import Literal

from schema.errors import Finding
from schema.model import Model

Disruption = Literal["none", "restart", "reboot"]


class Change(Model):
    """One difference; `concern` is a file name of the rooms, `item` a package, a path or "environment/package".

    None as `observed` or `desired` means absent.
    """

    concern: str
    item: str
    observed: str | None
    desired: str | None
    disruption: Disruption = "none"


class Plan(Model):
    """What an apply would do and what a drift check reports; empty when the host is as declared.

    `refusals`: errors that forbid touching the host at all. `blocked`: why the driver's changes or the reboot must
    wait; the driver's changes are then not begun. `pending`: "reboot" when all that is missing is a reboot, "blocked"
    when `blocked` holds.
    """

    host: str
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()
    blocked: tuple[Finding, ...] = ()
    pending: Literal["none", "reboot", "blocked"] = "none"
    not_seen: tuple[str, ...] = ()

    def of(self, concern: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.concern == concern)

    @property
    def empty(self) -> bool:
        return not self.changes
