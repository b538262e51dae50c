"""Any report is a page that holds every host, all that is said of it, and no element of anybody's making but ours."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import Failure
from fleet.report import html
from fleet.report.html import data, shown
from fleet.report.model import Facts, GpuKind, HostReport, Report, counts
from schema.errors import Finding
from schema.plan import Change
from tests.unit.htmlpage import Page, restored

# Pieces that mean something to HTML, to JSON, to our own stand-ins or to a terminal, among any other characters.
PIECES = [
    "<",
    ">",
    "&",
    "'",
    '"',
    "</script",
    "<!--",
    "-->",
    "&lt;",
    "\ue000",
    "\ue001",
    "\ue0010",
    "\x00",
    "\x1b",
    "\ud800",
]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=6).map("".join)
NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
SEVERITY = st.sampled_from(["error", "warning", "info"])
CODE = st.one_of(st.sampled_from(["GPU001", "GPU120", "RUN201"]), TEXT)
OPTIONAL = st.none() | TEXT
FINDING = st.builds(
    Finding, code=CODE, severity=SEVERITY, accepted=st.booleans(), message=TEXT, evidence=TEXT, hint=TEXT
)
CHANGE = st.builds(Change, concern=TEXT, item=TEXT, observed=OPTIONAL, desired=OPTIONAL, cause=st.none())
FACTS = st.builds(
    Facts,
    ubuntu=OPTIONAL,
    kernel=OPTIONAL,
    driver=OPTIONAL,
    cuda=st.lists(TEXT, max_size=2).map(tuple),
    gpus=st.lists(st.builds(GpuKind, name=TEXT, count=st.integers(0, 16)), max_size=2).map(tuple),
    unseen=st.lists(st.sampled_from(["driver", "cuda", "ubuntu"]), max_size=2).map(tuple),
)
ERROR = st.builds(Failure, code=CODE, message=TEXT, evidence=TEXT, state=TEXT, hint=TEXT)
HOST = st.builds(
    HostReport,
    host=NAME,
    status=st.sampled_from(["in-sync", "drift", "unhealthy", "unreachable", "failed"]),
    changes=st.lists(CHANGE, max_size=3).map(tuple),
    findings=st.lists(FINDING, max_size=3).map(tuple),
    not_seen=st.lists(TEXT, max_size=2).map(tuple),
    error=st.none() | ERROR,
    groups=st.lists(TEXT, max_size=2).map(tuple),
    seen=st.none(),
    last_seen=st.none(),
    facts=st.none() | FACTS,
    compute=st.none(),
)
HOSTS = st.lists(HOST, max_size=6, unique_by=lambda host: host.host).map(tuple)
# Our own elements: those of an empty report, and those that only some reports have.
EMPTY = Page(html.page(Report(time="2026-11-24T03:00:00Z"))).tags
OURS = {*EMPTY, "article", "h2", "p", "b", "pre", "ul", "li", "rect", "use"}


@settings(max_examples=60, deadline=None)
@given(HOSTS, TEXT)
def test_any_report_is_a_page_with_every_host(hosts: tuple[HostReport, ...], name: str) -> None:
    page = Page(html.page(Report(time="2026-11-24T03:00:00Z", hosts=hosts, summary=counts(hosts), inventory=name)))
    words = page.text
    assert [host.host for host in hosts if host.host not in words] == []
    assert set(page.tags) <= OURS
    assert (page.tags.count("script"), page.tags.count("style")) == (3, 1)
    assert [key for _, one in page.elements for key in one if key.startswith("on") or key in {"src", "style"}] == []


@settings(max_examples=60, deadline=None)
@given(HOSTS)
def test_the_data_has_all_that_was_said_of_each_host(hosts: tuple[HostReport, ...]) -> None:
    found = Page(html.page(Report(time="2026-11-24T03:00:00Z", hosts=hosts))).data
    for place, host in enumerate(hosts):
        dumped = host.model_dump(mode="json", exclude=data.OWN, exclude_defaults=True)
        assert restored(found, place) == data.each_text(dumped, shown.text)
