"""The apply on pyinfra's real engine, against its `@fake` connector: which operations, how many commands, who fails."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State, StateStage
from pyinfra.context import ctx_host, ctx_state

from deploys import apply, confirm, files, look, packages, report, step
from facts.snapshot import HostSnapshot
from schema.errors import Finding
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.plan import Change, Plan
from schema.repository import OwnedFile
from schema.snapshot import Release, Snapshot

SEEN = Snapshot(
    hostname="desk",
    release=Release(id="ubuntu", version="24.04"),
    architecture="x86_64",
    kernel=KernelState(running="6.8.0-51-generic"),
)
DRIVER = Change(concern="driver", item="nvidia-open-580", observed=None, desired="580")
LOADED = Change(concern="driver", item="loaded module", observed=None, desired="580", disruption="reboot")
FILE = Change(concern="repository", item="/etc/apt/sources.list.d/gpufleet-cuda.sources", observed=None, desired="here")
TOOLKIT = Change(concern="cuda", item="cuda-toolkit-12-9", observed=None, desired="12.9")
BUSY = Finding(code="GPU900", severity="error", message="pid 7 uses GPU 0", hint="wait for it")


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, Plan]:
    """Plans by host name, in place of the diff; the probe is still sent to the host, and its answer replaced."""
    found: dict[str, Plan] = {}
    monkeypatch.setattr(HostSnapshot, "process", lambda self, output: SEEN)
    monkeypatch.setattr(look.plan, "diff", lambda spec, seen, **options: found[spec.name])
    return found


@contextmanager
def engine(*names: str, dry: bool = False, **data: object) -> Iterator[tuple[State, dict[str, Host]]]:
    common = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": {"proc": "x"}}
    hosts = [
        (f"@fake/{name}", common | data | {"spec": HostSpec(name=name, ubuntu="24.04", reboot="if-needed")})
        for name in names
    ]
    state = State(Inventory((hosts, {})), Config(), check_for_changes=dry)
    state.set_stage(StateStage.Connect)
    connect_all(state)
    state.set_stage(StateStage.Prepare)
    with ctx_state.use(state):
        yield state, {name: state.inventory.get_host(f"@fake/{name}") for name in names}


def prepare(hosts: dict[str, Host], deploy: Callable[[Host], None] = apply.apply) -> None:
    for host in hosts.values():
        with ctx_host.use(host):
            deploy(host)


def names(state: State) -> list[str]:
    return [name for op in state.get_op_order() for name in sorted(state.get_op_meta(op).names)]


@pytest.mark.parametrize("dry", [False, True])
def test_a_converged_host_costs_one_command_and_no_operation(plans: dict[str, Plan], dry: bool) -> None:
    plans["desk"] = Plan(host="desk")
    with engine("desk", dry=dry) as (state, hosts):
        prepare(hosts)
        assert names(state) == []
        assert len(hosts["desk"].connector.executed_commands) == 1


@pytest.mark.parametrize("dry", [False, True])
def test_a_dry_run_names_the_operations_of_the_apply(plans: dict[str, Plan], dry: bool) -> None:
    plans["desk"] = Plan(host="desk", changes=(DRIVER, LOADED))
    with engine("desk", dry=dry) as (state, hosts):
        prepare(hosts)
        assert names(state) == [
            "Look again before the first change",
            "Read the package lists",
            "Resolve exact versions and pin them",
            "Install the packages in one transaction",
            "Reboot into the driver",
            "Confirm with a fresh look",
        ]
        assert len(hosts["desk"].connector.executed_commands) == 1


def test_hosts_with_different_plans_keep_the_order_of_the_steps(plans: dict[str, Plan]) -> None:
    plans["a"] = Plan(host="a", changes=(LOADED,), pending="reboot")
    plans["b"] = Plan(host="b", changes=(DRIVER,))
    with engine("a", "b") as (state, hosts):
        prepare(hosts)
        wanted = [item.name for item in apply.STEPS]
        for host in hosts.values():
            own = [next(iter(state.get_op_meta(op).names)) for op in host.op_hash_order]
            assert own == sorted(own, key=wanted.index)
        assert all(len(state.get_op_meta(op).names) == 1 for op in state.get_op_order())


def test_a_refused_host_fails_alone(plans: dict[str, Plan]) -> None:
    plans["a"] = Plan(host="a", changes=(DRIVER,), refusals=(BUSY,))
    plans["b"] = Plan(host="b")
    with engine("a", "b") as (state, hosts):
        prepare(hosts)
        assert {host.name for host in state.failed_hosts} == {"@fake/a"}
        assert hosts["a"].connector_data[step.FAILURE].code == "RUN101"
        assert names(state) == []


def test_where_the_driver_waits_other_concerns_go_on_and_the_host_fails_at_the_end(plans: dict[str, Plan]) -> None:
    blocked = Plan(host="a", changes=(DRIVER, FILE), blocked=(BUSY,), pending="blocked")
    plans["a"] = blocked
    with engine("a") as (_, hosts):
        work = look.prepare(hosts["a"])
        assert work is not None
        assert look.begun(work.shown) == (FILE,)
        plans["a"] = Plan(host="a", changes=(DRIVER,), blocked=(BUSY,), pending="blocked")
        with pytest.raises(step.StepError) as caught:
            confirm.confirm(work)
        assert caught.value.code == "RUN123"
        assert "GPU900" in caught.value.evidence


def test_a_host_where_only_the_driver_waits_gets_no_operation_and_fails(plans: dict[str, Plan]) -> None:
    plans["a"] = Plan(host="a", changes=(DRIVER,), blocked=(BUSY,), pending="blocked")
    plans["b"] = Plan(host="b")
    with engine("a", "b") as (state, hosts):
        prepare(hosts)
        assert names(state) == []
        assert hosts["a"].connector_data[step.FAILURE].code == "RUN123"


def test_a_stale_plan_stops_before_the_first_change(plans: dict[str, Plan]) -> None:
    plans["a"] = plans["b"] = Plan(host="a", changes=(DRIVER,))
    with engine("a") as (state, hosts):
        prepare(hosts)
        plans["a"] = Plan(host="a", changes=(TOOLKIT,))
        state.set_stage(StateStage.Execute)
        with pytest.raises(PyinfraError):
            run_ops(state)
        assert hosts["a"].connector_data[step.FAILURE].code == "RUN100"
        assert "cuda-toolkit-12-9" in hosts["a"].connector_data[step.FAILURE].evidence
        # One look for the plan, one before the first change; nothing after.
        assert len(hosts["a"].connector.executed_commands) == 2


def test_a_named_host_is_forced(plans: dict[str, Plan]) -> None:
    plans["a"] = Plan(host="a")
    with engine("a", "b", force="x, a") as (_, hosts):
        assert look.forced(hosts["a"], "a")
        assert not look.forced(hosts["b"], "b")


def test_a_host_without_a_declaration_is_told_what_to_give(plans: dict[str, Plan]) -> None:
    plans["b"] = Plan(host="b")
    with engine("a", "b") as (_, hosts):
        hosts["a"].data.spec = None
        prepare(hosts)
        assert hosts["a"].connector_data[step.FAILURE].code == "RUN126"


def test_the_drift_check_fails_the_host_that_drifts_and_only_it(plans: dict[str, Plan]) -> None:
    plans["a"] = Plan(host="a", changes=(TOOLKIT,))
    plans["b"] = Plan(host="b")
    with engine("a", "b") as (state, hosts):
        prepare(hosts, report.drift)
        assert {host.name for host in state.failed_hosts} == {"@fake/a"}
        assert names(state) == []


def test_states_of_a_host_are_not_taken_for_packages() -> None:
    assert packages.is_package(DRIVER)
    assert packages.is_package(TOOLKIT)
    assert not packages.is_package(LOADED)
    assert not packages.is_package(FILE)


@pytest.mark.parametrize("size", [0, 10, 24 * 1024, 200_000])
def test_written_files_are_whole_whatever_their_size(tmp_path: Path, size: int) -> None:
    text = ("it's 100 % $(odd) `text`\n" * (size // 20 + 1))[:size]
    path = tmp_path / "sub" / "file"
    old = tmp_path / "old"
    old.write_text("x")
    wanted = (OwnedFile(path=str(path), content=text, mode="0640"), OwnedFile(path=str(old), content=None))
    for script in files.scripts(wanted):
        assert len(script) < 96 * 1024
        subprocess.run(["sh", "-c", script], check=True)
    assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o640
    assert not old.exists()
    assert [item.name for item in path.parent.iterdir()] == ["file"]
