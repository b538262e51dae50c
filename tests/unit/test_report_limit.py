"""The report of a host that invents differences has an end, and says what it leaves out."""

from fleet.report import limit
from fleet.report.model import HostReport
from schema.change import Change
from schema.errors import Finding


def report(changes: int, findings: int) -> HostReport:
    return HostReport(
        host="a",
        status="drift",
        changes=tuple(Change(concern="driver", item=f"p{n}", observed=None, desired="1") for n in range(changes)),
        findings=tuple(Finding(code="GPU120", severity="error", message=f"m{n}") for n in range(findings)),
    )


def test_an_ordinary_report_stays_as_it_is() -> None:
    made = report(limit.MOST, limit.MOST)
    assert limit.limited(made) is made


def test_what_is_left_out_is_counted() -> None:
    made = limit.limited(report(limit.MOST + 7, 3))
    assert (len(made.changes), len(made.findings), made.status) == (limit.MOST, 4, "drift")
    assert made.findings[-1].code == "GPU286"
    assert made.findings[-1].message == "7 changes and 0 findings are left out of the report"
