"""The HTML page: what it holds, that nothing a host said is markup, what it may load, and how large it is."""

import base64
import hashlib
import re

import pytest

from fleet.errors import Failure
from fleet.report import form, html
from fleet.report.html import columns, data, render, shown
from fleet.report.model import (
    Baseline,
    Facts,
    FindingPair,
    GpuKind,
    HostDifference,
    HostReport,
    Report,
    counts,
)
from schema.compute import Compute, Result
from schema.errors import Finding
from schema.plan import Change
from tests.unit.htmlpage import Page, restored

# What would be an element, an end of the script, a comment, an entity, a template or a format, if anything took it so.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><svg onload=alert(1)>",
    "\" onmouseover='alert(1)",
    "&lt;b&gt; &amp; &#x3c;",
    "{{ 7*7 }} {% raw %} %s %n ${x} `y`",
    "\u2028\u2029 \u202egnp.exe \x1b[2J \x00 \x07 \ud800",
    "\ue0000\ue0011",
)
FACTS = Facts(
    ubuntu="24.04",
    arch="x86_64",
    kernel="6.8.0-51-generic",
    driver="580.95.05",
    modules="open",
    cuda=("12.6", "12.9"),
    cuda_default="12.9",
    cudnn=("9.10.2",),
    conda="25.3.1",
    gpus=(GpuKind(name="NVIDIA H100 80GB HBM3", count=8),),
    gpus_on_bus=8,
)


def report(*hosts: HostReport, baseline: Baseline | None = None) -> Report:
    return Report(time="2026-11-24T03:00:00Z", inventory="west", hosts=hosts, summary=counts(hosts), baseline=baseline)


def full(text: str) -> Report:
    """A report with `text` in every field that a host has a say in."""
    finding = Finding(code="GPU120", severity="error", message=text, evidence=text, hint=text)
    change = Change(concern="driver", item=text, observed=text, desired=text, disruption="reboot")
    facts = Facts(
        ubuntu=text,
        arch=text,
        board=text,
        kernel=text,
        driver=text,
        cuda=(text,),
        cudnn=(text,),
        conda=text,
        gpus=(GpuKind(name=text, count=1),),
    )
    away = Failure(code="RUN201", message=text, evidence=text, state=text, hint=text)
    difference = HostDifference(
        host="a", before="in-sync", after="drift", comparable=True, findings=(FindingPair(before=None, after=finding),)
    )
    return report(
        HostReport(
            host="a",
            status="drift",
            changes=(change,),
            findings=(finding,),
            not_seen=(text,),
            groups=(text,),
            facts=facts,
        ),
        HostReport(host="b", status="unreachable", error=away),
        baseline=Baseline(time=text, added=(text,), removed=(text,), hosts=(difference,)),
    ).model_copy(update={"inventory": text})


def fleet(size: int) -> Report:
    """Hosts as a fleet has them: nine of ten in sync, some that differ alike, some with evidence of their own."""
    hosts = []
    for number in range(size):
        name = f"gpu-{number:05}"
        common = {"host": name, "facts": FACTS, "groups": (f"rack-{number % 40}",), "seconds": number % 997 / 1000}
        if number % 20 == 1:
            change = Change(concern="driver", item="cuda-drivers-580", observed="580.82.07-1", desired="580.95.05")
            hosts.append(HostReport.model_validate(common | {"status": "drift", "changes": (change,)}))
        elif number % 20 == 2:
            evidence = f"[{number}.25] NVRM: Xid (PCI:0000:{number % 256:02x}:00): 79, GPU has fallen off the bus."
            finding = Finding(
                code="GPU120",
                severity="error",
                message=f"{name} lost a GPU",
                evidence=evidence,
                hint="Reboot the host; where the GPU stays away, reseat or replace the board.",
            )
            hosts.append(HostReport.model_validate(common | {"status": "unhealthy", "findings": (finding,)}))
        else:
            hosts.append(HostReport.model_validate(common | {"status": "in-sync"}))
    return report(*hosts)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_host_says_is_an_element(text: str) -> None:
    hostile, plain = Page(html.page(full(text))), Page(html.page(full("plain")))
    assert hostile.tags == plain.tags
    assert [sorted(attributes) for _, attributes in hostile.elements] == [sorted(one) for _, one in plain.elements]
    assert shown.text(text).split("\n")[0] in hostile.text


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_holds_what_hosts_said_and_nothing_that_ends_a_script(text: str) -> None:
    page = Page(html.page(full(text)))
    source = next(raw for raw in page.raw if raw.startswith("{"))
    assert not re.search("[<>&\u2028\u2029\x00-\x1f]", source)
    source.encode()
    detail = restored(page.data, 0)
    assert detail["findings"][0]["evidence"] == shown.text(text)
    assert detail["changes"][0]["item"] == shown.text(text)


def test_every_detail_is_in_the_data_as_in_the_json() -> None:
    made = fleet(60)
    found = Page(html.page(made)).data
    for place, host in enumerate(made.hosts):
        dumped = host.model_dump(mode="json", exclude=data.OWN, exclude_defaults=True)
        assert restored(found, place) == dumped


def test_the_policy_allows_the_page_s_own_scripts_and_style_and_nothing_else() -> None:
    page = Page(html.page(fleet(3)))
    policy = next(one["content"] for tag, one in page.elements if one.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in str(policy).split("; "))
    hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(raw.encode()).digest()).decode() + "'" for raw in page.raw]
    early, style, _data, script = hashes
    assert (rules["default-src"], rules["style-src"], rules["script-src"]) == ("'none'", style, f"{early} {script}")
    assert "unsafe" not in str(policy)
    # The policy holds for what comes after it (CSP 3, "meta element").
    assert page.tags.index("meta") < page.tags.index("script")


def test_nothing_is_loaded_from_anywhere() -> None:
    page = Page(html.page(full("https://example.org/x.png")))
    loaded = [
        one.get(key)
        for tag, one in page.elements
        for key in ("src", "srcset", "href", "action", "data", "poster")
        if one.get(key) is not None and tag not in {"a", "use"}
    ]
    assert loaded == ["data:,"]
    style = page.raw[page.tags.index("style") - page.tags.index("script")]
    assert "url(" not in style and "@import" not in style


def test_equal_hosts_are_told_once_whatever_their_names() -> None:
    hosts = [
        HostReport(host=name, status="failed", error=Failure(code="RUN236", message=f"{name} did not answer"))
        for name in ("n1", "n2", "n10")
    ]
    told = data.folded(report(*hosts))
    assert [fold.names for fold in told.folds] == [("n1", "n2", "n10")]
    assert "HOST did not answer" in Page(html.page(report(*hosts))).text


def test_what_gpus_computed_keeps_no_hosts_apart_and_names_no_uuid() -> None:
    def tested(name: str, rate: float) -> HostReport:
        result = Result(way="driver", outcome="passed", uuid="GPU-1", device="GPU 0 NVIDIA H100", rate_tflops=rate)
        return HostReport(host=name, status="in-sync", compute=Compute(ran=True, results=(result,)))

    made = report(tested("a", 51.0), tested("b", 52.5), HostReport(host="c", status="in-sync", last_seen="2026-11-23Z"))
    assert [fold.names for fold in data.folded(made).folds] == [("a", "b", "c")]
    rows = Page(html.page(made)).data["hosts"]
    assert "GPU-1" not in html.page(made)
    assert isinstance(rows[1], list)
    assert rows[1][-1]["results"][0]["rate_tflops"] == 52.5


def test_a_name_is_taken_out_of_a_text_as_a_whole_word_only() -> None:
    assert shown.without("gpu", "gpu: gpu-01, egpu, gpu.site, the gpu.") == (
        f"{shown.HOST}: gpu-01, egpu, gpu.site, the {shown.HOST}."
    )


def test_without_javascript_every_problem_is_readable() -> None:
    text = Page(html.page(fleet(45))).text
    for word in ("Unhealthy", "gpu-00002", "GPU120", "fallen off the bus", "Mend:", "cuda-drivers-580", "580.82.07-1"):
        assert word in text
    assert "In sync, 39 hosts" in text


@pytest.mark.parametrize(("hosts", "kilobytes"), [(1, 85), (2_000, 300), (10_000, 1_300)])
def test_the_page_is_small(hosts: int, kilobytes: int) -> None:
    assert len(html.page(fleet(hosts)).encode()) < kilobytes * 1000


def test_an_endless_text_is_cut_and_says_so() -> None:
    page = html.page(report(HostReport(host="a", status="drift", not_seen=("x" * 1_000_000,))))
    assert len(page) < 100_000
    assert "... 996,000 more characters, in the JSON" in Page(page).text


def test_a_fleet_of_none_has_a_page() -> None:
    assert "No host was looked at." in Page(html.page(report())).text


def test_a_code_is_explained_and_one_that_is_not_known_is_not() -> None:
    found = [Finding(code=code, severity="error", message="m") for code in ("GPU001", "GPU998")]
    host = HostReport(host="a", status="unhealthy", findings=tuple(found))
    assert set(Page(html.page(report(host))).data["codes"]) == {"GPU001"}


def test_what_was_not_seen_is_told_from_what_is_not_there() -> None:
    cells = dict(zip([column.key for column in columns.COLUMNS], columns.cells(FACTS), strict=True))
    assert cells["cuda"] == ("12.9, 12.6", "")
    assert cells["gpus"] == ("8 x NVIDIA H100 80GB HBM3", "")
    bare = columns.cells(Facts(unseen=("driver", "gpus_on_bus")))
    assert [cell.kind for cell in bare] == ["none", "none", "unseen", "none", "none", "none", "unseen"]


def test_what_would_not_be_seen_stands_as_an_escape() -> None:
    assert shown.text("a\tb\r\nc\x1b\u202e\u200b\u3164\ud800") == "a       b\nc\\x1b\\u202e\\u200b\\u3164\\ud800"


def test_the_ending_of_a_file_says_html() -> None:
    assert form.ENDINGS[".html"] == "html"
    assert form.RENDER["html"](report()).startswith("<!DOCTYPE html>")


def test_no_script_declares_what_another_does() -> None:
    declared = re.findall(r"^(?:function|const|let) (\w+)", render.scripts(), re.MULTILINE)
    assert len(declared) > 50
    assert sorted({name for name in declared if declared.count(name) > 1}) == []
