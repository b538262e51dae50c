"""The report as JSON: its JSON Schema is published, true and not stale; keys stay in their order."""

import json
from pathlib import Path

import jsonschema
import pytest

from fleet.errors import Failure
from fleet.report import baseline, document, model
from fleet.report.model import Facts, GpuKind, HostReport, Report
from schema.errors import Finding
from schema.plan import Change

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "drift-report.schema.json").read_text())
HOST_KEYS = ["host", "status", "pending", "changes", "findings", "not_seen", "error"]


def everything() -> Report:
    """A report with something in every key."""
    change = Change(concern="driver", item="cuda-drivers-580", observed=None, desired="580.95.05", disruption="reboot")
    finding = Finding(code="GPU900", severity="error", message="broken", evidence="a\nb", hint="mend it")
    hosts = (
        HostReport(
            host="a",
            status="drift",
            pending="reboot",
            changes=(change,),
            findings=(finding,),
            not_seen=("host/disks",),
            groups=("rack",),
            seen="2026-11-24T03:00:00Z",
            seconds=0.4,
            facts=Facts(ubuntu="24.04", cuda=("12.9",), gpus=(GpuKind(name="NVIDIA L4", count=2),), gpus_on_bus=2),
        ),
        HostReport(host="b", status="failed", error=Failure(code="RUN208", message="nothing", hint="look")),
    )
    old = Report(time="2026-11-23T03:00:00Z", hosts=(HostReport(host="a", status="in-sync"),))
    return Report(
        time="2026-11-24T03:00:00Z",
        summary=model.counts(hosts),
        hosts=hosts,
        inventory="site",
        started="2026-11-24T02:59:58Z",
        seconds=2.0,
        baseline=baseline.compare(old, hosts, ("a", "b")),
    )


def test_the_published_schema_is_the_models() -> None:
    assert document.schema() == SCHEMA, "run: make docs"


def test_the_schema_takes_reports_and_refuses_what_is_none() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    tree = json.loads(document.render(everything()))
    validator.validate(tree)
    validator.validate(tree | {"later": 1})
    for wrong in (
        {"version": 2},
        {"hosts": [tree["hosts"][0] | {"status": "fine"}]},
        {"hosts": [tree["hosts"][0] | {"changes": None}]},
        {"summary": {"in-sync": "1"}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(tree | wrong)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({key: value for key, value in tree.items() if key != "time"})


def test_every_key_is_written_in_a_stable_order_and_documented() -> None:
    tree = json.loads(document.render(everything()))
    assert list(tree)[:4] == ["version", "time", "summary", "hosts"]
    assert [list(host)[:7] for host in tree["hosts"]] == [HOST_KEYS, HOST_KEYS]
    page = (ROOT / "docs" / "drift-report.md").read_text()
    for definition in (
        SCHEMA,
        *(SCHEMA["$defs"][name] for name in ("HostReport", "HostDifference", "Baseline", "Facts")),
    ):
        for key in definition["properties"]:
            assert f"`{key}`" in page, key


def test_text_of_hosts_is_whole_in_json() -> None:
    hostile = 'x"\\\u0000\u001b[31m</script>\u2028\U0001f600'
    report = everything()
    host = report.hosts[0].model_copy(update={"not_seen": (hostile,)})
    made = json.loads(document.render(report.model_copy(update={"hosts": (host,)})))
    assert made["hosts"][0]["not_seen"] == [hostile]
