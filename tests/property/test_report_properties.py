"""What holds for every report, whatever its hosts say: no form loses a host, and each keeps to its grammar."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from fleet.errors import Failure
from fleet.report import baseline, details, document, group, junit, markdown, prometheus, text
from fleet.report.model import Facts, GpuKind, HostReport, Report, counts
from fleet.terminal import Terminal
from schema import ranges
from schema.errors import Finding
from schema.plan import Change

SCHEMA = jsonschema.Draft202012Validator(document.schema())
JUNIT = xmlschema.XMLSchema(str(Path(__file__).parents[1] / "unit" / "data" / "junit.xsd"))
MARKDOWN = MarkdownIt("commonmark").enable("table")
TABLE = {f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")}
FLOW = {f"{part}_{end}" for part in ("heading", "paragraph") for end in ("open", "close")}
TOKENS = {*TABLE, *FLOW, "inline", "text", "code_inline", "fence"}
# All words that stand outside of code.
PROSE = """Drift check all in sync in-sync drift unhealthy unreachable failed host hosts pending reboot blocked s Status
Number Hosts Code Severity What it is error warning info more group groups of equal had no room the JSON has them"""
ANY = st.text(max_size=30) | st.sampled_from(
    ["", "\x1b[2J", "]]>", '"\\\n', "<b>&", "| a | b |", "```", "\ud800", "\r\n", "@all", "/close"]
)
NAMES = st.from_regex(r"\A(n|gpu-)[0-9]{1,3}\Z") | st.from_regex(r"\A[a-z][a-z0-9.-]{0,5}\Z")
CODES = st.sampled_from(["GPU900", "GPU901", "CMP900"])
FINDINGS = st.builds(
    Finding,
    code=CODES,
    severity=st.sampled_from(["error", "warning", "info"]),
    accepted=st.booleans(),
    message=ANY,
    evidence=ANY,
    hint=ANY,
)
CHANGES = st.builds(
    Change,
    concern=st.sampled_from(["driver", "cuda"]),
    item=ANY,
    observed=st.none() | ANY,
    desired=st.none() | ANY,
    disruption=st.sampled_from(["none", "restart", "reboot"]),
)
FACTS = st.builds(
    Facts,
    kernel=st.none() | ANY,
    cuda=st.lists(ANY, max_size=2).map(tuple),
    gpus=st.lists(st.builds(GpuKind, name=ANY, count=st.integers(1, 9)), max_size=2).map(tuple),
    gpus_on_bus=st.none() | st.integers(0, 9),
    gpus_listed=st.none() | st.integers(0, 9),
)
HOSTS = st.builds(
    HostReport,
    host=NAMES,
    status=st.sampled_from(["in-sync", "drift", "unhealthy", "unreachable", "failed"]),
    pending=st.sampled_from(["none", "reboot", "blocked"]),
    changes=st.lists(CHANGES, max_size=2).map(tuple),
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    not_seen=st.lists(ANY, max_size=2).map(tuple),
    error=st.none() | st.builds(Failure, code=st.just("RUN201"), message=ANY, evidence=ANY, hint=ANY),
    seen=st.none() | st.just("2026-11-24T02:59:59Z"),
    seconds=st.none() | st.floats(0, 600),
    facts=st.none() | FACTS,
)


def made(hosts: list[HostReport]) -> Report:
    return Report(
        time="2026-11-24T03:00:00Z",
        started="2026-11-24T02:59:00Z",
        seconds=60.0,
        summary=counts(hosts),
        hosts=tuple(hosts),
        inventory="site",
    )


LISTS = st.lists(HOSTS, max_size=8, unique_by=lambda host: host.host)
REPORTS = LISTS.map(made)


@settings(deadline=None)
@given(REPORTS)
def test_every_host_is_in_one_group_and_all_of_a_group_are_alike(report: Report) -> None:
    found = group.groups(report.hosts)
    assert sorted(name for one in found for name in one.names) == sorted(host.host for host in report.hosts)
    assert all(len({host.status for host in one.hosts}) == 1 for one in found)
    assert all(len({len(details.pieces(host)) for host in one.hosts}) == 1 for one in found)


@settings(deadline=None)
@given(REPORTS)
def test_text_names_every_host_with_its_status_once(report: Report) -> None:
    shown = text.render(report, Terminal(excerpts=False)).split("\n")
    assert all(line.isprintable() for line in shown)
    heads = [found for line in shown if (found := re.fullmatch(r"(\S+(?:, \S+)*) +(\S+)(?: \([^()]+\))?", line))]
    told = [
        (part, head[2]) for head in heads for part in ranges.split(head[1].replace(", ", ",")) if head[2] in counts([])
    ]
    for host in report.hosts:
        hits = [status for part, status in told if part == host.host or ranges.matches(host.host, part)]
        assert hits == [host.status]


@settings(deadline=None)
@given(LISTS, LISTS)
def test_a_comparison_counts_every_host_once(old: list[HostReport], new: list[HostReport]) -> None:
    then, today = {host.host for host in old}, {host.host for host in new}
    compared = baseline.compare(made(old), new, today)
    both = len(compared.hosts) + compared.same
    assert (both, set(compared.added), set(compared.removed)) == (len(then & today), today - then, then - today)
    assert "as before" in text.render(made(new).model_copy(update={"baseline": compared}))


@settings(deadline=None)
@given(HOSTS)
def test_a_host_does_not_differ_from_itself(host: HostReport) -> None:
    assert baseline.difference(host, host) is None


@settings(deadline=None)
@given(REPORTS)
def test_any_report_is_a_valid_exposition_without_a_series_twice(report: Report) -> None:
    text = prometheus.render(report) + "\n"
    assert all(line.isprintable() for line in text.splitlines())
    series = [
        (sample.name, *sorted(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(series) == len(set(series)) == len([line for line in text.splitlines() if not line.startswith("#")])


@settings(deadline=None)
@given(REPORTS)
def test_any_report_is_valid_junit_that_counts_right(report: Report) -> None:
    text = junit.render(report)
    JUNIT.validate(text)
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert [suite.get("name") for suite in root] == [host.host for host in report.hosts]
    for suite in root:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests", "")) == len(cases) == len({case.get("name") for case in cases}) > 0
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(key, "")) == sum(case.find(tag) is not None for case in cases)


@settings(deadline=None)
@given(REPORTS)
def test_no_text_of_a_host_leaves_its_code_in_markdown(report: Report) -> None:
    made = markdown.render(report)
    assert len(made) <= 65_536
    tokens = [token for outer in MARKDOWN.parse(made) for token in (outer, *(outer.children or ()))]
    assert {token.type for token in tokens} <= TOKENS
    prose = {word for token in tokens if token.type == "text" for word in re.split(r"[ ,.:()]+|[0-9]+", token.content)}
    assert prose - {""} <= set(PROSE.split())


@settings(deadline=None)
@given(LISTS, LISTS)
def test_any_report_is_read_again_as_it_was_written(old: list[HostReport], new: list[HostReport]) -> None:
    compared = baseline.compare(made(old), new, [host.host for host in new])
    report = made(new).model_copy(update={"baseline": compared})
    # As fleet.output writes it: what is no UTF-8 as an escape, which JSON has too.
    tree = json.loads(document.render(report).encode("utf-8", "backslashreplace"))
    SCHEMA.validate(tree)
    assert Report.model_validate(tree, extra="ignore") == report
