"""The drift report: status, exit code, and its words."""

import json

import pytest

from fleet.report import document, make, model, text
from fleet.report.model import HostReport, Report
from schema.errors import Finding
from schema.plan import Change, Plan

CHANGE = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
ERROR = Finding(code="GPU900", severity="error", message="broken")
WARNING = Finding(code="GPU901", severity="warning", message="odd")


@pytest.mark.parametrize(
    ("plan", "fail_on", "status"),
    [
        (Plan(host="h"), "error", "in-sync"),
        (Plan(host="h", changes=(CHANGE,), findings=(ERROR,)), "error", "drift"),
        (Plan(host="h", findings=(ERROR,)), "error", "unhealthy"),
        (Plan(host="h", refusals=(ERROR,)), "error", "unhealthy"),
        (Plan(host="h", findings=(ERROR.model_copy(update={"accepted": True}),)), "error", "in-sync"),
        (Plan(host="h", findings=(WARNING,)), "error", "in-sync"),
        (Plan(host="h", findings=(WARNING,)), "warning", "unhealthy"),
        (Plan(host="h", not_seen=("host/applied",)), "error", "in-sync"),
        (Plan(host="h", undecided=("driver/modules",)), "error", "failed"),
        (Plan(host="h", changes=(CHANGE,), undecided=("driver/modules",)), "error", "drift"),
    ],
)
def test_the_status_is_the_first_that_fits(plan: Plan, fail_on: model.FailOn, status: str) -> None:
    assert make.status_of(plan, fail_on) == status


@pytest.mark.parametrize(
    ("statuses", "fail_on", "ignore", "code"),
    [
        (["in-sync"], "error", False, 0),
        (["drift"], "error", False, 2),
        (["unhealthy"], "error", False, 2),
        (["drift", "failed", "unreachable"], "error", False, 2),
        (["failed", "in-sync"], "error", False, 1),
        (["unreachable", "in-sync"], "error", False, 1),
        (["unreachable", "in-sync"], "error", True, 0),
        (["failed"], "error", True, 1),
        (["drift"], "never", False, 0),
        (["drift", "failed"], "never", False, 1),
    ],
)
def test_two_wins_over_one(statuses: list[model.Status], fail_on: model.FailOn, ignore: bool, code: int) -> None:
    hosts = [HostReport(host=f"h{number}", status=status) for number, status in enumerate(statuses)]
    assert make.exit_code(hosts, fail_on, ignore_unreachable=ignore) == code


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-24T03:00:00Z", summary=model.counts(hosts), hosts=hosts)


def test_the_json_has_one_count_per_status() -> None:
    hosts = (HostReport(host="a", status="drift", changes=(CHANGE,)), HostReport(host="b", status="drift"))
    made = json.loads(document.render(whole(*hosts)))
    summary = {"in-sync": 0, "drift": 2, "unhealthy": 0, "unreachable": 0, "failed": 0}
    assert (made["version"], made["summary"], made["time"]) == (1, summary, "2026-11-24T03:00:00Z")


def test_a_change_is_told_as_observed_and_desired() -> None:
    shown = text.render(whole(HostReport(host="gpu-01", status="drift", changes=(CHANGE,))))
    assert "driver cuda-drivers-580: 580.82.07 -> 580.95.05" in shown
    assert shown.splitlines()[-1] == "1 host: 1 drift"
