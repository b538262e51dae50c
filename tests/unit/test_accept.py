"""`accept`: what it excuses, until when, and the entries that excuse nothing."""

from datetime import date
from pathlib import Path

import pytest

from fleet import accepted
from schema import load, plan
from schema.errors import Finding, InvalidInventory, Problem
from schema.fleet import Fleet
from schema.gpu import PciDevice
from schema.host import Accepted, HostSpec
from tests.property import model

TODAY = date(2026, 11, 24)
WRONG = 'ubuntu: "24.04"\ngpus: [GTX 1080]\ndriver: {branch: 610}\n'
RIGHT = 'ubuntu: "24.04"\ngpus: [GTX 1080]\ndriver: {branch: 580}\n'
MIXED = 'ubuntu: "24.04"\ngpus: [Tesla K80, RTX 5090]\n'


def accept(code: str, until: str = "2027-01-31", reason: str = "a beta of the vendor") -> str:
    return f'accept: [{{code: {code}, reason: "{reason}", until: {until}}}]\n'


def read(root: Path, fleet: str = "", **hosts: str) -> Fleet:
    (root / "hosts").mkdir(parents=True)
    if fleet:
        (root / "fleet.yaml").write_text(fleet)
    for name, text in hosts.items():
        (root / "hosts" / f"{name}.yaml").write_text(text)
    return load.read(root, TODAY)


def told(found: Fleet) -> list[tuple[str, str, bool]]:
    return [(one.code, one.severity, one.accepted) for one in found.problems]


def test_an_accepted_combination_is_shown_with_its_reason_and_does_not_count(tmp_path: Path) -> None:
    (problem,) = load.fleet(read(tmp_path / "i", a=WRONG + accept("CMP001")).root, today=TODAY).problems
    assert (problem.code, problem.severity, problem.accepted) == ("CMP001", "warning", True)
    assert problem.message.endswith("Accepted until 2027-01-31: a beta of the vendor.")
    assert (problem.line, problem.path, problem.hint) == (3, "driver.branch", None)


def test_the_last_day_counts_and_the_next_does_not(tmp_path: Path) -> None:
    assert told(read(tmp_path / "one", a=WRONG + accept("CMP001", "2026-11-24"))) == [("CMP001", "warning", True)]
    late = read(tmp_path / "two", a=WRONG + accept("CMP001", "2026-11-23"))
    assert told(late) == [("CMP001", "error", False), ("INV032", "warning", False)]
    with pytest.raises(InvalidInventory):
        load.fleet(late.root, today=TODAY)


def test_a_code_excuses_itself_alone(tmp_path: Path) -> None:
    assert told(read(tmp_path, a=WRONG + accept("CMP002"))) == [("CMP001", "error", False)]


def test_an_unused_exception_warns_at_its_place(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, a=RIGHT + accept("CMP001")).problems
    assert (problem.code, problem.severity, problem.line, problem.host) == ("INV071", "warning", 4, "a")


def test_a_warning_can_be_accepted_too(tmp_path: Path) -> None:
    text = 'ubuntu: "24.04"\ngpus: [GTX 1O80]\n'
    assert told(read(tmp_path, a=text + accept("CMP008"))) == [("CMP008", "warning", True)]


GROUP = f"groups:\n  g:\n    {accept('CMP001')}"


def test_an_exception_of_a_group_is_used_when_one_of_its_hosts_needs_it(tmp_path: Path) -> None:
    used = read(tmp_path / "one", GROUP, a="groups: [g]\n" + WRONG, b="groups: [g]\n" + RIGHT)
    assert told(used) == [("CMP001", "warning", True)]


def test_an_exception_of_a_group_that_no_host_needs_is_told_once(tmp_path: Path) -> None:
    hosts = {f"h{number}": "groups: [g]\n" + RIGHT for number in range(5)}
    (problem,) = read(tmp_path, GROUP, **hosts).problems
    assert (problem.code, problem.file, problem.line, problem.host) == ("INV071", "fleet.yaml", 3, None)


def test_nothing_is_said_of_an_exception_while_a_host_that_has_it_is_wrong(tmp_path: Path) -> None:
    found = read(tmp_path, GROUP, a="groups: [g]\n" + RIGHT, b="groups: [g]\n" + RIGHT + "nope: 1\n")
    assert told(found) == [("INV013", "error", False)]


@pytest.mark.parametrize(
    ("code", "severity"), [("INV013", "error"), ("RUN108", "error"), ("GPU003", "warning"), ("GPU102", "warning")]
)
def test_what_cannot_be_accepted_is_said(tmp_path: Path, code: str, severity: str) -> None:
    (problem,) = read(tmp_path, a=RIGHT + accept(code)).problems
    assert (problem.code, problem.severity, problem.path) == ("INV070", severity, "accept.0.code")
    assert f"{code} cannot be accepted" in problem.message


def test_where_auto_has_no_value_the_error_stays_and_says_what_would_help(tmp_path: Path) -> None:
    (problem,) = read(tmp_path / "one", a=MIXED + accept("CMP006")).problems
    assert (problem.code, problem.severity, problem.accepted) == ("CMP006", "error", False)
    assert "Or write the values yourself" in (problem.hint or "")
    found = read(tmp_path / "two", a=MIXED + "driver: {branch: 470}\n" + accept("CMP006"))
    assert [(one.code, one.severity, one.accepted) for one in found.problems] == [("CMP006", "warning", True)]
    assert found.hosts


def test_an_accepted_problem_of_another_host_stays_apart(tmp_path: Path) -> None:
    group = "groups:\n  g: {driver: {branch: 610}}\n"
    text = 'groups: [g]\nubuntu: "24.04"\ngpus: [GTX 1080]\n'
    found = read(tmp_path, group, a=text + accept("CMP001"), b=text, c=text)
    judged = load.judge(found.problems, None)
    assert sorted((one.severity, one.accepted) for one in judged) == [("error", False), ("warning", True)]
    assert list(found.hosts) == ["a"]


def test_an_apply_goes_on_where_just_that_is_accepted(tmp_path: Path) -> None:
    """The refusal on the host says the same of the same GPUs; of another GPU it says more, and stays."""
    spec = read(tmp_path, a=WRONG + accept("CMP001")).hosts["a"]
    seen = model.as_observed(spec)
    assert not plan.diff(spec, seen, today=TODAY).refusals
    assert [one.code for one in plan.diff(spec.model_copy(update={"accept": ()}), seen, today=TODAY).refusals] == [
        "GPU003"
    ]
    other = PciDevice(slot="0000:02:00.0", vendor="10de", device="1db4", class_code="030200")
    more = seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"devices": (*seen.gpu.devices, other)})})
    assert "GPU003" in [one.code for one in plan.diff(spec, more, today=TODAY).refusals]
    assert not [one for one in plan.diff(spec, seen, today=TODAY).findings if one.code == "GPU181"], "CMP is no finding"


ENTRY = Accepted(code="GPU125", reason="x", until=date(2027, 1, 31), shared=True)
SHARING = {name: HostSpec(name=name, ubuntu="24.04", accept=(ENTRY,)) for name in ("a", "b")}
FINDING = Finding(code="GPU125", severity="warning", message="m")


def test_a_shared_entry_for_findings_is_judged_when_all_its_hosts_were_seen() -> None:
    assert list(accepted.unused(SHARING, {"a": (), "b": (FINDING,)})) == []
    assert list(accepted.unused(SHARING, {"a": ()})) == []
    ((name, finding),) = accepted.unused(SHARING, {"a": (), "b": ()})
    assert (name, finding.code, finding.severity) == ("a", "GPU181", "warning")
    assert "any of the 2 hosts" in finding.message


def test_one_look_says_nothing_of_a_shared_entry(tmp_path: Path) -> None:
    found = read(tmp_path, f"defaults:\n  {accept('GPU125')}", a=RIGHT, b=RIGHT + accept("GPU125"))
    seen = {name: plan.diff(spec, model.as_observed(spec), today=TODAY) for name, spec in found.hosts.items()}
    assert [one.code for one in seen["a"].findings] == []
    assert [one.code for one in seen["b"].findings] == ["GPU181"]


def test_nobody_writes_shared(tmp_path: Path) -> None:
    text = RIGHT + "accept: [{code: GPU125, reason: x, until: 2027-01-31, shared: true}]\n"
    problems: tuple[Problem, ...] = read(tmp_path, a=text).problems
    assert [one.code for one in problems] == ["INV013"]
