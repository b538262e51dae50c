"""The plan: differences between desired and observed, what stands in the way, and findings. One diff, three users."""

from datetime import date
from typing import Literal

from schema import conda, cuda, cudnn, driver, environments, files, gates, kernel, repository
from schema.change import Change, Disruption
from schema.errors import Finding
from schema.host import HostSpec
from schema.model import Model
from schema.snapshot import Snapshot

__all__ = ["Change", "Disruption", "Plan", "diff", "owned_files"]

owned_files = files.owned


class Plan(Model):
    """What an apply would do and what a drift check reports; empty when the host is as declared.

    `refusals`: errors that forbid touching the host at all; they are among `findings` too. `blocked`: why the driver's
    changes or the reboot must wait; the driver's changes are then not begun. `pending`: "reboot" when all that the
    driver still needs is a reboot, "blocked" when `blocked` holds. `undecided`: those of `not_seen` that a declared
    concern depends on.
    """

    host: str
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()
    blocked: tuple[Finding, ...] = ()
    pending: Literal["none", "reboot", "blocked"] = "none"
    not_seen: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    def of(self, concern: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.concern == concern)

    @property
    def empty(self) -> bool:
        return not self.changes


def diff(spec: HostSpec, snapshot: Snapshot, *, force: bool = False, today: date | None = None) -> Plan:
    """Compare a declaration with one look at its host; pure, and never raises for anything a snapshot may hold.

    `force` lifts what protects others' work; `today` decides which accepted findings have expired, none without it.
    """
    changes = (
        *files.changes(spec, snapshot, "repository"),
        *repository.changes(spec, snapshot),
        *kernel.changes(spec, snapshot),
        *files.changes(spec, snapshot, "driver"),
        *driver.changes(spec, snapshot),
        *files.changes(spec, snapshot, "cuda"),
        *cuda.changes(spec, snapshot),
        *cudnn.changes(spec, snapshot),
        *files.changes(spec, snapshot, "conda"),
        *conda.changes(spec, snapshot),
        *environments.changes(spec, snapshot),
    )
    waits = gates.blocked(spec, snapshot, changes, force=force)
    return Plan(
        host=spec.name,
        changes=changes,
        blocked=waits,
        pending=gates.pending(changes, waits),
        not_seen=tuple(sorted(snapshot.not_seen)),
    )
