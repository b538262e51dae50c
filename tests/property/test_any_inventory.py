"""The loader on arbitrary input: it refuses in words or it loads, and it never fails in another way."""

import string
import tempfile
from pathlib import Path

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schema import content, document, fields, load, merge, openpgp
from schema.content import explicit, requirements
from schema.document import Refused
from schema.errors import InvalidInventory
from schema.host import HostSpec

WORDS = st.sampled_from(
    [*fields.visible(HostSpec), "true", "580", "12.9", "GTX 1080", "none", "absent", "auto", "", "~"]
)
SCALARS = st.one_of(WORDS, st.text(max_size=12), st.booleans(), st.integers(), st.none())
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=20
)


def outcome(files: dict[str, bytes]) -> str:
    """Loads an inventory of these files; "refused" or "loaded", and whatever else is raised goes through."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / "inventory" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        try:
            load.fleet(Path(folder) / "inventory")
        except InvalidInventory as error:
            assert error.problems
            assert all(problem.message and "\n" not in problem.text() for problem in error.problems)
            return "refused"
        return "loaded"


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
@example(b"a: \xe2\x80\xa8b")
@example(b"%TAG ! x\n---\na: b")
@example(b"? a\n: b")
@example(b"\xef\xbb\xbf")
@example(b"a: |\n  b\n c: d")
def test_any_bytes_as_a_host_file_are_refused_or_loaded(data: bytes) -> None:
    outcome({"hosts/desk.yaml": data})


@settings(max_examples=150, deadline=None)
@given(host=TREES, fleet=TREES)
def test_any_tree_as_host_and_fleet_is_refused_or_loaded(host: object, fleet: object) -> None:
    dumped = [yaml.safe_dump(tree, allow_unicode=True).encode() for tree in (host, fleet)]
    outcome({"hosts/desk.yaml": dumped[0], "fleet.yaml": dumped[1]})


@settings(max_examples=150, deadline=None)
@given(tree=st.dictionaries(st.sampled_from(list(fields.visible(HostSpec))), TREES, max_size=5))
def test_any_values_under_known_keys_are_refused_or_loaded(tree: dict[str, object]) -> None:
    dumped = yaml.safe_dump({"ubuntu": "24.04"} | tree, allow_unicode=True).encode()
    outcome({"hosts/desk.yaml": dumped})


PRINTABLE = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)


@settings(max_examples=200, deadline=None)
@given(value=st.recursive(PRINTABLE, lambda inner: st.lists(inner) | st.dictionaries(PRINTABLE, inner), max_leaves=15))
def test_texts_come_back_as_they_were_written(value: object) -> None:
    """Every text is quoted here, so that none of them is a null, a boolean or a tag."""
    dumped = yaml.safe_dump({"top": value}, default_style='"', allow_unicode=True).replace("!!str ", "")
    tree, problems = document.parse(dumped.encode(), "f")
    assert not problems
    assert tree is not None
    assert merge.plain(tree) == {"top": value}


@settings(max_examples=200)
@given(number=st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,4}){0,3}", fullmatch=True))
def test_numbers_and_versions_stay_as_they_were_written(number: str) -> None:
    tree, _ = document.parse(f"v: {number}\n".encode(), "f")
    assert tree is not None
    assert merge.plain(tree) == {"v": number}


@settings(max_examples=100)
@given(data=st.binary(max_size=120) | st.text(string.printable, max_size=80).map(str.encode))
def test_any_bytes_as_a_key_have_fingerprints_or_are_refused(data: bytes) -> None:
    try:
        assert all(len(one) == 40 for one in openpgp.fingerprints(data))
    except ValueError as error:
        assert str(error)


@settings(max_examples=150, deadline=None)
@given(text=st.text(string.printable, max_size=120))
def test_any_text_as_requirements_or_lock_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "r.txt").write_text(text)
        for read in (
            lambda: requirements.lines("r.txt", content.Reader(folder)),
            lambda: explicit.packages(text, "r.lock"),
        ):
            try:
                read()
            except Refused as refused:
                assert refused.problem.message


LAYERS = st.recursive(
    st.text(string.ascii_letters, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


def node(value: object) -> document.Node:
    tree, problems = document.parse(
        yaml.safe_dump({"top": value}, default_style='"').replace("!!str ", "").encode(), "f"
    )
    assert tree is not None and not problems and isinstance(tree.value, dict)
    return tree.value["top"]


@settings(max_examples=200, deadline=None)
@given(one=LAYERS, two=LAYERS, three=LAYERS)
def test_merging_keeps_itself_is_associative_and_lets_the_last_win(one: object, two: object, three: object) -> None:
    a, b, c = node(one), node(two), node(three)
    assert merge.plain(merge.merge(a, a)) == merge.plain(a)
    if not isinstance(two, dict):
        assert merge.plain(merge.merge(a, b)) == merge.plain(b)
    if all(isinstance(value, dict) for value in (one, two, three)):
        left = merge.merge(merge.merge(a, b), c)
        assert set(merge.plain(left) or ()) == set(merge.plain(merge.merge(a, merge.merge(b, c))) or ())
