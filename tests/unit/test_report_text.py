"""The report as text: equal hosts on one line, values that differ readable, the worst last, commands to type."""

import json
import re

from fleet.errors import Failure
from fleet.report import baseline, text
from fleet.report.model import HostReport, Report, counts
from fleet.terminal import Terminal
from schema.errors import Finding
from schema.plan import Change

CHANGE = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
FULL = Finding(code="GPU900", severity="error", message="/ has 812 MiB left", evidence="df: 812\nmounted: ro", hint="x")
NOTE = Finding(code="GPU901", severity="warning", message="odd", hint="fleet apply --limit n1")


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-24T03:00:00Z", summary=counts(hosts), hosts=hosts)


def many(first: int, last: int, **values: object) -> list[HostReport]:
    named = [f"node{number:03}" for number in range(first, last + 1)]
    return [HostReport.model_validate({"host": name, "status": "in-sync"} | values) for name in named]


def lines(*hosts: HostReport) -> list[str]:
    return text.render(whole(*hosts)).splitlines()


def test_one_host_is_told_as_alone() -> None:
    host = HostReport(host="desk", status="drift", pending="reboot", changes=(CHANGE,), findings=(NOTE,))
    assert lines(host) == [
        "desk  drift (pending: reboot)",
        "    driver cuda-drivers-580: 580.82.07 -> 580.95.05",
        "    since when: not in apt's logs (cuda-drivers-580)",
        "    GPU901 warning: odd",
        "      next: fleet apply --limit n1",
        "    next: fleet plan --limit desk; fleet apply --limit desk",
        "what a code means: fleet explain GPU901",
        "1 host: 1 drift",
    ]


def test_a_hundred_equal_hosts_are_one_line_and_details_are_told_once() -> None:
    drifted = many(101, 117, status="drift", changes=(CHANGE,))
    assert lines(*drifted, *many(1, 100)) == [
        "node[001-100]  in-sync (100 hosts)",
        "node[101-117]  drift (17 hosts)",
        "    driver cuda-drivers-580: 580.82.07 -> 580.95.05",
        "    since when: not in apt's logs (cuda-drivers-580)",
        "    next: fleet plan --limit 'node[101-117]'; fleet apply --limit 'node[101-117]'",
        "117 hosts: 100 in-sync, 17 drift",
    ]


def test_values_that_differ_are_told_with_their_hosts() -> None:
    less = FULL.model_copy(update={"message": "/ has 91 MiB left", "evidence": "df: 91\nmounted: ro"})
    shown = lines(*many(1, 3, status="unhealthy", findings=(FULL,)), *many(4, 4, status="unhealthy", findings=(less,)))
    assert shown[:10] == [
        "node[001-004]  unhealthy (4 hosts)",
        "    on node[001-003]:",
        "      GPU900 error: / has 812 MiB left",
        "        | df: 812",
        "    on node004:",
        "      GPU900 error: / has 91 MiB left",
        "        | df: 91",
        "      | mounted: ro",
        "      next: x",
        "what a code means: fleet explain GPU900",
    ]


def test_a_hosts_own_name_parts_no_group() -> None:
    def away(name: str) -> HostReport:
        error = Failure(code="RUN201", message=f"{name} could not be reached: no answer", hint=f"try: ssh {name}")
        return HostReport(host=name, status="unreachable", error=error)

    shown = lines(away("n1"), away("n2"), away("n11"))
    assert shown[0] == "n[1-2,11]  unreachable (3 hosts)"
    assert shown[1:3] == ["    RUN201 HOST could not be reached: no answer", "      next: try: ssh HOST"]
    hints = [Finding(code="GPU901", severity="warning", message="odd", hint=f"fleet apply --limit {n}") for n in "ab"]
    hosts = [HostReport(host=n, status="in-sync", findings=(hint,)) for n, hint in zip("ab", hints, strict=True)]
    assert "      next: fleet apply --limit a,b" in lines(*hosts)


def test_addresses_part_no_group_of_unreachable_hosts() -> None:
    def away(name: str, place: str) -> HostReport:
        error = Failure(
            code="RUN201",
            message=f"{name} ({place}:22) could not be reached: no answer",
            hint=f"try: ssh -p 22 me@{place}",
        )
        return HostReport(host=name, status="unreachable", error=error)

    shown = lines(away("alpha", "alpha.example"), away("beta", "10.0.0.7"), away("gamma", "gamma.other.example"))
    assert shown[:3] == [
        "alpha, beta, gamma  unreachable (3 hosts)",
        "    RUN201 HOST could not be reached: no answer",
        "      next: try: ssh -p 22 me@ADDRESS",
    ]
    assert "RUN201 alpha (alpha.example:22) could not be reached: no answer" in lines(away("alpha", "alpha.example"))[1]


def test_other_differences_and_other_findings_are_other_groups() -> None:
    older = CHANGE.model_copy(update={"observed": "580.65.06"})
    shown = lines(
        *many(1, 2, status="drift", changes=(CHANGE,)),
        *many(3, 3, status="drift", changes=(older,)),
        *many(4, 4, status="drift", changes=(CHANGE,), not_seen=("host/disks",)),
        *many(5, 5, status="drift", changes=(CHANGE,), pending="reboot"),
    )
    heads = [line.split("  ")[0] for line in shown if line.startswith("node")]
    assert heads == ["node[001-002]", "node003", "node004", "node005"]


def test_the_worst_stand_last_and_the_rest_in_the_reports_order() -> None:
    ill = HostReport(host="a", status="unhealthy", findings=(FULL,))
    hosts = [
        ill,
        HostReport(host="b", status="unreachable", error=Failure(code="RUN201", message="gone")),
        HostReport(host="c", status="drift", changes=(CHANGE,), findings=(FULL,)),
        HostReport(host="d", status="drift", changes=(CHANGE,)),
        HostReport(host="e", status="in-sync", findings=(NOTE,)),
        HostReport(host="f", status="failed", error=Failure(code="RUN208", message="nothing")),
        HostReport(host="g", status="in-sync"),
    ]
    heads = [line[0] for line in lines(*hosts) if re.match(r"[a-g] ", line)]
    assert heads == ["g", "e", "b", "f", "d", "c", "a"]
    assert lines(*hosts)[-1] == "7 hosts: 2 in-sync, 2 drift, 1 unhealthy, 1 unreachable, 1 failed"


def test_many_values_are_bounded_and_no_host_is_lost() -> None:
    hosts = []
    for number, host in enumerate(many(1, 40, status="unhealthy")):
        finding = FULL.model_copy(update={"evidence": f"df: {number}"})
        hosts.append(host.model_copy(update={"findings": (finding,)}))
    shown = lines(*hosts)
    assert sum(line.startswith("        | df:") for line in shown) == 10
    assert "      on node[011-040]: other values, in the JSON" in shown


def test_hosts_text_moves_no_cursor_and_is_cut() -> None:
    evil = Finding(
        code="GPU900",
        severity="error",
        message="\x1b[2Jgone\nfake  in-sync",
        evidence="a\x07\n" + "x" * 5000 + "\n" + "\n".join("l" * 9),
        hint="\u202ereversed",
    )
    host = HostReport(host="h", status="unhealthy", findings=(evil,), not_seen=("\x1b]0;t\x07",))
    shown = text.render(whole(host), Terminal(excerpts=True, colours=False, width=80))
    assert all(line.isprintable() for line in shown.splitlines())
    assert "fake  in-sync" not in shown.splitlines()
    assert max(map(len, shown.splitlines())) < 700
    assert "... 5 more lines, in the JSON" in shown


def test_colour_is_for_terminals_only() -> None:
    host = HostReport(host="h", status="unhealthy", findings=(FULL,))
    assert "\x1b[" not in text.render(whole(host))
    painted = text.render(whole(host), Terminal(excerpts=True, colours=True, width=80))
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[[0-9]+m", "", painted) == text.render(whole(host))


def test_long_lists_of_names_are_broken_on_a_terminal_only() -> None:
    hosts = [HostReport(host=name * 12, status="in-sync") for name in "abcdefgh"]
    assert len(lines(*hosts)) == 2
    shown = text.render(whole(*hosts), Terminal(excerpts=True, colours=False, width=60)).splitlines()
    assert max(map(len, shown)) <= 60 and shown[-2] == "  in-sync (8 hosts)"


def test_a_command_that_nobody_could_type_names_the_first_host() -> None:
    hosts = [
        HostReport(host=f"{chr(97 + n % 26)}{chr(97 + n // 26)}", status="drift", changes=(CHANGE,)) for n in range(50)
    ]
    assert "    next: fleet plan --limit aa; fleet apply --limit aa (the first of 50)" in lines(*hosts)
    assert lines(*hosts[:30])[-2].endswith("cb,db; fleet apply with the same --limit")


def test_the_inventory_stands_in_the_next_command_as_it_was_named() -> None:
    shown = text.render(whole(*many(1, 1, status="drift", changes=(CHANGE,))), inventory="my-fleet")
    assert "next: fleet plan my-fleet --limit node001; fleet apply my-fleet --limit node001" in shown


def test_what_is_different_since_a_baseline_stands_below_the_hosts() -> None:
    old = whole(*many(1, 4), *many(9, 9, status="drift", changes=(CHANGE,)))
    worse = many(1, 2, status="drift", changes=(CHANGE,))
    hosts = [*worse, *many(3, 3, status="unreachable", error=Failure(code="RUN201", message="-")), *many(5, 5)]
    report = whole(*hosts)
    made = baseline.compare(old, hosts, {host.host for host in hosts} | {"node004"})
    shown = text.render(report.model_copy(update={"baseline": made})).splitlines()
    start = shown.index("since 2026-11-24T03:00:00Z:")
    assert shown[start : start + 7] == [
        "since 2026-11-24T03:00:00Z:",
        "    node[001-002]: in-sync -> drift",
        "        new  driver cuda-drivers-580: 580.82.07 -> 580.95.05",
        "    node003: in-sync -> unreachable (nothing else to compare)",
        "    node005: not in that report",
        "    node009: not in the inventory",
        "    0 hosts as before, 1 of that report not looked at",
    ]
    assert json.loads(made.model_dump_json())["removed"] == ["node009"]
