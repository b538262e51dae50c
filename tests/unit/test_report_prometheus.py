"""The report for Prometheus: what the exposition format asks for, times that are kept, and alerts that can fire."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from fleet.errors import Failure
from fleet.report import exposition, prometheus
from fleet.report.model import Facts, GpuKind, HostReport, Report, counts
from schema.compute import Compute, Result
from schema.compute.model import Outcome
from schema.errors import Finding
from schema.plan import Change

ROOT = Path(__file__).parents[2]
CHANGE = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
LOST = Finding(code="GPU901", severity="error", message="a GPU is lost")
FACTS = Facts(
    ubuntu="24.04",
    driver="580.95.05",
    cuda=("12.6", "12.9"),
    gpus=(GpuKind(name="NVIDIA L4", count=2),),
    gpus_declared=2,
    gpus_on_bus=2,
    gpus_listed=2,
)
SEEN = "2026-11-24T02:59:59Z"
AWAY = Failure(code="RUN201", message="no answer")


def well(name: str, **values: object) -> HostReport:
    return HostReport.model_validate(
        {"host": name, "status": "in-sync", "seen": SEEN, "last_seen": SEEN, "seconds": 0.25, "facts": FACTS} | values
    )


def away(name: str, **values: object) -> HostReport:
    return HostReport.model_validate(
        {"host": name, "status": "unreachable", "error": AWAY, "seconds": 10.0, "facts": None} | values
    )


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-24T03:00:00Z", summary=counts(hosts), hosts=hosts, seconds=12.5, inventory="site")


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and label values, read with Prometheus' own parser; a series that stands twice is refused."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        assert (family.type, bool(family.documentation)) == ("gauge", True), family
        for sample in family.samples:
            key = (sample.name, *(value for _, value in sorted(sample.labels.items())))
            assert key not in found and sample.timestamp is None, sample
            found[key] = sample.value
    return found


def test_every_host_has_its_status_its_times_and_its_gpus() -> None:
    found = samples(prometheus.render(whole(well("a"), away("b"))) + "\n")
    assert found["gpufleet_node_status", "a", "in-sync"] == 1
    assert found["gpufleet_node_status", "a", "drift"] == 0
    assert found["gpufleet_node_status", "b", "unreachable"] == 1
    assert (found["gpufleet_node_up", "a"], found["gpufleet_node_up", "b"]) == (1, 0)
    assert found["gpufleet_node_last_seen_timestamp_seconds", "a"] == 1795489199
    assert found["gpufleet_node_look_duration_seconds", "b"] == 10
    assert found["gpufleet_nvidia_pci_devices_total", "a"] == 2
    assert found["gpufleet_run_timestamp_seconds", "site", ""] == 1795489200
    assert found["gpufleet_run_duration_seconds", "site", ""] == 12.5
    assert found["gpufleet_nodes", "site", "", "unreachable"] == 1
    assert ("gpufleet_node_driver_ready", "b") not in found


def test_changes_are_counted_by_concern_and_findings_by_code() -> None:
    accepted = LOST.model_copy(update={"accepted": True})
    host = well("a", status="drift", changes=(CHANGE, CHANGE), findings=(LOST, LOST, accepted), pending="reboot")
    found = samples(prometheus.render(whole(host)) + "\n")
    assert found["gpufleet_node_changes", "driver", "a"] == 2
    assert found["gpufleet_node_findings", "false", "GPU901", "a", "error"] == 2
    assert found["gpufleet_node_findings", "true", "GPU901", "a", "error"] == 1
    assert (found["gpufleet_node_pending", "a", "reboot"], found["gpufleet_node_pending", "a", "blocked"]) == (1, 0)
    assert (found["gpufleet_node_driver_validation", "a"], found["gpufleet_node_driver_ready", "a"]) == (1, 0)


@pytest.mark.parametrize(
    ("facts", "validation"),
    [
        (FACTS, 1),
        (FACTS.model_copy(update={"gpus_listed": 0}), 0),
        (FACTS.model_copy(update={"gpus_listed": None}), 0),
        (FACTS.model_copy(update={"gpus_listed": None, "unseen": ("gpus_listed",)}), None),
        (Facts(gpus_on_bus=0, gpus_listed=None), None),
        (Facts(gpus_on_bus=0, gpus_declared=1, gpus_listed=None), 0),
    ],
)
def test_the_driver_is_validated_only_where_it_could_be(facts: Facts, validation: int | None) -> None:
    found = samples(prometheus.render(whole(well("a", facts=facts))) + "\n")
    assert found.get(("gpufleet_node_driver_validation", "a")) == validation
    assert found.get(("gpufleet_node_driver_ready", "a")) == validation


@pytest.mark.parametrize(
    ("outcomes", "ready"),
    [
        (["passed", "skipped"], 1),
        (["passed", "failed"], 0),
        (["skipped"], None),
        ([], None),
        (["not-seen", "passed"], 1),
    ],
)
def test_cuda_is_ready_where_all_that_was_tested_computes(outcomes: list[Outcome], ready: int | None) -> None:
    results = tuple(Result(way="driver", outcome=outcome, uuid="GPU-1") for outcome in outcomes)
    host = well("a", compute=Compute(ran=bool(results), results=results))
    found = samples(prometheus.render(whole(host, well("b"))) + "\n")
    assert found.get(("gpufleet_node_cuda_ready", "a")) == ready
    assert ("gpufleet_node_cuda_ready", "b") not in found


def test_a_host_that_is_away_keeps_the_times_of_the_earlier_file(tmp_path: Path) -> None:
    file = tmp_path / "drift.prom"
    file.write_text(prometheus.render(whole(well("a"), well("b"))) + "\n")
    for _ in range(2):
        file.write_text(prometheus.render(whole(away("a"), away("c")), file) + "\n")
    found = samples(file.read_text())
    assert found["gpufleet_node_last_seen_timestamp_seconds", "a"] == 1795489199
    assert found["gpufleet_node_driver_validation_last_success_ts_seconds", "a"] == 1795489199
    assert not [key for key in found if "b" in key]
    assert ("gpufleet_node_last_seen_timestamp_seconds", "c") not in found


def test_the_driver_that_fails_today_keeps_when_it_last_worked(tmp_path: Path) -> None:
    file = tmp_path / "drift.prom"
    file.write_text(prometheus.render(whole(well("a"))) + "\n")
    later = well("a", seen="2026-11-25T03:00:00Z", facts=FACTS.model_copy(update={"gpus_listed": None}))
    found = samples(prometheus.render(whole(later), file) + "\n")
    assert found["gpufleet_node_driver_validation_last_success_ts_seconds", "a"] == 1795489199
    assert found["gpufleet_node_last_seen_timestamp_seconds", "a"] == 1795575600


def test_the_baseline_knows_when_a_host_was_seen_too() -> None:
    found = samples(prometheus.render(whole(away("a", last_seen="2026-11-20T03:00:00Z"))) + "\n")
    assert found["gpufleet_node_last_seen_timestamp_seconds", "a"] == 1795143600


def test_two_files_of_one_folder_have_no_series_in_common(tmp_path: Path) -> None:
    one = samples(prometheus.render(whole(well("a")), tmp_path / "rack-a.prom") + "\n")
    other = samples(prometheus.render(whole(well("b")), tmp_path / "rack-b.prom") + "\n")
    assert one.keys() & other.keys() == set()


def test_a_damaged_earlier_file_is_no_source(tmp_path: Path) -> None:
    file = tmp_path / "drift.prom"
    name = prometheus.SEEN
    file.write_bytes(
        f'{name}{{node="a"}} soon\n{name}{{node="a\\"}} 1\n{name}{{node="b"}} 17\n{name}'.encode() + b"\xff\x00"
    )
    assert exposition.earlier(file, name, "node") == {"b": 17}
    assert exposition.earlier(tmp_path, name, "node") == exposition.earlier(None, name, "node") == {}


def test_text_of_hosts_stays_within_its_quotes() -> None:
    evil = 'x"} 1\ngpufleet_node_up{node="root"} 1\n\\' + "\x1b\ud800\u2028" + "y" * 500
    facts = FACTS.model_copy(update={"kernel": evil, "gpus": (GpuKind(name=evil, count=1),)})
    text = prometheus.render(whole(well("a", facts=facts, not_seen=(evil,)))) + "\n"
    found = samples(text)
    assert [key for key in found if key[0] == "gpufleet_node_up"] == [("gpufleet_node_up", "a")]
    assert text.isascii() or all(line.isprintable() for line in text.splitlines())
    assert max(map(len, text.splitlines())) < 1200


def test_help_and_type_stand_once_before_their_samples() -> None:
    lines = prometheus.render(whole(well("a", findings=(LOST,)), away("b"))).splitlines()
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert heads == [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(heads) == len(set(heads)) and set(heads) <= set(prometheus.MEANINGS)
    family = ""
    for line in lines:
        family = line.split()[2] if line.startswith("#") else family
        assert line.startswith(("#", f"{family} ", f"{family}{{")), line


def test_every_metric_is_documented_and_the_page_names_no_other() -> None:
    page = (ROOT / "docs" / "drift-report.md").read_text()
    named = set(re.findall(r"\bgpufleet_[a-z_]+", page))
    assert named == set(prometheus.MEANINGS)


def test_the_example_alerts_ask_for_metrics_and_labels_that_there_are() -> None:
    """Prometheus' own checker is no Python: names and labels of each expression are compared with a real report."""
    page = (ROOT / "docs" / "drift-report.md").read_text()
    (block,) = re.findall(r"```yaml\n(groups:.*?)```", page, re.DOTALL)
    rules = [rule for group in yaml.safe_load(block)["groups"] for rule in group["rules"]]
    text = prometheus.render(whole(well("a", findings=(LOST,), changes=(CHANGE,)), away("b")))
    labels: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text + "\n"):
        for sample in family.samples:
            for key, value in sample.labels.items():
                labels.setdefault(sample.name, {}).setdefault(key, set()).add(value)
    assert len(rules) >= 5
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"} and rule["annotations"]["summary"]
        assert re.fullmatch(r"[0-9]+[smhd]", rule.get("for", "1m"))
        asked = re.findall(r"(gpufleet_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"])
        assert asked, rule
        for name, matchers in asked:
            assert name in prometheus.MEANINGS, name
            for key, _, value in re.findall(r'([a-z_]+)(=|!=|=~)"([^"]*)"', matchers):
                known = labels[name][key]
                assert key == "code" or set(value.split("|")) <= known, (rule, key, known)
        for key in re.findall(r"\$labels\.([a-z_]+)", str(rule["annotations"])):
            assert any(key in labels.get(name, {}) for name, _ in asked), (rule, key)
