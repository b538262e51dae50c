"""The report as JUnit XML, as Jenkins, GitLab and GitHub's reporters show it: a test suite for each host.

No standard says what it is; elements and attributes are those that Jenkins' xunit plugin takes (junit-10.xsd), and that
GitLab parses (docs.gitlab.com/ci/testing/unit_test_reports): there a test is known by its class and name, so that both
stay the same from one run to the next, and every detail is in the text.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from fleet.errors import Failure
from fleet.report import difference, since, words
from fleet.report.model import HostDifference, HostReport, Report
from schema import codes
from schema.compute import Result
from schema.errors import Finding

# GitLab shows the text in a narrow column, and reads at most 30 MB of a file.
LONGEST_MESSAGE, MOST_LINES = 300, 60
NOT_SEEN = "could not be read by this user, or in time"
Outcome = Literal["passed", "failure", "error", "skipped"]


class Case(NamedTuple):
    """One test: its name, how it ended, the kind and one line of that, and its text."""

    name: str
    outcome: Outcome = "passed"
    kind: str = ""
    message: str = ""
    text: tuple[str, ...] = ()


def render(report: Report) -> str:
    known = {host.host: host for host in report.baseline.hosts} if report.baseline is not None else {}
    root = Element("testsuites", name=f"fleet drift {report.inventory}".strip(), time=_time(report.seconds))
    for host in report.hosts:
        _suite(root, host, known.get(host.host), report.time)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}'


def _suite(root: Element, host: HostReport, changed: HostDifference | None, time: str) -> None:
    made = _unique(cases(host))
    outcomes = [case.outcome for case in made]
    suite = SubElement(
        root,
        "testsuite",
        name=host.host,
        tests=str(len(made)),
        failures=str(outcomes.count("failure")),
        errors=str(outcomes.count("error")),
        skipped=str(outcomes.count("skipped")),
        time=_time(host.seconds),
        timestamp=_stamp(host.seen or time),
        hostname=host.host,
    )
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="status", value=host.status)
    if changed is not None:
        SubElement(properties, "property", name="baseline", value=difference.status(changed))
    for case in made:
        _case(suite, host, case)


def _case(suite: Element, host: HostReport, case: Case) -> None:
    seconds = host.seconds if case.name == "look" else 0
    test = SubElement(suite, "testcase", classname=host.host, name=case.name, time=_time(seconds))
    text = "\n".join(case.text)
    if case.outcome == "passed":
        if text:
            SubElement(test, "system-out").text = text
        return
    told = SubElement(test, case.outcome, message=words.plain(case.message)[:LONGEST_MESSAGE])
    if case.kind:
        told.set("type", case.kind)
    told.text = text or None


def cases(host: HostReport) -> Iterator[Case]:
    """The look, the declaration or each concern that differs from it, each finding, and what was not seen."""
    yield _error(host.error) if host.error is not None else Case("look")
    if host.error is not None and not (host.facts or host.changes or host.findings):
        return
    yield from _declaration(host)
    for item in host.findings:
        yield _finding(item, host)
    for result in host.compute.results if host.compute is not None else ():
        yield from _computed(result)
    for name in host.not_seen:
        yield Case(
            f"not seen: {words.plain(name)}", "skipped", "not-seen", "could not be read by this user, or in time"
        )


def _error(error: Failure) -> Case:
    return Case("look", "error", error.code, error.message, (*error.lines(), f"fleet explain {error.code}"))


def _declaration(host: HostReport) -> Iterator[Case]:
    """One test that passes, or one for each concern that differs: its name says what."""
    told = dict(zip(host.changes, since.changes(host), strict=False))
    for concern in dict.fromkeys(item.concern for item in host.changes):
        mine = [item for item in host.changes if item.concern == concern]
        lines = [line for item in mine for line in told[item]]
        message = f"{words.change(mine[0])}{f' and {len(mine) - 1} more' if len(mine) > 1 else ''}"
        hint = f"next: fleet plan --limit {host.host}; fleet apply --limit {host.host}"
        yield Case(words.plain(concern), "failure", "drift", message, (*_bounded(lines), hint))
    if not host.changes:
        decided = host.error is None
        yield (
            Case("declaration") if decided else Case("declaration", "skipped", "not-seen", "the look did not decide it")
        )


def _finding(item: Finding, host: HostReport) -> Case:
    """What counts against the host fails; accepted findings are skipped, and the others pass with their text."""
    entry = codes.entry(item.code)
    name = words.plain(f"{item.code} {entry.title}" if entry is not None else item.code)
    text = (
        words.headline(item),
        *_bounded([words.plain(line) for line in item.evidence.splitlines()]),
        *([f"next: {words.plain(item.hint)}"] if item.hint else []),
        f"fleet explain {item.code}",
    )
    if item.accepted:
        return Case(name, "skipped", "accepted", f"accepted: {item.message}", text)
    failed = item.severity == "error" or (item.severity == "warning" and _warnings_count(host))
    return Case(name, "failure" if failed else "passed", item.severity, item.message, text)


def _computed(result: Result) -> Iterator[Case]:
    """A test of the smoke test that passed, or that was not made; those that failed are findings."""
    place = result.device if result.environment is None else f"{result.environment} {result.device}".rstrip()
    name = words.plain(f"compute: {result.way} {place}")
    if result.outcome == "passed":
        rate = f"{result.rate_tflops:.1f} TFLOPS" if result.rate_tflops is not None else ""
        yield Case(name, text=(rate,) if rate else ())
    elif result.outcome != "failed":
        yield Case(name, "skipped", result.outcome, result.text)


def _warnings_count(host: HostReport) -> bool:
    """Whether --fail-on warning made this host unhealthy: without an error nothing else does."""
    return host.status == "unhealthy" and not any(
        item.severity == "error" and not item.accepted for item in host.findings
    )


def _unique(made: Iterator[Case]) -> list[Case]:
    """GitLab takes the first of two tests with one name only."""
    seen: dict[str, int] = {}
    found = []
    for case in made:
        seen[case.name] = seen.get(case.name, 0) + 1
        number = seen[case.name]
        found.append(case if number == 1 else case._replace(name=f"{case.name} ({number})"))
    return found


def _bounded(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"... {more} more lines, in the JSON"]


def _time(seconds: float | None) -> str:
    """Seconds with three decimals: junit-10.xsd takes no more."""
    return f"{seconds or 0:.3f}"


def _stamp(time: str) -> str:
    """Without the zone, as the schema of Ant has it: it is UTC."""
    return words.plain(time.removesuffix("Z"))
