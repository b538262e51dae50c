"""The smoke test in a host's report: its status, its words, and equal hosts that say the same."""

import datetime

import pytest

from fleet.report import compute
from fleet.report.model import FailOn, HostReport, Status
from schema.compute import Compute, Result
from schema.errors import Finding
from schema.host import HostSpec

TODAY = datetime.date(2026, 11, 24)
SPEC = HostSpec.model_validate({"name": "h", "ubuntu": "24.04", "gpus": [{"model": "H100", "count": 2}]})
FIRST, SECOND = "GPU 0 NVIDIA H100 80GB HBM3 0000:1e:00.0", "GPU 1 NVIDIA H100 80GB HBM3 0000:1f:00.0"


def passed(device: str = FIRST, rate: float = 31.2, **more: object) -> Result:
    values = {"way": "driver", "outcome": "passed", "uuid": device, "device": device}
    return Result.model_validate({**values, "rate_tflops": rate, "peak_tflops": 66.9, **more})


WRONG = passed(outcome="failed", reason="wrong", text="integers: 1 of 65536 differ", rate=None)
SLOW = passed(rate=1.0)
UNSEEN = passed(outcome="not-seen", text="the test ended before its turn")
LEFT = passed(SECOND, outcome="skipped", text="left alone: in use by python3 (process 4711)")


def folded(made: Compute, status: Status = "in-sync", fail_on: FailOn = "error") -> HostReport:
    return compute.fold(HostReport(host="h", status=status), SPEC, made, fail_on, TODAY)


@pytest.mark.parametrize(
    ("results", "before", "fail_on", "after", "code"),
    [
        ((passed(),), "in-sync", "error", "in-sync", None),
        ((passed(), LEFT), "in-sync", "error", "in-sync", None),
        ((WRONG,), "in-sync", "error", "unhealthy", None),
        ((WRONG,), "drift", "error", "drift", None),
        ((WRONG,), "failed", "error", "unhealthy", None),
        ((SLOW,), "in-sync", "error", "in-sync", None),
        ((SLOW,), "in-sync", "warning", "unhealthy", None),
        ((UNSEEN,), "in-sync", "error", "failed", "RUN400"),
        ((UNSEEN,), "unhealthy", "error", "unhealthy", None),
    ],
)
def test_what_the_smoke_test_does_to_the_status(
    results: tuple[Result, ...], before: Status, fail_on: FailOn, after: Status, code: str | None
) -> None:
    made = folded(Compute(ran=True, results=results), before, fail_on)
    assert (made.status, made.error.code if made.error else None) == (after, code)
    assert ("compute" in made.not_seen) is any(item.outcome == "not-seen" for item in results)


def test_a_test_that_was_not_run_says_why_and_changes_nothing() -> None:
    made = folded(Compute(ran=False, why="no NVIDIA GPU is there"))
    assert (made.status, made.findings, made.not_seen, made.error) == ("in-sync", (), (), None)
    assert compute.lines(made.compute or Compute(ran=True)) == ["    compute not run: no NVIDIA GPU is there"]


def test_a_test_that_was_not_seen_leaves_the_host_undecided() -> None:
    made = folded(Compute(ran=False, seen=False, why="no python3 on the host"))
    assert (made.status, made.not_seen) == ("failed", ("compute",))
    assert made.error is not None and made.error.evidence == "no python3 on the host"


def test_findings_of_the_look_stay_first() -> None:
    before = HostReport(host="h", status="in-sync", findings=(Finding(code="GPU137", severity="info", message="m"),))
    made = compute.fold(before, SPEC, Compute(ran=True, results=(WRONG,)), "error", TODAY)
    assert [item.code for item in made.findings] == ["GPU137", "GPU260"]


def test_sound_gpus_of_a_kind_are_one_line_and_equal_hosts_say_the_same() -> None:
    torch = Result(way="torch", outcome="passed", environment="ml")
    parts = (passed(way="torch", environment="ml", rate=None), passed(SECOND, way="torch", environment="ml", rate=None))
    one = Compute(ran=True, results=(passed(), passed(SECOND), torch, *parts))
    other = Compute(ran=True, results=(passed(rate=32.9), passed(SECOND, rate=34.0), torch, *parts))
    said = "    compute 2 x NVIDIA H100 80GB HBM3: driver (50% of its peak), torch ml passed"
    assert compute.lines(one) == compute.lines(other) == [said]


def test_what_is_not_sound_is_told_of_each() -> None:
    cpu = Result(way="torch", outcome="failed", environment="ml", reason="cpu-only", text="PyTorch 2.8.0+cpu")
    lines = compute.lines(Compute(ran=True, results=(WRONG, LEFT, cpu)))
    assert lines == [
        f"    compute {FIRST}: driver failed",
        f"    compute {SECOND}: left alone: in use by python3 (process 4711)",
        "    compute torch ml failed: PyTorch 2.8.0+cpu",
    ]
