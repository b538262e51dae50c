"""Look at a host once and say what is to do: the plan, and whether it may be done at all."""

import datetime

from pyinfra import logger
from pyinfra.api.host import Host

from deploys import step, task
from deploys.step import StepError, Work
from facts.snapshot import HostSnapshot
from schema import certain, choose, plan
from schema.conda import CondaSpec
from schema.errors import Finding
from schema.host import HostSpec
from schema.plan import Change, Plan
from schema.snapshot import Snapshot

# Changes that only a reboot makes; packages and files are in place by then.
REBOOT_ITEMS = frozenset({"loaded module"})
DRIVER_CONCERNS = frozenset({"driver", "kernel"})
PLAN = "gpufleet_plan"
SEEN = "gpufleet_seen"
# An apt transaction of an earlier run that was cut off: half an hour covers a DKMS build on a slow machine.
EARLIER_RUN_SECONDS = 1800.0


def desired(host: Host) -> HostSpec:
    """The host's declaration from its data. Raises StepError where the inventory was not loaded by gpufleet."""
    spec = host.data.get("spec")
    if isinstance(spec, HostSpec):
        return spec
    raise StepError(
        "RUN126",
        f"{host.name} has no declaration: this inventory was not read by gpufleet",
        hint="give a folder of YAML: pyinfra inventory deploys/gpu.py, run where config.py lies (or with --chdir)",
    )


def forced(host: Host, name: str) -> bool:
    """Whether this host is named by --force HOST (`--data force=HOST,HOST` in the plain pyinfra command)."""
    names = host.data.get("force")
    return name in (names.replace(",", " ").split() if isinstance(names, str) else names or ())


def snapshot(host: Host, spec: HostSpec) -> Snapshot:
    """Read the host, once. Raises StepError when it could not be read."""
    prefix = spec.conda.prefix if isinstance(spec.conda, CondaSpec) else None
    seen = host.get_fact(HostSnapshot, prefix=prefix) if prefix else host.get_fact(HostSnapshot)
    # A probe that did not run gives the fact's default, which names no kernel.
    if isinstance(seen, Snapshot) and seen.kernel.running:
        return seen
    raise StepError("RUN125", f"could not look at {host.name}", hint=f"try: fleet drift --limit {host.name}")


def decide(spec: HostSpec, seen: Snapshot, *, force: bool) -> Plan:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return plan.diff(spec, seen, force=force, today=today)


def take(host: Host) -> Work:
    """One look and its plan. Waits, reading only, for an apt transaction of an earlier run that still works."""
    spec = desired(host)
    seen = snapshot(host, spec)
    if seen.apt.transaction == "running":
        host.log("an earlier run's apt transaction still works on this host; waiting for its end")
        task.wait(host, "gpufleet-apt.service", f"{task.FOLDER}/apt", "wait for it", EARLIER_RUN_SECONDS)
        seen = snapshot(host, spec)
    spec = choose.settled(spec, seen)
    force = forced(host, spec.name)
    work = Work(host=host, spec=spec, shown=decide(spec, seen, force=force), seen=seen, force=force)
    host.connector_data[PLAN], host.connector_data[SEEN] = work.shown, seen
    return work


def begun(changes: Plan) -> tuple[Change, ...]:
    """The changes that a run begins: without the driver's where these are blocked, and without a reboot's own."""
    return tuple(
        change
        for change in changes.changes
        if change.item not in REBOOT_ITEMS and not (changes.blocked and change.concern in DRIVER_CONCERNS)
    )


def reboots(work: Work) -> bool:
    """Whether this run reboots the host, unless a gate closes before then."""
    if work.spec.reboot != "if-needed" or work.shown.blocked:
        return False
    return work.shown.pending == "reboot" or any(change.disruption == "reboot" for change in work.shown.changes)


def text(findings: tuple[Finding, ...]) -> str:
    return "\n".join(
        f"{item.code} {item.message}" + (f": {item.evidence}" if item.evidence else "") for item in findings
    )


def refusal(work: Work) -> StepError | None:
    """Why this host must not be touched, if so."""
    refusals = work.shown.refusals
    if not refusals:
        return None
    hint = next((item.hint for item in refusals if item.hint), f"fleet explain {refusals[0].code}")
    message = f"{work.name} is refused: {refusals[0].message}"
    return StepError("RUN101", message, evidence=text(refusals), state="nothing was changed on the host", hint=hint)


def unseen(work: Work, seen: Snapshot) -> StepError | None:
    """Why a look does not tell enough to change the host, or to call it done."""
    lost = certain.vital(work.spec, seen)
    if not lost:
        return None
    why = f" ({seen.broken_off})" if seen.broken_off else ""
    return StepError(
        "RUN441",
        f"the look at {work.name} did not see what its declaration is about{why}",
        evidence=f"not seen: {', '.join(lost)}",
        state="what was not seen was not changed",
        hint=f"see what is wrong with the host: fleet drift --limit {work.name}",
    )


def blocked(work: Work) -> StepError:
    """Why the driver's changes or the reboot were not begun."""
    reasons = work.shown.blocked
    hint = next((item.hint for item in reasons if item.hint), f"force it by name: --force {work.name}")
    message = f"{work.name}: the driver's changes were not begun: {reasons[0].message}"
    return StepError("RUN123", message, evidence=text(reasons), state="the driver is as it was", hint=hint)


def stop(host: Host, error: StepError) -> None:
    """Fail this host alone, in pyinfra's prepare phase."""
    step.fail(host, error)
    host.state.fail_hosts({host})  # type: ignore[no-untyped-call]


def pending_reboot(work: Work) -> None:
    """Say that only a reboot is missing, and what to type."""
    work.host.log_styled(
        f"pending: reboot. {work.name} has everything on disk, and the driver loads with the next boot.",
        fg="yellow",
        log_func=logger.warning,
    )
    work.host.log(f"next: reboot it (sudo systemctl reboot), then: fleet drift --limit {work.name}")


def prepare(host: Host) -> Work | None:
    """What the steps need, or None when there is nothing for them to do on this host (which may have failed)."""
    try:
        work = take(host)
    except StepError as error:
        stop(host, error)
        return None
    reason = refusal(work) or unseen(work, work.seen)
    todo = begun(work.shown)
    if reason is None and work.shown.blocked and not todo:
        reason = blocked(work)
    if reason is not None:
        stop(host, reason)
        return None
    if todo or reboots(work):
        return work
    if work.shown.pending == "reboot":
        pending_reboot(work)
    return None
