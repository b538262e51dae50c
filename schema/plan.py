"""The plan: differences between desired and observed, what stands in the way, and findings. One diff, three users."""

from datetime import date
from typing import Literal

from schema import certain, choose, conda, cuda, cudnn, driver, environments, files, gates, health, kernel, repository
from schema.change import Change, Disruption
from schema.errors import Finding
from schema.history import cause
from schema.host import HostSpec
from schema.model import Model
from schema.snapshot import Snapshot

__all__ = ["Change", "Disruption", "Plan", "Status", "diff", "owned_files", "status", "undecided"]

# Sections that findings alone are made from: without them no difference is missed.
HEALTH = frozenset({"kernel/keyring", "driver/dkms", "driver/loader", "repository/exclusions"})
Status = Literal["in-sync", "drift", "unhealthy", "failed"]
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
    spec = choose.settled(spec, snapshot)
    changes = certain.differences(snapshot, _changes(spec, snapshot))
    waits = gates.blocked(spec, snapshot, changes, force=force)
    return Plan(
        host=spec.name,
        changes=cause.explained(changes, snapshot),
        findings=health.findings(spec, snapshot, changes, today),
        refusals=health.refusals(spec, snapshot, changes),
        blocked=waits,
        pending=gates.pending(changes, waits),
        not_seen=tuple(sorted(snapshot.not_seen)),
        undecided=undecided(spec, snapshot),
    )


def _changes(spec: HostSpec, snapshot: Snapshot) -> tuple[Change, ...]:
    """Every difference, in the order of the concerns: none is made on a host that something else keeps.

    Of a board only those of conda and its environments: the rest is part of its own system.
    """
    if spec.external:
        return ()
    software = (
        *files.changes(spec, snapshot, "conda"),
        *conda.changes(spec, snapshot),
        *environments.changes(spec, snapshot),
    )
    if spec.platform != "generic":
        return software
    return (
        *files.changes(spec, snapshot, "repository"),
        *repository.changes(spec, snapshot),
        *kernel.changes(spec, snapshot),
        *files.changes(spec, snapshot, "driver"),
        *driver.changes(spec, snapshot),
        *files.changes(spec, snapshot, "cuda"),
        *cuda.changes(spec, snapshot),
        *cudnn.changes(spec, snapshot),
        *software,
    )


def undecided(spec: HostSpec, snapshot: Snapshot) -> tuple[str, ...]:
    """What was not seen of the concerns that are declared: there, "no difference" would be a guess."""
    driver_parts = ("gpu", "driver", "kernel", "repository")
    managed = {
        driver_parts: spec.managed_driver is not None,
        ("cuda", "repository"): spec.cuda is not None and spec.platform == "generic",
        ("cudnn", "repository"): spec.cudnn is not None and spec.platform == "generic",
        ("conda",): spec.conda is not None,
        ("environments",): bool(spec.environments),
    }
    parts = {part for names, declared in managed.items() if declared for part in names}
    return tuple(sorted(name for name in snapshot.not_seen - HEALTH if name.split("/")[0] in parts))


def status(plan: Plan) -> Status:
    """The host's status where it could be looked at: "failed" is that the look did not decide it."""
    if plan.changes:
        return "drift"
    if any(item.severity == "error" and not item.accepted for item in plan.findings):
        return "unhealthy"
    return "failed" if plan.undecided else "in-sync"
