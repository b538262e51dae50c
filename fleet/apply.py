"""Bring hosts to the declared state: the operations of `pyinfra INVENTORY deploys/gpu.py`, through pyinfra's API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import gevent  # type: ignore[import-untyped]
import pyinfra
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_state

from deploys import apply as deploy
from deploys import compute as smoke
from deploys import look, step
from deploys.step import StepError
from fleet import dial, run
from fleet.errors import Failure, RunError
from fleet.look import Seen, Told, nothing
from fleet.report import compute, make, words
from schema.compute import Compute
from schema.errors import Finding
from schema.model import Model
from schema.plan import Change, Plan
from schema.snapshot import Snapshot

Status = Literal["unchanged", "done", "pending", "blocked", "unreachable", "failed"]
# Failures that say: not now. The host is as it was, or has everything on disk and waits for its users.
BLOCKED = frozenset({"RUN119", "RUN123"})


class HostResult(Model):
    """One host of `fleet apply --format json`. `changes` were planned, `left` are what a fresh look still finds.

    `compute`: the smoke test, None where none was due.
    """

    host: str
    status: Status
    pending: Literal["none", "reboot", "blocked"] = "none"
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: Failure | None = None
    compute: Compute | None = None


@dataclass
class Apply:
    """A run in progress: pyinfra's state, each host's plan and what it was made from, and hosts that failed."""

    state: State
    plans: dict[str, Plan] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)

    def operations(self, name: str) -> list[str]:
        """Names of the operations that a host gets, in their order."""
        host = self.state.inventory.hosts[name]
        return [next(iter(self.state.op_meta[hash_].names)) for hash_ in host.op_hash_order]


def prepare(state: State, told: Told = nothing) -> Apply:
    """Connect, look once at each host, and add its operations. Nothing is changed; failed hosts are left out."""
    # Operations of one step are then the same operation on all hosts, as in pyinfra's own command (3.10,
    # `api/operation.py`, solve_operation_consistency): otherwise hosts with different plans would wait for each other.
    pyinfra.is_cli = True
    made = Apply(state)
    # Connecting and preparing are one step per host here, so that a slow host does not hold up the others.
    state.set_stage(StateStage.Prepare)
    made.seen = run.each(state, add, told)
    for host in state.inventory:
        found = host.connector_data.get(look.PLAN)
        if isinstance(found, Plan):
            made.plans[host.name] = found
    return made


def add(host: Host) -> Seen:
    """Connect and add one host's operations; its snapshot. Raises RunError for one that cannot be looked at."""
    run.connect(host)
    host.state.activate_host(host)
    with ctx_config.use(host.state.config.copy()):
        try:
            deploy.apply(host)
        except PyinfraError as error:
            # `fail_hosts` raises "No hosts remaining!" in place of the reason when the last host fails.
            if failure(host) is None:
                raise RunError("RUN209", f"{host.name}: {error}", hint="run the same command again") from error
    seen = host.connector_data.get(look.SEEN)
    if isinstance(seen, Snapshot):
        return seen
    raise failure(host) or RunError("RUN208", f"{host.name} could not be looked at", hint=f"ssh {host.name}")


def failure(host: Host) -> RunError | None:
    """Why a host failed, from our connectors or from a step."""
    kept = host.connector_data.get(step.FAILURE)
    if not isinstance(kept, StepError):
        return run.failure(host)
    known = run.failure(host)
    if known is not None:
        return known
    return RunError(kept.code, kept.message, evidence=kept.evidence, state=kept.state, hint=kept.hint)


def changing(made: Apply) -> list[Host]:
    return [host for host in made.state.inventory if host.op_hash_order and host in made.state.active_hosts]


def execute(made: Apply) -> None:
    """Run the operations. Raises nothing for a host's sake: failed hosts are in `pyinfra`'s state."""
    made.state.set_stage(StateStage.Execute)
    try:
        run_ops(made.state)
    except PyinfraError:
        # "No hosts remaining!": each host has its own failure.
        return


def results(made: Apply, decide: Callable[[str, Snapshot], Plan]) -> tuple[HostResult, ...]:
    """What came of each host; those that were changed are looked at once more."""
    changed = {host.name for host in made.state.inventory if host.op_hash_order}
    after = _look_again(made, changed) if made.state.is_executing else {}
    return tuple(
        _result(made, host, after.get(host.name), decide).model_copy(update={"compute": _tested(host)})
        for host in made.state.inventory
    )


def _tested(host: Host) -> Compute | None:
    kept = host.connector_data.get(smoke.RESULT)
    return kept if isinstance(kept, Compute) else None


def _look_again(made: Apply, names: set[str]) -> dict[str, Seen]:
    hosts = [host for host in made.state.active_hosts if host.name in names and failure(host) is None]
    found: dict[str, Seen] = {}

    def one(host: Host) -> None:
        ctx_host.set(host)  # type: ignore[no-untyped-call]
        found[host.name] = run.guarded(run.snapshot, host)

    with ctx_state.use(made.state):
        gevent.joinall([made.state.pool.spawn(one, host) for host in hosts], raise_error=True)
    return found


def _result(made: Apply, host: Host, after: Seen | None, decide: Callable[[str, Snapshot], Plan]) -> HostResult:
    shown = made.plans.get(host.name)
    changes = shown.changes if shown is not None else ()
    before = made.seen[host.name]
    error = failure(host) or (before if isinstance(before, RunError) else None)
    error = error or (after if isinstance(after, RunError) else None)
    if error is None and host in made.state.failed_hosts:
        error = RunError("RUN209", f"{host.name} failed", state="unknown", hint=f"fleet drift --limit {host.name}")
    if error is not None:
        return HostResult(host=host.name, status=_failed(error), changes=changes, error=error.failure)
    now = decide(host.name, after) if isinstance(after, Snapshot) else shown
    return _settled(host, changes, now, ran=isinstance(after, Snapshot))


def _failed(error: RunError) -> Status:
    if error.code in BLOCKED:
        return "blocked"
    return "unreachable" if error.code in make.UNREACHABLE else "failed"


def _settled(host: Host, changes: tuple[Change, ...], now: Plan | None, *, ran: bool) -> HostResult:
    pending = now.pending if now is not None else "none"
    findings = now.findings if now is not None else ()
    left = now.changes if now is not None and ran else ()
    status: Status = "done" if ran else "unchanged"
    if pending == "blocked":
        status = "blocked"
    elif pending == "reboot" or any(change.item in look.REBOOT_ITEMS for change in left):
        status, pending = "pending", "reboot"
    return HostResult(host=host.name, status=status, pending=pending, changes=changes, left=left, findings=findings)


def close(made: Apply) -> None:
    """End all connections."""
    for host in made.state.activated_hosts:
        try:
            host.disconnect()
        except Exception as error:
            host.log(f"while disconnecting: {error}")
    dial.close(made.state)


def exit_code(hosts: tuple[HostResult, ...]) -> int:
    statuses = {host.status for host in hosts}
    if statuses & {"failed", "unreachable"}:
        return 1
    return 2 if statuses & {"pending", "blocked"} else 0


def document(hosts: tuple[HostResult, ...], operations: Mapping[str, list[str]]) -> dict[str, object]:
    """`{"version": 1, "hosts": [HostResult with "operations": [str]]}`."""
    rows = [host.model_dump(mode="json") | {"operations": operations.get(host.host, [])} for host in hosts]
    return {"version": 1, "hosts": rows}


def text(hosts: tuple[HostResult, ...]) -> str:
    lines = []
    for host in hosts:
        lines += host_lines(host)
    return "\n".join(lines)


def host_lines(host: HostResult) -> list[str]:
    count = f": {len(host.changes)} change{'s' if len(host.changes) != 1 else ''}" if host.status == "done" else ""
    lines = [f"{host.host}  {host.status}{count}"]
    if host.error is not None:
        return lines + [f"    {line}" for line in host.error.lines()]
    if host.compute is not None:
        lines += compute.lines(host.compute)
    if host.pending == "reboot":
        lines.append("    everything is on disk, and the driver loads with the next boot")
        lines.append(f"    next: reboot {host.host} (sudo systemctl reboot), then: fleet drift --limit {host.host}")
    for item in host.findings:
        if item.severity == "error" and not item.accepted:
            lines += words.finding(item)
    return lines
