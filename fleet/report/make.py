"""Makes the report of a drift check: observed against desired, and health, for each host; and the exit code."""

import datetime
from collections.abc import Iterable, Mapping

from fleet import accepted, look
from fleet.errors import Failure, RunError
from fleet.report import baseline, compute, facts, limit
from fleet.report.clock import Clock, Times, stamp
from fleet.report.model import FailOn, HostReport, Report, Status, counts
from schema import plan as plans
from schema.compute import Compute
from schema.fleet import Fleet
from schema.host import HostSpec
from schema.plan import Plan
from schema.snapshot import Snapshot

# Codes of connections that did not come about; all else that goes wrong is a host that failed.
UNREACHABLE = frozenset({"RUN201", "RUN205", "RUN207"})


def report(
    fleet: Fleet,
    told: Mapping[str, HostReport],
    fail_on: FailOn,
    clock: Clock,
    old: Report | None = None,
) -> Report:
    """The report of all hosts that were looked at, in their order; `old`: the baseline."""
    earlier = {host.host: host.last_seen or host.seen for host in old.hosts} if old is not None else {}
    timed = tuple(
        host.model_copy(
            update=_times(clock.hosts.get(host.host), earlier.get(host.host))
            | {"groups": fleet.hosts[host.host].groups}
        )
        for host in compared(fleet.hosts, told, fail_on)
    )
    now = datetime.datetime.now(tz=datetime.UTC)
    return Report(
        time=stamp(now),
        summary=counts(timed),
        hosts=timed,
        inventory=fleet.name,
        started=stamp(clock.started),
        seconds=clock.seconds,
        baseline=baseline.compare(old, timed, fleet.names) if old is not None else None,
    )


def _times(times: Times | None, earlier: str | None) -> dict[str, object]:
    """`earlier`: when the baseline saw the host last."""
    if times is None:
        return {"last_seen": earlier}
    return {**times._asdict(), "last_seen": times.seen or earlier}


def hosts(
    specs: Mapping[str, HostSpec], seen: Mapping[str, Snapshot | RunError], fail_on: FailOn
) -> tuple[HostReport, ...]:
    """One report for each host that was looked at, in their order."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return compared(
        specs, {name: host_report(specs[name], found, fail_on, today) for name, found in seen.items()}, fail_on
    )


def compared(specs: Mapping[str, HostSpec], made: Mapping[str, HostReport], fail_on: FailOn) -> tuple[HostReport, ...]:
    """The reports with what can be said of a host only when all were looked at: risks that are accepted for nothing."""
    told = dict(made)
    for name, extra in accepted.unused(specs, {name: host.findings for name, host in told.items() if not host.error}):
        status = "unhealthy" if fail_on == "warning" and told[name].status == "in-sync" else told[name].status
        told[name] = told[name].model_copy(update={"findings": (*told[name].findings, extra), "status": status})
    return tuple(told.values())


def safely(
    spec: HostSpec, seen: Snapshot | RunError, fail_on: FailOn, today: datetime.date, test: Compute | None = None
) -> HostReport:
    """`host_report`, with the smoke test of a deep look; a host that the diff cannot take fails alone."""
    try:
        made = host_report(spec, seen, fail_on, today)
        return compute.fold(made, spec, test, fail_on, today) if test is not None else made
    except Exception as error:
        return host_report(spec, look.unexpected(spec.name, error), fail_on, today)


def host_report(spec: HostSpec, seen: Snapshot | RunError, fail_on: FailOn, today: datetime.date) -> HostReport:
    if isinstance(seen, RunError):
        status: Status = "unreachable" if seen.code in UNREACHABLE else "failed"
        return HostReport(host=spec.name, status=status, error=seen.failure)
    found = plans.diff(spec, seen, today=today)
    status = status_of(found, fail_on)
    made = HostReport(
        host=spec.name,
        status=status,
        pending=found.pending,
        changes=found.changes,
        findings=tuple(dict.fromkeys((*found.refusals, *found.findings))),
        not_seen=found.not_seen,
        error=undecided(found) if status == "failed" else None,
        facts=facts.of(spec, seen),
    )
    return limit.limited(made)


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
