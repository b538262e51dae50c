"""The report as Markdown for a ticket: the worst first, nothing of a host outside of code, never too long."""

from markdown_it import MarkdownIt

from fleet.errors import Failure
from fleet.report import baseline, markdown
from fleet.report.model import HostReport, Report, counts
from schema.errors import Finding
from schema.plan import Change

READER = MarkdownIt("commonmark").enable("table")
CHANGE = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07", desired="580.95.05")
LOST = Finding(code="GPU120", severity="error", message="nouveau is loaded", evidence="nouveau 1 4", hint="reboot")


def whole(*hosts: HostReport) -> Report:
    return Report(time="2026-11-24T03:00:00Z", summary=counts(hosts), hosts=hosts, seconds=12.3, inventory="site")


def many(first: int, last: int, **values: object) -> list[HostReport]:
    named = [f"node{number:03}" for number in range(first, last + 1)]
    return [HostReport.model_validate({"host": name, "status": "in-sync"} | values) for name in named]


def words(made: str) -> list[tuple[str, str]]:
    """Kind and content of each piece of text a reader sees."""
    tokens = [token for outer in READER.parse(made) for token in (outer, *(outer.children or ()))]
    return [(token.type, token.content) for token in tokens if token.content and token.type != "inline"]


def test_a_ticket_has_a_title_two_tables_and_a_section_for_each_group_the_worst_first() -> None:
    hosts = [
        *many(1, 99),
        *many(101, 117, status="drift", changes=(CHANGE,)),
        *many(84, 84, status="unhealthy", findings=(LOST,)),
    ]
    made = markdown.render(whole(*hosts))
    assert made.splitlines()[:12] == [
        "## Drift check `site`: 17 drift, 1 unhealthy",
        "",
        "117 hosts, `2026-11-24T03:00:00Z`, in 12 s.",
        "",
        "| Status | Number | Hosts |",
        "|:--|--:|:--|",
        "| unhealthy | 1 | `node084` |",
        "| drift | 17 | `node[101-117]` |",
        "| in-sync | 99 | `node[001-099]` |",
        "",
        "| Code | Severity | Hosts | What it is |",
        "|:--|:--|--:|:--|",
    ]
    assert made.index("### `node084`: unhealthy") < made.index("### `node[101-117]`: drift (17 hosts)")
    assert "```text\ndriver cuda-drivers-580: 580.82.07 -> 580.95.05\n" in made
    assert "next: fleet plan --limit 'node[101-117]'; fleet apply --limit 'node[101-117]'\n```" in made
    assert "node001" not in made.split("###", 1)[1]


def test_all_in_sync_is_one_line_and_one_table() -> None:
    made = markdown.render(whole(*many(1, 3)))
    assert made.startswith("## Drift check `site`: all in sync\n") and "###" not in made


def test_fences_and_spans_cannot_be_left() -> None:
    evil = "`` ` ````\n# Heading\n[a](http://evil.example) @all #1 ![x](y) <script> | a | b |"
    finding = LOST.model_copy(update={"message": evil, "evidence": f"```\n{evil}\n~~~\n/close", "hint": evil})
    change = CHANGE.model_copy(update={"item": evil, "observed": "|`"})
    made = markdown.render(whole(HostReport(host="h", status="drift", changes=(change,), findings=(finding,))))
    outside = [content for kind, content in words(made) if kind not in {"fence", "code_inline"}]
    assert not [text for text in outside if "evil" in text or "@" in text or "script" in text or "#" in text]
    assert {kind for kind, _ in words(made)} == {"text", "fence", "code_inline"}
    (fence,) = [content for kind, content in words(made) if kind == "fence"]
    assert "/close" in fence and "@all" in fence
    assert markdown.span("a`b``c") == "```a`b``c```" and markdown.span("`") == "`` ` ``" and markdown.span("") == "` `"
    assert "|" not in markdown.span("a|b")


def test_a_report_that_is_too_long_says_what_has_no_room_and_ends_whole() -> None:
    hosts = []
    for number, host in enumerate(many(1, 999, status="unhealthy")):
        text = f"{chr(97 + number % 26)}{chr(97 + number // 26)} " + "w " * 200
        finding = LOST.model_copy(update={"message": text, "evidence": text})
        hosts.append(host.model_copy(update={"findings": (finding,)}))
    made = markdown.render(whole(*hosts))
    assert 50_000 < len(made) <= 65_536
    assert made.splitlines()[-1].endswith("had no room: the JSON has them.")
    assert made.count("```") % 2 == 0
    named = [content for kind, content in words(made) if kind == "fence"]
    left = int(made.splitlines()[-1].split()[0])
    assert len(named) + left == 999


def test_one_group_that_is_too_long_is_cut_within_its_fence() -> None:
    changes = tuple(CHANGE.model_copy(update={"item": f"package-{number}" + "x" * 400}) for number in range(400))
    made = markdown.render(whole(HostReport(host="h", status="drift", changes=changes)))
    assert len(made) <= 65_536 and made.count("```") == 2
    assert "more lines, in the JSON\n```" in made


def test_codes_are_counted_by_host_and_called_by_their_title() -> None:
    hosts = many(1, 3, status="unhealthy", findings=(LOST, LOST))
    hosts.append(HostReport(host="z", status="unreachable", error=Failure(code="RUN201", message="gone")))
    made = markdown.render(whole(*hosts))
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[:3] for row in rows] == [["| `GPU120`", "error", "3"], ["| `RUN201`", "error", "1"]]
    assert "Host unreachable" in rows[1]


def test_what_is_new_has_a_section_of_its_own() -> None:
    new = whole(*many(1, 2, status="drift", changes=(CHANGE,)))
    made = baseline.compare(whole(*many(1, 3)), new.hosts, ("node001", "node002"))
    shown = markdown.render(new.model_copy(update={"baseline": made}))
    assert "### Since `2026-11-24T03:00:00Z`\n\n```text\nnode[001-002]: in-sync -> drift\n" in shown
    assert "node003: not in the inventory" in shown
