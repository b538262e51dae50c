"""The plan report: what an apply would do to each host, in text and as JSON."""

import datetime
from collections.abc import Mapping
from typing import Literal

from fleet import forecast
from fleet.errors import Failure, RunError
from fleet.forecast import Forecast, Move
from fleet.report import make, words
from schema import choose
from schema import plan as plans
from schema.errors import Finding
from schema.host import HostSpec
from schema.model import Model
from schema.plan import Change, Plan
from schema.snapshot import Snapshot

Status = Literal["nothing", "changes", "blocked", "refused", "unreachable", "failed"]


class HostPlan(Model):
    """One host of `fleet plan --format json`.

    `reboot`: "none"; "run" when the apply reboots the host; "pending" when it leaves the reboot to be done by hand.
    `seconds`: how long it takes, None where that is not known. Sizes in bytes; see `fleet.forecast.Forecast`.
    """

    host: str
    status: Status
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    packages: tuple[Move, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None
    unknown: tuple[str, ...] = ()
    reboot: Literal["none", "run", "pending"] = "none"
    seconds: int | None = None
    not_seen: tuple[str, ...] = ()
    error: Failure | None = None


def report(
    specs: Mapping[str, HostSpec], seen: Mapping[str, Snapshot | RunError], forced: frozenset[str]
) -> tuple[HostPlan, ...]:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return tuple(host_plan(specs[name], found, name in forced, today) for name, found in seen.items())


def host_plan(spec: HostSpec, seen: Snapshot | RunError, force: bool, today: datetime.date) -> HostPlan:
    if isinstance(seen, RunError):
        status: Status = "unreachable" if seen.code in make.UNREACHABLE else "failed"
        return HostPlan(host=spec.name, status=status, error=seen.failure)
    spec = choose.settled(spec, seen)
    found = plans.diff(spec, seen, force=force, today=today)
    # An empty plan of a host that is never changed needs its reason.
    kept = tuple(item for item in found.findings if spec.external and item.code in {"GPU190", "GPU191"})
    sizes = forecast.forecast(spec, seen, found) if found.changes and not found.refusals else Forecast()
    return HostPlan(
        host=spec.name,
        status=status_of(found),
        changes=found.changes,
        findings=(*found.refusals, *found.blocked, *kept),
        packages=sizes.packages,
        download_bytes=sizes.download_bytes,
        disk_bytes=sizes.disk_bytes,
        unknown=sizes.unknown,
        reboot=reboot_of(spec, found),
        not_seen=found.not_seen,
    )


def status_of(found: Plan) -> Status:
    if found.refusals:
        return "refused"
    if found.blocked:
        return "blocked"
    return "changes" if found.changes or found.pending == "reboot" else "nothing"


def reboot_of(spec: HostSpec, found: Plan) -> Literal["none", "run", "pending"]:
    due = found.pending == "reboot" or any(change.disruption == "reboot" for change in found.changes)
    if not due or found.refusals or found.blocked:
        return "none"
    return "run" if spec.reboot == "if-needed" and not spec.connection.local else "pending"


def exit_code(hosts: tuple[HostPlan, ...]) -> int:
    """1 where a plan could not be made or may not be carried out, else 2 for changes, else 0."""
    statuses = {host.status for host in hosts}
    if statuses & {"unreachable", "failed", "refused"}:
        return 1
    return 2 if statuses & {"changes", "blocked"} else 0


def document(hosts: tuple[HostPlan, ...]) -> dict[str, object]:
    """`{"version": 1, "time", "hosts": [HostPlan]}`; `time` is RFC 3339, UTC."""
    time = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"version": 1, "time": time, "hosts": [host.model_dump(mode="json") for host in hosts]}


def text(hosts: tuple[HostPlan, ...]) -> str:
    lines = [line for host in hosts for line in host_lines(host)]
    changing = sum(host.status in {"changes", "blocked"} for host in hosts)
    return "\n".join([*lines, f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}, {changing} with changes"])


def host_lines(host: HostPlan) -> list[str]:
    lines = [f"{host.host}  {host.status}"]
    if host.error is not None:
        return lines + [f"    {line}" for line in host.error.lines()]
    for item in host.findings:
        lines += words.finding(item)
    moved = {move.name for move in host.packages}
    lines += [f"    {words.change(change)}" for change in host.changes if change.item not in moved]
    lines += [f"    {move.name}  {move.old or '(new)'} -> {move.new or '(removed)'}" for move in host.packages]
    if host.changes:
        lines.append(f"    download {size(host.download_bytes)}, on disk {size(host.disk_bytes)}, time unknown")
    lines += [f"    unknown: {line}" for line in host.unknown]
    reboots = {
        "run": "    reboots, when the host is not in use",
        "pending": "    a reboot is left to you: the driver loads with the next boot",
    }
    return lines + ([reboots[host.reboot]] if host.reboot in reboots else [])


def size(count: int | None) -> str:
    """ "1.4 GiB"; "unknown" for None."""
    if count is None:
        return "unknown"
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
