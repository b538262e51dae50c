"""The HTML page in headless Chromium: clicks, keys, colours, and what a hostile host cannot do."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.report import html
from fleet.report.model import Report
from schema import ranges
from tests.engine.browser import Browser, Tab, running
from tests.engine.conftest import Command
from tests.engine.sample_report import LOST, TORCH, host, hostile, large, report, small

Open = Callable[..., Tab]
# What runs sets the canary; each is a way that text became script in some page.
PAYLOADS = (
    "<img src=x onerror=canary()>",
    "</script><script>window.hit=1</script>",
    "</pre></td></title></style><svg onload=window.hit=1>",
    "<!--<script>",
    "\"'><a href=javascript:window.hit=1 autofocus onfocus=window.hit=1>x</a>",
    "javascript:window.hit=1",
    "__proto__",
    "${window.hit=1}{{constructor.constructor('window.hit=1')()}}",
    "\u2028\u2029</SCRIPT ><ScRiPt>window.hit=1//",
)
ROWS = "document.querySelectorAll('#view .row').length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running(tmp_path_factory.mktemp("chromium")) as made:
        yield made


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report's page from a file; at the end nothing may have been complained of or asked from the network."""
    tabs: list[Tab] = []

    def opened(report: Report, address: str = "", tab: Tab | None = None) -> Tab:
        file = tmp_path / "drift.html"
        file.write_text(html.page(report), encoding="utf-8")
        made = tab or Tab(browser)
        tabs.append(made)
        made.open(f"{file.as_uri()}#{address}")
        return made

    yield opened
    for tab in tabs:
        assert [one["params"] for one in tab.complaints] == []
        assert all(url.startswith("file://") and ".html" in url for url in tab.requests), tab.requests
        tab.close()


def shown(tab: Tab) -> str:
    return " ".join(tab.all("#shown"))


def address(tab: Tab) -> str:
    return str(tab.do("location.hash"))


def test_the_fleet_at_a_glance(open_page: Open) -> None:
    tab = open_page(small())
    assert tab.all("h1") == ["west"]
    assert tab.all("#counts li") == ["2 unhealthy", "3 drift", "1 failed", "4 unreachable", "30 in sync"]
    assert shown(tab) == "40 hosts, in 6 rows"
    assert tab.all("#view .row .state") == [
        "Unhealthy",
        "Unhealthy",
        "Drift\npending: reboot",
        "Failed",
        "Unreachable",
        "In sync",
    ]
    assert "30 hosts" in tab.all("#view .row .names")[-1]
    assert tab.do("document.getElementById('words').checkVisibility()") is False
    assert tab.do("document.querySelector('.bar').getAttribute('aria-label')").startswith("2 unhealthy, 3 drift")


def test_filters_narrow_and_are_taken_away(open_page: Open) -> None:
    tab = open_page(small())
    tab.click("#counts button", "unreachable")
    tab.click("#counts button", "drift")
    assert shown(tab) == "7 of 40 hosts, in 2 rows"
    assert tab.do("[...document.querySelectorAll('#counts [aria-pressed=true]')].length") == 2
    for key, value, hosts in (("severity", "warning", 1), ("code", "RUN201", 4), ("concern", "driver", 3)):
        tab.press("x")
        tab.do(
            f"(() => {{ const one = document.getElementById('{key}'); one.value = '{value}';"
            "one.dispatchEvent(new Event('change')); })()"
        )
        assert shown(tab).startswith(f"{hosts} of 40 hosts"), key
    tab.click("#chips button")
    assert shown(tab) == "40 hosts, in 6 rows"
    assert address(tab) == ""


def test_search_finds_hosts_codes_packages_and_versions(open_page: Open) -> None:
    tab = open_page(small())
    found = {"gpu-1": 10, "GPU120 bus": 2, "ds/torch": 3, "535.274": 1, "TIMED out": 4, "nosuch": 0}
    for words, hosts in found.items():
        tab.press("/", *words)
        assert shown(tab).startswith(f"{hosts} of 40 hosts"), words
        assert tab.count(".nothing") == (hosts == 0)
        # Once for the words, once to leave the field.
        tab.press("Escape", "Escape")
    assert shown(tab) == "40 hosts, in 6 rows"


def test_a_host_opens_to_all_that_is_known(open_page: Open) -> None:
    tab = open_page(small())
    tab.click(".row .head", "bad-1")
    (detail,) = tab.all("#view .detail:not([hidden])")
    for words in ("535.274.02 open", "nothing at 0000:02:00.0", "Look for Xid 79", "gpu/log", "accepted", "rack-b"):
        assert words in detail
    findings = tab.all("#view .finding .badge")
    assert findings == ["error", "warning", "info", "accepted"]
    assert "What breaks" not in detail
    tab.click("#view .explained summary", "GPU120")
    assert "What breaks" in tab.all("#view .detail:not([hidden])")[0]
    tab.click(".row .head", "bad-1")
    assert tab.count("#view .detail:not([hidden])") == 0


def test_what_gpus_computed_and_when_a_lost_host_was_last_seen(open_page: Open) -> None:
    tab = open_page(small(), "host=bad-2")
    rows = [" ".join(row.split()) for row in tab.all("[aria-label='Smoke test'] tbody tr")]
    assert rows == [
        "GPU 0 NVIDIA H100 driver passed 51.2 of 64 TFLOPS, 80 % 1.5 s",
        "environment ds torch failed hang: no answer in 60 seconds",
    ]
    tab = open_page(small(), "host=away-1")
    assert "Last seen\n2026-11-23 03:00:01 UTC" in tab.all("#view .facts")[0]


def test_equal_hosts_are_one_row_that_opens_to_each(open_page: Open) -> None:
    tab = open_page(small())
    tab.click(".row .head", "node-[1-3]")
    (detail,) = tab.all("#view .detail:not([hidden])")
    for words in (
        "3 hosts alike",
        "cuda-drivers-580",
        "580.82.07-0ubuntu1",
        "reboot",
        "absent",
        "fleet apply --limit 'node-[1-3]'",
        "since 2026-11-14 06:25:00 +01:00, last 2026-11-20",
        "/usr/bin/unattended-upgrade",
    ):
        assert words in detail
    tab.click("#view .members button", "node-2")
    assert (shown(tab), address(tab)) == ("1 of 40 hosts, in 1 row", "#host=node-2")
    assert "fleet apply --limit node-2" in tab.all("#view .detail:not([hidden])")[0]
    tab.do("new Promise((done) => { addEventListener('popstate', () => done(), { once: true }); history.back(); })")
    assert shown(tab) == "40 hosts, in 6 rows"
    tab.press("f")
    assert shown(tab) == "40 hosts, in 40 rows"


def test_versions_stand_beside_each_other_and_odd_ones_out(open_page: Open) -> None:
    tab = open_page(small(), "view=versions")
    assert tab.all(".matrix thead th")[:4] == ["Hosts", "Ubuntu\n2 values", "Kernel\n2 values", "Driver\n3 values"]
    assert tab.all(".matrix tbody .who .link") == ["35 hosts", "4 hosts", "bad-1"]
    assert "odd: 1 of 40" in tab.all(".matrix td.odd")[0]
    assert tab.all(".matrix td.lost")[0].endswith("no look")
    tab.click(".spread button", "535.274.02")
    assert (shown(tab), address(tab)) == ("1 of 40 hosts", "#view=versions&driver=535.274.02+open")
    tab.click(".matrix .who .link", "bad-1")
    assert tab.all("#view .row .names") == ["bad-1"]


def test_findings_are_counted_over_the_fleet_and_lead_to_their_hosts(open_page: Open) -> None:
    tab = open_page(small(), "view=findings")
    rows = tab.all("#view table:first-of-type tbody tr")
    assert re.match(r"error\s+RUN201\s+Host unreachable\s+4", rows[0])
    assert any("cuda-drivers-580" in row and "580.82.07-0ubuntu1 → 580.95.05" in row for row in rows)
    tab.click("#view button.link", "GPU120")
    assert tab.all("#view .row .names") == ["bad-1", "bad-2"]


def test_what_is_new_and_gone_since_the_baseline(open_page: Open) -> None:
    tab = open_page(small())
    tab.click("[role=tab]", "Since")
    words = " ".join(tab.all("#view"))
    assert "Since the report of 2026-11-23 03:01:12 UTC" in words
    assert " ".join(tab.all("[aria-label=Hosts] tbody tr")).split()[-1] == "retired"
    assert "Not in the earlier report\tgpu-01" in words
    new, gone = words.index("\nNew\n"), words.index("\nGone\n")
    assert new < words.index("2 GPUs are declared") < gone < words.index("ds/torch")
    tab.click("#view .link", "bad-2")
    assert "Since the report of" in tab.all("#view .detail:not([hidden])")[0]


def test_the_keyboard_does_everything(open_page: Open) -> None:
    tab = open_page(small())
    focus = "document.activeElement.innerText"
    tab.press("j", "j", "j", "k")
    assert "bad-2" in tab.do(focus)
    assert tab.do("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Enter")
    assert tab.count("#view .detail:not([hidden])") == 1
    tab.press("Escape")
    assert tab.count("#view .detail:not([hidden])") == 0
    assert "bad-2" in tab.do(focus)
    tab.press("End")
    assert "In sync" in tab.do(focus)
    tab.press("Home", "ArrowDown")
    assert "bad-2" in tab.do(focus)
    tab.press("?")
    assert tab.do("document.activeElement.closest('dialog').open")
    tab.press("j", "Escape")
    assert tab.do("document.querySelector('dialog').open") is False
    tab.press("3")
    assert tab.count(".matrix") == 1
    assert tab.do(focus) == "35 hosts"
    tab.press("j")
    assert tab.do(focus) == "4 hosts"
    tab.do("document.querySelector('[role=tab][aria-selected=true]').focus()")
    tab.press("ArrowLeft")
    assert tab.do(focus).startswith("Findings")
    tab.press("/", "x", "1", "f")
    assert (tab.do("document.getElementById('search').value"), tab.do("document.activeElement.id")) == ("x1f", "search")
    tab.press("Escape", "Escape", "1", "x")
    assert shown(tab) == "40 hosts, in 6 rows"


def test_the_first_tab_stop_leads_past_the_filters(open_page: Open) -> None:
    tab = open_page(small(), "status=drift")
    tab.press("Tab")
    assert tab.do("document.activeElement.innerText") == "Skip to the hosts"
    assert tab.do("document.activeElement.getBoundingClientRect().width > 50")
    tab.press("Enter")
    assert "node-[1-3]" in tab.do("document.activeElement.innerText")
    assert address(tab) == "#status=drift"


def test_an_address_shows_what_its_sender_saw(open_page: Open) -> None:
    tab = open_page(small(), "q=timed%20out&status=unreachable,nosuch&group=rack-a&fold=0&unknown=1&view=nosuch")
    assert shown(tab) == "4 of 40 hosts, in 4 rows"
    assert tab.do("document.getElementById('search').value") == "timed out"
    assert tab.do("document.getElementById('group').value") == "rack-a"
    tab.press("x")
    assert address(tab) == "#fold=0"


def test_one_host_is_open_and_without_filters(open_page: Open) -> None:
    report = small()
    tab = open_page(report.model_copy(update={"hosts": report.hosts[-1:], "baseline": None}))
    assert "did not see enough" in tab.all("#view .detail:not([hidden])")[0]
    assert tab.do("document.querySelector('.choosers').hidden")


def test_two_thousand_hosts_are_drawn_in_pieces(open_page: Open) -> None:
    tab = open_page(large(2000), "fold=0")
    assert shown(tab) == "2,000 hosts, in 2,000 rows"
    assert tab.count("#view .row") == 100
    assert tab.count("#app *") < 2500
    # More are made when the end of those that are there comes into view.
    tab.do("document.querySelector('.more').scrollIntoView()")
    tab.do(f"new Promise((done) => {{ const look = () => {ROWS} > 100 ? done() : setTimeout(look, 20); look(); }})")
    assert tab.count("#view .row") == 200
    tab.press("/", *"gpu-0199", "ArrowDown", "Enter")
    assert shown(tab) == "10 of 2,000 hosts, in 10 rows"
    assert "nothing at 0000:007c6:00.0" in tab.all("#view .detail:not([hidden])")[0]
    tab.press("x", "End")
    assert (tab.count("#view .row"), tab.count(".more")) == (2000, 0)
    assert "gpu-01999" in tab.do("document.activeElement.innerText")


def test_hosts_that_differ_in_their_evidence_alone_are_one_row(open_page: Open) -> None:
    tab = open_page(large(2000))
    assert shown(tab) == "2,000 hosts, in 2 rows"
    tab.press("j", "Enter")
    (detail,) = tab.all("#view .detail:not([hidden])")
    detail = " ".join(detail.split())
    assert "On gpu-00010 errorGPU120 2 GPUs" in detail
    assert "nothing at 0000:0000a:00.0" in detail
    assert tab.count("#view .variant") == 10
    assert "Otherwise on gpu-00100, gpu-00110" in detail
    assert "and 184 more" in detail


def test_a_limit_means_the_hosts_of_its_row(open_page: Open) -> None:
    names = (
        [f"n{number}" for number in (8, 9, 10, 12)]
        + [f"m{number:02}-x" for number in (7, 8, 9, 10, 11)]
        + ["desk", "m7-x"]
    )
    tab = open_page(report(*(host(name, "drift", changes=(TORCH,)) for name in names)))
    tab.press("j", "Enter")
    limit = tab.all("#view .commands code")[0].removeprefix("fleet plan --limit ").strip("'")
    patterns = ranges.split(limit)
    assert sorted(patterns) == sorted(ranges.fold(names))
    meant = [name for name in [*names, "n7", "n11", "m06-x", "m12-x", "m8-x"] if inside(name, patterns)]
    assert meant == names


def inside(name: str, patterns: list[str]) -> bool:
    return any(name == one or ranges.matches(name, one) for one in patterns)


def test_nothing_that_a_host_says_runs_or_becomes_an_element(open_page: Open, browser: Browser) -> None:
    tab = Tab(browser)
    tab.ask("Page.addScriptToEvaluateOnNewDocument", source="window.canary = () => { window.hit = 1; };")
    open_page(hostile(*PAYLOADS), tab=tab)
    strange = "img, iframe, object, embed, form, base, a:not(.skip, [href^='https://']), [onerror], [onload], [onfocus]"
    seen = ""
    for key in "1234":
        tab.press(key)
        tab.do("document.querySelectorAll('#view .head[aria-expanded=false], summary').forEach((one) => one.click())")
        seen += " ".join(tab.all("#view"))
        assert tab.count(strange) == 0
    assert tab.count("script") == 3
    assert tab.do("window.hit") is None
    assert [text for text in PAYLOADS if text.strip("\u2028\u2029") not in seen] == []


def test_the_policy_refuses_what_the_page_did_not_bring(open_page: Open, browser: Browser) -> None:
    tab = open_page(small())
    script = "(() => { const one = document.createElement('script'); one.text = 'window.hit = 1'; })()"
    refused = {
        script: "TrustedScript",
        "document.body.innerHTML = '<b>x</b>'": "TrustedHTML",
        "fetch('https://example.org/')": "Failed to fetch",
    }
    for attempt, reason in refused.items():
        with pytest.raises(AssertionError, match=reason):
            tab.do(attempt)
    picture = "Object.assign(document.createElement('img'), { onerror: done, src: 'https://example.org/x.png' })"
    tab.do(f"new Promise((done) => document.body.append({picture})).then(() => 0)")
    assert tab.do("window.hit") is None
    assert all(url.startswith("file://") for url in tab.requests)
    # What the browser says of these attempts is no complaint about the page.
    browser.events.clear()


def test_without_javascript_the_hosts_are_listed(open_page: Open, browser: Browser) -> None:
    tab = Tab(browser)
    tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    open_page(small(), tab=tab)
    text = tab.do("document.body.innerText")
    for words in (
        "2 unhealthy",
        "bad-1",
        "nothing at 0000:02:00.0",
        "Look for Xid 79",
        "gpu-30",
        "JavaScript is off",
        "retired",
    ):
        assert words in text
    assert tab.count("#app *") == 0


def test_where_the_scripts_fail_the_hosts_are_listed(browser: Browser, tmp_path: Path) -> None:
    broken = html.page(small()).replace('"hosts":[', '"hosts":[[[', 1)
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    tab = Tab(browser)
    tab.open((tmp_path / "broken.html").as_uri())
    assert "SyntaxError" in str(tab.complaints)
    assert "Look for Xid 79" in tab.do("document.body.innerText")
    tab.close()


def test_in_print_all_hosts_are_listed_whatever_is_open(open_page: Open) -> None:
    tab = open_page(small(), "host=lost")
    tab.ask("Emulation.setEmulatedMedia", media="print")
    text = tab.do("document.body.innerText")
    assert all(name in text for name in ("bad-1", "gpu-30", "cuda-drivers-580"))
    assert "Search" not in text
    assert tab.pdf().startswith(b"%PDF-")


def test_fleet_drift_writes_the_page(fleet: Command, folder: Path, browser: Browser) -> None:
    done = fleet("drift", str(folder), "-o", str(folder / "drift.html"), "-o", str(folder / "drift.json"))
    assert done.returncode in {0, 1, 2}, done.stderr
    status = json.loads((folder / "drift.json").read_text())["hosts"][0]["status"]
    tab = Tab(browser)
    tab.open((folder / "drift.html").as_uri())
    assert tab.all("#view .row .names") == ["desk"]
    assert tab.count(f"#view .row.{status}") == 1
    tab.close()


def background(tab: Tab) -> str:
    return str(tab.do("getComputedStyle(document.body).backgroundColor"))


def test_it_follows_the_system_s_theme_or_the_one_chosen(open_page: Open) -> None:
    tab = open_page(small())
    tab.media(prefers_color_scheme="light")
    light = background(tab)
    tab.media(prefers_color_scheme="dark")
    dark = background(tab)
    assert (light, dark) == ("rgb(247, 247, 245)", "rgb(20, 22, 26)")
    tab.press("t")
    assert (tab.all("#theme"), background(tab)) == (["Theme: light"], light)
    tab.press("t")
    tab.media(prefers_color_scheme="light")
    assert (tab.all("#theme"), background(tab)) == (["Theme: dark"], dark)
    tab.reload()
    assert (tab.all("#theme"), background(tab)) == (["Theme: dark"], dark)
    tab.click("#theme")
    assert (tab.all("#theme"), background(tab)) == (["Theme: auto"], light)


# WCAG 2.2, 1.4.3 and 1.4.11: text 4.5 to 1, symbols and bars 3 to 1, against the first background that is not clear.
CONTRAST = """(() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(colour).map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [less, more] = [light(one), light(other)].sort((x, y) => x - y);
    return (more + 0.05) / (less + 0.05);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let texts = 0;
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const unseen = !parent.checkVisibility() || parent.closest("script, style, option, .skip");
    if (unseen || !walker.currentNode.data.trim()) continue;
    texts += 1;
    const found = ratio(getComputedStyle(parent).color, behind(parent));
    if (found < 4.5) poor.push(`${found.toFixed(2)} ${parent.className} ${walker.currentNode.data.slice(0, 30)}`);
  }
  for (const one of document.querySelectorAll("#app .icon, #counts .icon, .bar rect")) {
    const found = ratio(getComputedStyle(one).fill, behind(one.parentElement.closest(":not(svg)")));
    if (found < 3) poor.push(`${found.toFixed(2)} ${one.getAttribute("class")}`);
  }
  const search = document.getElementById("search");
  if (ratio(getComputedStyle(search, "::placeholder").color, behind(search)) < 4.5) poor.push("placeholder");
  return { texts, poor };
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(open_page: Open, scheme: str) -> None:
    tab = open_page(small())
    # No colour is measured on its way to another.
    tab.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    for key in "1234":
        tab.press(key)
        tab.do("document.querySelectorAll('#view .head[aria-expanded=false], summary').forEach((one) => one.click())")
        found = tab.do(CONTRAST)
        assert found["texts"] > 40
        assert found["poor"] == []
        if key == "1":
            tab.click("#counts button", "drift")
            tab.press("?")
            assert tab.do(CONTRAST)["poor"] == []
            tab.press("Escape", "x")


def test_a_narrow_screen_scrolls_down_only(open_page: Open) -> None:
    tab = open_page(small())
    tab.ask("Emulation.setDeviceMetricsOverride", width=340, height=700, deviceScaleFactor=1, mobile=True)
    for key in "1234":
        tab.press(key)
        tab.do("document.querySelectorAll('#view .head[aria-expanded=false], summary').forEach((one) => one.click())")
        assert tab.do("document.documentElement.scrollWidth <= innerWidth"), key


def test_nothing_moves_for_those_who_want_no_motion(open_page: Open) -> None:
    tab = open_page(small())
    moving = "getComputedStyle(document.querySelector('.head')).transitionDuration"
    for wish, seconds in (("no-preference", "0.12s"), ("reduce", "0s")):
        tab.media(prefers_reduced_motion=wish)
        assert tab.do(moving).split(", ")[0] == seconds


def test_a_screen_reader_is_told_what_each_thing_is(open_page: Open) -> None:
    tab = open_page(small())
    tab.click(".row .head", "bad-1")
    nodes = [one for one in tab.ask("Accessibility.getFullAXTree")["nodes"] if not one.get("ignored")]
    named = {
        "button",
        "tab",
        "searchbox",
        "combobox",
        "checkbox",
        "link",
        "table",
        "region",
        "tabpanel",
        "image",
        "list",
    }
    controls = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in nodes if "role" in one]
    assert [one for one in controls if one[0] in named - {"list"} and not one[1].strip()] == []
    roles = {role for role, _ in controls}
    assert {
        "banner",
        "main",
        "search",
        "tablist",
        "tab",
        "tabpanel",
        "status",
        "searchbox",
        "combobox",
        "heading",
    } <= roles
    head = next(
        one for one in nodes if "bad-1" in one.get("name", {}).get("value", "") and one["role"]["value"] == "button"
    )
    states = {one["name"]: one["value"].get("value") for one in head["properties"]}
    assert states["expanded"] is True
    assert head["name"]["value"].startswith("Unhealthy")


def test_differences_that_numbers_alone_keep_apart_are_one_line(open_page: Open) -> None:
    lost = [LOST.model_copy(update={"message": f"the GPU at 0000:0{place}:00.0 is lost"}) for place in (1, 2, 3)]
    today = [host(f"n{place}", "unhealthy", findings=(one,)) for place, one in enumerate(lost)]
    tab = open_page(report(*today, old=report(*(host(one.host) for one in today))), "view=since")
    rows = [" ".join(row.split()) for row in tab.all("[aria-label=New] tbody tr")]
    assert rows == ["errorGPU120 the GPU at … is lost 3: n0, n1, n2"]
