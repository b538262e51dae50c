"""What a host says, however it means harm: nothing of it moves a cursor, hides text, or keeps its reader busy."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from facts import exclusions, history, probe, snapshot, text
from fleet import received
from fleet.errors import RunError
from schema.change import Change
from schema.errors import LONGEST_LINE, LONGEST_TEXT, Finding, printable

MARK = "0f9d2c1e-1111-2222-3333-444455556666"
NAMES = [name for names in probe.SECTIONS.values() for name in names]
TRICKS = [
    "\x1b[2J\x1b[H",
    "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\",
    "\x1b]52;c;aGk=\x07",
    "\x9b31m\x90q\x9c",
    "\u202e\u2066\u2067\u2069\u200e\u061c",
    "\u200b\u200c\u200d\ufeff\u2060\u00ad\u034f\u3164\u115f\u2800",
    "\u2028\u2029\x85",
    "\U000e0041\U000e007f",
    "\ud800",
    "\x00\x07\x08\x0c\x7f",
    "<script>alert(1)</script>",
    "%s%n{0}{x.__class__}${jndi:ldap://x}$(x)`x`",
    "| a | [x](javascript:y) ![i](z) # *",
    '"} 1\n# HELP x',
    "]]>&lt;&#0;",
]
SEEN = st.one_of(st.text(max_size=30), st.sampled_from(TRICKS))
ANY = st.lists(SEEN, max_size=5).map("".join)


def shown(line: str) -> bool:
    """Whether each character stands for itself on one line, from left to right."""
    return all(
        unicodedata.category(one)[0] != "C" and one not in "\u2028\u2029\u034f\u3164\u115f\u2800" for one in line
    )


@given(ANY)
def test_a_line_has_no_character_that_is_not_seen(given_text: str) -> None:
    assert shown(printable(given_text))
    assert shown(text.clean(given_text).replace("\t", ""))


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=40))
def test_what_can_be_seen_stays_as_it_is(given_text: str) -> None:
    if not set(given_text) & set("\u115f\u1160\u3164\uffa0\u2800"):
        assert text.clean(given_text) == printable(given_text) == given_text


@given(ANY, ANY, ANY)
def test_findings_changes_and_errors_show_nothing_else(one: str, two: str, three: str) -> None:
    found = Finding(code="GPU285", severity="error", message=one, evidence=f"{two}\n{three}", hint=three)
    change = Change(concern="driver", item=one, observed=two, desired=three)
    error = RunError("RUN440", one, evidence=f"{two}\n{three}", state=two, hint=three)
    assert all(shown(value) for value in (found.message, found.hint, change.item, change.observed or ""))
    assert all(shown(line.replace("\t", "")) for line in found.evidence.split("\n"))
    assert all(shown(line) for line in error.lines())


def test_what_is_told_of_a_host_has_an_end() -> None:
    found = Finding(code="GPU285", severity="error", message="m" * 10**6, evidence="e\n" * 10**6, hint="")
    assert (len(found.message), len(found.evidence)) == (LONGEST_LINE + 3, LONGEST_TEXT + 3)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.lists(ANY, max_size=4), st.sampled_from(["0", "1", "denied"]))))
def test_no_field_of_a_snapshot_holds_what_is_not_seen(parts: list[tuple[str, list[str], str]]) -> None:
    lines = [f"@@gpufleet 1 {MARK}"]
    for name, body, status in parts:
        lines += ["/etc/os-release:PRETTY_NAME=" + line for line in body] + body + [f"@@{MARK} {name} {status}"]
    for line in str(snapshot.parse(probe.sections(lines)).model_dump(mode="json")).split("\n"):
        assert shown(line)


@given(st.binary(max_size=400))
def test_bytes_become_lines_that_can_be_shown(data: bytes) -> None:
    lines = received.lines(data)
    assert all(shown(line.replace("\t", "")) for line in lines)
    if data.isascii() and data.decode().replace("\n", "").isprintable() and data:
        assert "\n".join(lines) == data.decode().removesuffix("\n")


def test_texts_that_an_expression_would_try_for_hours() -> None:
    """Each of them took more than a minute for 200 KB before its expression was bounded."""
    assert exclusions.parse("/* " * 1_000_000) == ()
    assert exclusions.parse("/**/" * 1_000_000) == ()
    for body in ("a" * 4_000_000, "Install: " + "a" * 4_000_000, "/etc/apt/apt.conf:" + "/* " * 1_000_000):
        for name in ("repository/exclusions", "history/packages"):
            snapshot.parse(probe.sections([f"@@gpufleet 1 {MARK}", body, f"@@{MARK} {name} 0"]))
    assert not list(history.MOVE.finditer("a" * 40_000))


def test_a_host_may_not_fill_this_machine_with_lines() -> None:
    lines = received.lines(b"\n" * received.LARGEST)
    assert len(lines) <= received.LINES + 1
    assert len(received.lines(b"\x1b" * received.LARGEST)[0]) <= 4 * text.LONGEST
