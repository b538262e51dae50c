"""The drift report: observed against desired, and health, for each host; in text and as JSON."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from fleet import accepted
from fleet.errors import Failure, RunError
from schema import plan as plans
from schema.errors import Finding
from schema.host import HostSpec
from schema.model import Model
from schema.plan import Change, Plan
from schema.snapshot import Snapshot

Status = Literal["in-sync", "drift", "unhealthy", "unreachable", "failed"]
FailOn = Literal["error", "warning", "never"]
# Codes of connections that did not come about; all else that goes wrong is a host that failed.
UNREACHABLE = frozenset({"RUN201", "RUN205", "RUN207"})


class HostReport(Model):
    """One host of `fleet drift --format json`."""

    host: str
    status: Status
    pending: Literal["none", "reboot", "blocked"] = "none"
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_seen: tuple[str, ...] = ()
    error: Failure | None = None


def report(
    specs: Mapping[str, HostSpec], seen: Mapping[str, Snapshot | RunError], fail_on: FailOn
) -> tuple[HostReport, ...]:
    """One report for each host that was looked at, in their order."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    told = {name: host_report(specs[name], found, fail_on, today) for name, found in seen.items()}
    for name, extra in accepted.unused(specs, {name: host.findings for name, host in told.items() if not host.error}):
        status = "unhealthy" if fail_on == "warning" and told[name].status == "in-sync" else told[name].status
        told[name] = told[name].model_copy(update={"findings": (*told[name].findings, extra), "status": status})
    return tuple(told.values())


def host_report(spec: HostSpec, seen: Snapshot | RunError, fail_on: FailOn, today: datetime.date) -> HostReport:
    if isinstance(seen, RunError):
        status: Status = "unreachable" if seen.code in UNREACHABLE else "failed"
        return HostReport(host=spec.name, status=status, error=seen.failure)
    found = plans.diff(spec, seen, today=today)
    status = status_of(found, fail_on)
    return HostReport(
        host=spec.name,
        status=status,
        pending=found.pending,
        changes=found.changes,
        findings=tuple(dict.fromkeys((*found.refusals, *found.findings))),
        not_seen=found.not_seen,
        error=undecided(found) if status == "failed" else None,
    )


def status_of(found: Plan, fail_on: FailOn = "error") -> Status:
    """The diff's own verdict; refusals count as findings, and warnings too where --fail-on asks for it."""
    counted = found.model_copy(update={"findings": (*found.refusals, *found.findings)})
    status = plans.status(counted)
    if status not in {"drift", "unhealthy"} and fail_on == "warning":
        warns = any(item.severity == "warning" and not item.accepted for item in counted.findings)
        return "unhealthy" if warns else status
    return status


def undecided(found: Plan) -> Failure:
    """Why a look that came about says nothing certain: parts that declared concerns need were not seen."""
    return Failure(
        code="RUN236",
        message=f"the look at {found.host} did not see what its declaration is about",
        evidence=f"not seen: {', '.join(found.undecided)}",
        state="nothing was changed",
        hint="let the login user use sudo (connection.sudo), then run the same command again",
    )


def exit_code(hosts: Iterable[HostReport], fail_on: FailOn, *, ignore_unreachable: bool) -> int:
    """2 for drift or ill health, else 1 where nothing could be told, else 0."""
    statuses = {host.status for host in hosts}
    if fail_on != "never" and statuses & {"drift", "unhealthy"}:
        return 2
    unknown = {"failed"} if ignore_unreachable else {"failed", "unreachable"}
    return 1 if statuses & unknown else 0


def document(hosts: tuple[HostReport, ...]) -> dict[str, object]:
    """The contract's JSON: `version`, `time` (RFC 3339, UTC), `summary` with one count per status, `hosts`."""
    return {
        "version": 1,
        "time": datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "summary": counts(hosts),
        "hosts": [host.model_dump(mode="json") for host in hosts],
    }


def counts(hosts: Iterable[HostReport]) -> dict[str, int]:
    found = Counter(host.status for host in hosts)
    return {status: found[status] for status in get_args(Status)}


def text(hosts: tuple[HostReport, ...]) -> str:
    """A block for each host, those in sync first and on one line, and a last line that counts."""
    width = max((len(host.host) for host in hosts), default=0)
    quiet = [host for host in hosts if host.status == "in-sync" and not _details(host)]
    lines = [f"{host.host:{width}}  in-sync" for host in quiet]
    for host in hosts:
        if host not in quiet:
            lines += [f"{host.host:{width}}  {host.status}{_pending(host)}", *_details(host)]
    parts = [f"{count} {status}" for status, count in counts(hosts).items() if count]
    return "\n".join([*lines, f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}: {', '.join(parts)}"])


def _pending(host: HostReport) -> str:
    return f" (pending: {host.pending})" if host.pending != "none" else ""


def _details(host: HostReport) -> list[str]:
    if host.error is not None:
        return [f"    {line}" for line in host.error.lines()]
    lines = [f"    {change_line(change)}" for change in host.changes]
    for item in host.findings:
        lines += finding_lines(item)
    if host.not_seen:
        lines.append(f"    not seen: {', '.join(host.not_seen)}")
    if host.changes:
        lines.append(f"    next: fleet plan --limit {host.host}; fleet apply --limit {host.host}")
    return lines


def change_line(change: Change) -> str:
    """ "driver libnvidia-compute-580: 580.95.05-0ubuntu1 -> absent (reboot)"."""
    disruption = "" if change.disruption == "none" else f" ({change.disruption})"
    return f"{change.concern} {change.item}: {change.observed or 'absent'} -> {change.desired or 'absent'}{disruption}"


def finding_lines(item: Finding) -> list[str]:
    accepted = " (accepted)" if item.accepted else ""
    lines = [f"    {item.code} {item.severity}{accepted}: {item.message}"]
    if item.severity == "info" or item.accepted:
        return lines
    lines += [f"      | {line}" for line in item.evidence.splitlines()[:6]]
    return [*lines, f"      next: {item.hint}"] if item.hint else lines
