"""Folding loses no host and adds none: the pieces, used as a --limit, choose the very hosts that were folded."""

from hypothesis import given
from hypothesis import strategies as st

from schema import ranges
from schema.fleet import Fleet

NAMES = st.one_of(
    st.from_regex(r"\A(n|node-|r1n)(0{0,2}[0-9]{1,3})(|x|\.dc[0-9])\Z"),
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,8}\Z"),
)


@given(st.sets(NAMES, max_size=40), st.sets(NAMES, max_size=10))
def test_the_pieces_choose_the_very_hosts(chosen: set[str], others: set[str]) -> None:
    pieces = ranges.fold(sorted(chosen))
    fleet = Fleet(root="", name="[", hosts={}, names=tuple(sorted(chosen | others)), groups={})
    assert ranges.split(",".join(pieces)) == list(pieces) or not pieces
    # The word "all" chooses all hosts, whatever their names.
    patterns = [piece for piece in pieces if piece != "all"]
    selected, missed = fleet.select(patterns)
    assert (set(selected) | ({"all"} & chosen), missed) == (chosen, ())
