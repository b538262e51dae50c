"""Whatever a file holds: an excerpt fits its width, moves no cursor, and marks what stands there."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from fleet import excerpt
from schema.errors import Problem

LINES = st.text(alphabet=st.characters(exclude_characters="\r\n"), max_size=400) | st.text(
    alphabet="ab :,[]{}'\"#\t語e\u0301\x1b\u202e\u200d\ufe0f", max_size=400
)


def columns(text: str) -> int:
    return sum(
        0
        if unicodedata.category(one) in {"Mn", "Me"} or 0x1160 <= ord(one) < 0x1200
        else 2
        if unicodedata.east_asian_width(one) in "WF"
        else 1
        for one in text
    )


@given(LINES, st.integers(1, 500), st.integers(30, 160))
@example("\ufe0f" * 300, 200, 30)
def test_an_excerpt_fits_and_is_printable(line: str, column: int, width: int) -> None:
    cut = excerpt.cut(line, column, width)
    assert cut.text.isprintable()
    assert columns(cut.text) <= width
    assert cut.marked >= 1
    assert cut.before + cut.marked <= width + 2


@given(LINES, st.integers(1, 400), st.integers(60, 160))
def test_the_mark_begins_at_the_character_of_the_column(line: str, column: int, width: int) -> None:
    cut = excerpt.cut(line, column, width)
    here = line[column - 1 : column]
    if not here or not here.isprintable() or columns(here) == 0 or here == " ":
        return
    at = 0
    for one in cut.text:
        if at == cut.before and columns(one):
            assert one == here
            return
        at += columns(one)
    raise AssertionError("nothing stands above the mark")


@given(st.lists(LINES, min_size=1, max_size=8), st.integers(0, 7), st.none() | st.sampled_from(["a.b", "proxy.http"]))
def test_looking_for_secrets_never_fails(lines: list[str], index: int, path: str | None) -> None:
    problem = Problem(code="INV015", file="f", line=min(index, len(lines) - 1) + 1, path=path, message="m")
    assert excerpt.secret(lines, problem) in {True, False}


@given(st.sampled_from(["sudo_password", "API_TOKEN", "secret"]), st.text("abcdef0123", min_size=8, max_size=12))
def test_a_line_with_a_secret_key_is_never_shown(key: str, value: str) -> None:
    for line in (f"{key}: {value}", f"  {key} : '{value}'", f"x: {{{key}: {value}, y: 1}}", f'"{key}": "{value}"'):
        assert excerpt.secret([line], Problem(code="INV013", file="f", line=1, column=1, path="x.y", message="m"))
