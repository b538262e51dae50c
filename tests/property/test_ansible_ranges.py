"""Ranges of an Ansible inventory: what is written as a range comes back as the names it was made of."""

import string

from hypothesis import given
from hypothesis import strategies as st

from fleet.ansible import pattern, ranges

STEM = st.text(alphabet=string.ascii_lowercase + "-.", max_size=8)


@given(STEM, STEM, st.integers(0, 300), st.integers(0, 300), st.integers(1, 7), st.booleans())
def test_numbers_come_back(head: str, tail: str, first: int, more: int, step: int, padded: bool) -> None:
    last = first + more
    width = len(str(last)) if padded else 0
    begin, end = str(first).zfill(width), str(last).zfill(width)
    names = [f"{head}{str(number).zfill(width)}{tail}" for number in range(first, last + 1, step)]
    if padded and begin[0] == "0" and len(begin) == 1:
        width = 0
    assert ranges.expand(f"{head}[{begin}:{end}:{step}]{tail}") == names


@given(STEM, st.integers(0, 25), st.integers(0, 25), st.integers(1, 4))
def test_letters_come_back(head: str, one: int, other: int, step: int) -> None:
    first, last = sorted((one, other))
    letters = string.ascii_lowercase[first : last + 1 : step]
    written = f"{head}[{string.ascii_lowercase[first]}:{string.ascii_lowercase[last]}:{step}]"
    assert ranges.expand(written) == [f"{head}{letter}" for letter in letters]


@given(st.text(alphabet="ab09:[]-. ", max_size=24))
def test_any_text_gives_names_or_says_why_not(text: str) -> None:
    try:
        names, port = pattern.hosts(text)
    except ValueError as error:
        assert str(error)
    else:
        assert len(names) <= ranges.LARGEST
        assert port is None or port >= 0
