"""--baseline: what is new and gone since an earlier report, and files that are none."""

import json
from pathlib import Path

import pytest

from fleet.errors import Failure, RunError
from fleet.report import baseline, document
from fleet.report.model import HostReport, Report, counts
from schema.compute import Compute
from schema.errors import Finding
from schema.plan import Change

CHANGE = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
OTHER = Change(concern="cuda", item="cuda-toolkit-12-9", observed=None, desired="12.9")
FULL = Finding(code="GPU900", severity="warning", message="/ has 812 MiB left", evidence="df: 812")
LOST = Finding(code="GPU901", severity="error", message="GPU 0000:1e:00.0 is lost")
AWAY = Failure(code="RUN201", message="no answer")


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-23T03:00:00Z", summary=counts(hosts), hosts=hosts, inventory="site")


def became(old: HostReport, new: HostReport) -> tuple[list[str], list[str]]:
    """Changes and findings as "new", "gone" or "other" with their item or code."""
    made = baseline.difference(old, new)
    assert made is not None

    def word(before: object, after: object) -> str:
        return "new" if before is None else "gone" if after is None else "other"

    return (
        [f"{word(p.before, p.after)} {(p.after or p.before).item}" for p in made.changes],  # type: ignore[union-attr]
        [f"{word(p.before, p.after)} {(p.after or p.before).code}" for p in made.findings],  # type: ignore[union-attr]
    )


def drifting(*changes: Change, findings: tuple[Finding, ...] = ()) -> HostReport:
    return HostReport(host="a", status="drift" if changes else "in-sync", changes=changes, findings=findings)


def test_what_appeared_and_what_vanished_is_told() -> None:
    assert became(drifting(CHANGE), drifting(OTHER)) == (["new cuda-toolkit-12-9", "gone cuda-drivers-580"], [])
    again = CHANGE.model_copy(update={"observed": "580.65.06"})
    assert became(drifting(CHANGE), drifting(again)) == (["other cuda-drivers-580"], [])


def test_a_host_as_it_was_is_no_difference() -> None:
    later = FULL.model_copy(update={"evidence": "df: 811"})
    assert baseline.difference(drifting(CHANGE, findings=(FULL,)), drifting(CHANGE, findings=(later,))) is None


def test_a_finding_whose_number_moved_is_the_same_one_become_another() -> None:
    less = FULL.model_copy(update={"message": "/ has 91 MiB left"})
    assert became(drifting(findings=(FULL,)), drifting(findings=(less,))) == ([], ["other GPU900"])
    other = LOST.model_copy(update={"message": "GPU 0000:3b:00.0 is lost"})
    assert became(drifting(findings=(LOST,)), drifting(findings=(LOST, other))) == ([], ["new GPU901"])


def test_an_acceptance_that_ended_is_told() -> None:
    accepted = LOST.model_copy(update={"accepted": True})
    assert became(drifting(findings=(accepted,)), drifting(findings=(LOST,))) == ([], ["other GPU901"])


def test_nothing_of_a_host_that_was_not_reached_is_gone() -> None:
    away = HostReport(host="a", status="unreachable", error=AWAY)
    made = baseline.difference(drifting(CHANGE, findings=(LOST,)), away)
    assert made is not None
    assert (made.before, made.after, made.comparable, made.changes, made.findings) == (
        "drift",
        "unreachable",
        False,
        (),
        (),
    )
    back = baseline.difference(away, drifting(CHANGE))
    assert back is not None and not back.comparable
    assert baseline.difference(away, away) is None


def test_what_is_not_seen_today_is_named_beside_what_is_gone() -> None:
    blind = drifting().model_copy(update={"not_seen": ("gpu/smi",)})
    made = baseline.difference(drifting(findings=(LOST,)), blind)
    assert made is not None and made.not_seen == ("gpu/smi",)


def test_hosts_that_came_and_went_and_those_that_were_not_chosen() -> None:
    old = whole(*(HostReport(host=name, status="in-sync") for name in ("a", "gone", "later")))
    made = baseline.compare(old, (HostReport(host="a", status="in-sync"), HostReport(host="b", status="drift")), "ab")
    assert (made.added, made.removed, made.same, made.left_out) == (("b",), ("gone", "later"), 1, 0)
    made = baseline.compare(old, (HostReport(host="a", status="in-sync"),), ("a", "later"))
    assert (made.removed, made.left_out, made.hosts) == (("gone",), 1, ())


def test_a_report_is_read_as_it_was_written_and_unknown_keys_are_ignored(tmp_path: Path) -> None:
    made = whole(drifting(CHANGE, findings=(FULL, LOST)), HostReport(host="b", status="unreachable", error=AWAY))
    tree = json.loads(document.render(made))
    tree["later"] = tree["hosts"][0]["later"] = tree["hosts"][0]["changes"][0]["later"] = {"any": ["thing"]}
    (tmp_path / "old.json").write_text(json.dumps(tree))
    assert baseline.read(tmp_path / "old.json") == made


def test_a_report_of_the_contract_alone_is_read(tmp_path: Path) -> None:
    host = {"host": "a", "status": "in-sync", "pending": "none", "changes": [], "findings": [], "not_seen": []}
    tree = {"version": 1, "time": "2026-01-01T00:00:00Z", "summary": {}, "hosts": [host | {"error": None}]}
    (tmp_path / "old.json").write_text(json.dumps(tree))
    assert baseline.read(tmp_path / "old.json").hosts == (HostReport(host="a", status="in-sync"),)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "RUN411", "No such file"),
        ("", "RUN412", "empty"),
        ("desk  in-sync\n", "RUN412", "no whole JSON"),
        (document.render(whole(drifting(CHANGE)))[:-200], "RUN412", "no whole JSON"),
        ("[1, 2]", "RUN412", "no drift report"),
        ("[" * 100_000, "RUN412", "no whole JSON"),
        ('{"version": 1, "ok": true, "hosts": 3}', "RUN412", "hosts"),
        ('{"version": 1, "time": "", "hosts": [{"host": "a", "status": "changes"}]}', "RUN412", "hosts.0.status"),
        ('{"version": 2, "time": "", "hosts": []}', "RUN413", "version 2"),
        ('{"time": "", "hosts": []}', "RUN413", "version None"),
        (b"\xff\xfe\x00", "RUN412", "no whole JSON"),
    ],
)
def test_a_file_that_is_no_report_is_refused_in_words(
    tmp_path: Path, content: str | bytes | None, code: str, words: str
) -> None:
    file = tmp_path / "old.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RunError, match=words) as raised:
        baseline.read(file)
    assert raised.value.code == code and str(file) in raised.value.text()


def test_a_baseline_of_other_hosts_is_refused() -> None:
    old = whole(*(HostReport(host=f"n{number}", status="in-sync") for number in range(5)))
    with pytest.raises(RunError, match="'site'") as raised:
        baseline.check(old, Path("old.json"), ("desk",))
    assert "n0, n1, n2 and 2 more" in raised.value.text()
    baseline.check(old, Path("old.json"), ("desk", "n4"))
    baseline.check(whole(), Path("old.json"), ("desk",))


def test_a_smoke_test_that_only_one_of_the_looks_made_is_neither_new_nor_gone() -> None:
    wrong = Finding(code="GPU260", severity="error", message="GPU 0 computes wrong results")
    deep = drifting(findings=(LOST, wrong)).model_copy(update={"compute": Compute(ran=True), "status": "unhealthy"})
    gone = baseline.difference(deep, drifting(findings=(LOST,)))
    assert gone is not None and (gone.findings, gone.not_seen) == ((), ("compute",))
    come = baseline.difference(drifting(findings=(LOST,)), deep)
    assert come is not None and (come.findings, come.not_seen) == ((), ())
    sound = drifting(findings=(LOST,)).model_copy(update={"compute": Compute(ran=True)})
    assert became(deep, sound) == ([], ["gone GPU260"])
