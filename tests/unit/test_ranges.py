"""Names drawn together: what is folded, what is not, and that a range means the same names again."""

import pytest

from schema import ranges
from schema.fleet import Fleet


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        (["desk"], ("desk",)),
        (["node01", "node02", "node03"], ("node[01-03]",)),
        ([*(f"node{number:02}" for number in range(1, 18)), "node20"], ("node[01-17,20]",)),
        (["node8", "node9", "node10"], ("node[8-10]",)),
        (["node1", "node01", "node2", "node02"], ("node[1-2]", "node[01-02]")),
        (["node09", "node10", "node100", "node101"], ("node[09-10]", "node[100-101]")),
        (["r1-n1", "r1-n2", "r2-n1", "r2-n2"], ("r1-n[1-2]", "r2-n[1-2]")),
        (["n1.dc2.example.org", "n2.dc2.example.org"], ("n[1-2].dc2.example.org",)),
        (["desk", "node1", "box", "node2"], ("desk", "node[1-2]", "box")),
        (["gpu-20261124000001", "gpu-20261124000002"], ("gpu-20261124000001", "gpu-20261124000002")),
        (["10.0.0.4", "10.0.0.5"], ("10.0.0.[4-5]",)),
        (["node01", "node01"], ("node01",)),
        ([], ()),
    ],
)
def test_names_are_folded_where_one_number_differs(names: list[str], folded: tuple[str, ...]) -> None:
    assert ranges.fold(names) == folded


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("node[01-17,20]", ["node01", "node17", "node20"], ["node1", "node18", "node001", "node", "nodex", "xnode01"]),
        ("node[8-12]", ["node8", "node12"], ["node08", "node012", "node13"]),
        ("node[1-35]", ["node35", "node20"], ["node36"]),
        ("n[0-2]-x", ["n0-x", "n2-x"], ["n0", "n00-x", "n3-x"]),
    ],
)
def test_a_range_means_its_names_and_no_others(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [name for name in (*hits, *misses) if ranges.matches(name, pattern)] == hits


@pytest.mark.parametrize("pattern", ["node*", "node[13]", "node[!1-3]", "node[a-c]", "*[1-3]", "node", "n[1-2]x[1-2]"])
def test_globs_are_no_ranges(pattern: str) -> None:
    assert not ranges.is_range(pattern)


def test_commas_within_brackets_do_not_part_a_limit() -> None:
    assert ranges.split("node[01-17,20], desk,rack-*") == ["node[01-17,20]", "desk", "rack-*"]
    assert ranges.split("a,,b") == ["a", "", "b"]


def test_a_limit_takes_ranges_beside_globs() -> None:
    names = tuple(f"node{number:02}" for number in range(1, 31))
    fleet = Fleet(root="", name="site", hosts={}, names=names, groups={})
    assert fleet.select(["node[01-03,30]"]) == (("node01", "node02", "node03", "node30"), ())
    assert fleet.select(["node0[12]", "node[31-40]"]) == (("node01", "node02"), ("node[31-40]",))
