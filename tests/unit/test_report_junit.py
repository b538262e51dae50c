"""The report as JUnit XML: what CI systems show as failed, as an error and as skipped, in the schema they take."""

from pathlib import Path
from xml.etree import ElementTree

import xmlschema

from fleet.errors import Failure
from fleet.report import baseline, junit
from fleet.report.model import Facts, HostReport, Report, counts
from schema.compute import Compute, Result
from schema.errors import Finding
from schema.plan import Change

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "data" / "junit.xsd"))
DRIVER = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
CUDA = Change(concern="cuda", item="cuda-toolkit-12-9", observed=None, desired="12.9")
LOST = Finding(code="GPU120", severity="error", message="nouveau is loaded", evidence="nouveau 1 4", hint="reboot")
ODD = Finding(code="GPU901", severity="warning", message="odd")


def well(name: str = "a", **values: object) -> HostReport:
    given = {"host": name, "status": "in-sync", "seen": "2026-11-24T02:59:59Z", "seconds": 0.25, "facts": Facts()}
    return HostReport.model_validate(given | values)


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-24T03:00:00Z", summary=counts(hosts), hosts=hosts, seconds=12.3456, inventory="site")


def tree(*hosts: HostReport) -> ElementTree.Element:
    text = junit.render(whole(*hosts))
    SCHEMA.validate(text)
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def ended(suite: ElementTree.Element) -> dict[str, str]:
    """Each test's name and how it ended."""
    return {
        case.get("name", ""): next((child.tag for child in case if child.tag != "system-out"), "passed")
        for case in suite.iter("testcase")
    }


def test_a_host_in_sync_passes() -> None:
    root = tree(well())
    assert ended(root) == {"look": "passed", "declaration": "passed"}
    (suite,) = root
    assert (suite.get("name"), suite.get("hostname"), suite.get("timestamp")) == ("a", "a", "2026-11-24T02:59:59")
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("time")) == ("2", "0", "0", "12.346")
    assert {case.get("classname") for case in root.iter("testcase")} == {"a"}


def test_each_concern_that_drifts_fails_with_all_its_changes() -> None:
    other = DRIVER.model_copy(update={"item": "nvidia-modprobe"})
    root = tree(well(status="drift", changes=(DRIVER, CUDA, other)))
    assert ended(root) == {"look": "passed", "driver": "failure", "cuda": "failure"}
    (failure, _) = root.iter("failure")
    assert failure.get("message") == "driver cuda-drivers-580: 580.82.07 -> 580.95.05 and 1 more"
    assert "driver nvidia-modprobe: 580.82.07 -> 580.95.05" in (failure.text or "")
    assert "next: fleet plan --limit a; fleet apply --limit a" in (failure.text or "")


def test_findings_fail_pass_or_are_skipped_by_what_they_count() -> None:
    accepted = LOST.model_copy(update={"accepted": True})
    told = Finding(code="GPU902", severity="info", message="by the way")
    root = tree(well(status="unhealthy", findings=(LOST, ODD, told, accepted, LOST)))
    title = next(name for name in ended(root) if name.startswith("GPU120"))
    assert ended(root) == {
        "look": "passed",
        "declaration": "passed",
        title: "failure",
        "GPU901": "passed",
        "GPU902": "passed",
        f"{title} (2)": "skipped",
        f"{title} (3)": "failure",
    }
    (first, _) = root.iter("failure")
    assert (first.get("type"), first.get("message")) == ("error", "nouveau is loaded")
    assert (first.text or "").splitlines()[1:] == ["nouveau 1 4", "next: reboot", "fleet explain GPU120"]
    assert "GPU901 warning: odd" in [(out.text or "").split("\n")[0] for out in root.iter("system-out")]


def test_a_warning_fails_where_it_made_the_host_unhealthy() -> None:
    assert ended(tree(well(status="unhealthy", findings=(ODD,))))["GPU901"] == "failure"


def test_a_host_that_is_away_is_an_error_and_one_that_is_not_decided_too() -> None:
    away = HostReport(
        host="b", status="unreachable", error=Failure(code="RUN201", message="no answer", hint="ssh b"), seconds=10
    )
    undecided = well("c", status="failed", error=Failure(code="RUN236", message="not seen"), not_seen=("gpu/smi",))
    root = tree(away, undecided)
    assert [ended(suite) for suite in root] == [
        {"look": "error"},
        {"look": "error", "declaration": "skipped", "not seen: gpu/smi": "skipped"},
    ]
    assert (root.get("errors"), root.get("failures")) == ("2", "0")
    assert root[1].get("skipped") == "2"
    (error, _) = root.iter("error")
    assert (error.get("type"), error.get("message")) == ("RUN201", "no answer")
    assert (error.text or "").endswith("next: ssh b\nfleet explain RUN201")


def test_the_suite_says_what_became_of_its_host_since_the_baseline() -> None:
    new = whole(well("a", status="drift", changes=(DRIVER,)), well("b"))
    made = baseline.compare(whole(well("a"), well("b")), new.hosts, ("a", "b"))
    root = ElementTree.fromstring(junit.render(new.model_copy(update={"baseline": made})))  # noqa: S314 - our own
    told = [{item.get("name"): item.get("value") for item in suite.iter("property")} for suite in root]
    assert told == [{"status": "drift", "baseline": "in-sync -> drift"}, {"status": "in-sync"}]


def test_text_that_xml_cannot_hold_is_escaped_and_bounded() -> None:
    evil = Finding(
        code="GPU120", severity="error", message="\x00\x1b]]>&<b>\ufffe\ud800" + "m" * 5000, evidence="e\x08\n" * 500
    )
    root = tree(well(status="unhealthy", findings=(evil,), not_seen=("\x1b[0m",)))
    (failure,) = root.iter("failure")
    assert (failure.get("message") or "").startswith("\\x00\\x1b]]>&<b>\\ufffe\\ud800mmm")
    assert len(failure.get("message") or "") == 300
    assert (failure.text or "").splitlines()[-2:] == ["... 440 more lines, in the JSON", "fleet explain GPU120"]


def test_each_gpu_that_computed_or_was_left_alone_is_a_test() -> None:
    results = (
        Result(way="driver", outcome="passed", uuid="GPU-1", device="GPU 0 NVIDIA L4", rate_tflops=12.34),
        Result(way="torch", outcome="skipped", uuid="GPU-2", device="GPU 1 NVIDIA L4", environment="ml", text="in use"),
        Result(way="nvcc", outcome="failed", uuid="GPU-1", device="GPU 0 NVIDIA L4"),
    )
    root = tree(well(compute=Compute(ran=True, results=results)))
    assert list(ended(root).items())[2:] == [
        ("compute: driver GPU 0 NVIDIA L4", "passed"),
        ("compute: torch ml GPU 1 NVIDIA L4", "skipped"),
    ]
    assert [out.text for out in root.iter("system-out")] == ["12.3 TFLOPS"]


def test_a_report_of_no_host_is_still_a_document() -> None:
    assert list(tree()) == []
