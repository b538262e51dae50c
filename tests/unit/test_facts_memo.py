"""Equal texts are taken apart once; a text that differs in anything that counts is taken apart anew."""

import pytest

from facts import memo
from facts.probe import Sections, texts


def found(**sections: str) -> Sections:
    lines = {name.replace("_", "/"): tuple(text.split("|")) for name, text in sections.items()}
    return Sections(lines, dict.fromkeys(lines, "0"))


def counted() -> tuple[list[int], object]:
    calls = [0]

    def parser(at: Sections) -> tuple[object, ...]:
        calls[0] += 1
        first = at.of("a/one")
        # What is read may depend on what was read.
        return (first, at.of("a/two"), at.status.get("a/two")) if first == ("more",) else (first,)

    return calls, parser


def test_equal_texts_are_taken_apart_once() -> None:
    calls, parser = counted()
    answers = {memo.parsed(parser, found(a_one="x", a_two=str(number))) for number in range(5)}  # type: ignore[arg-type]
    assert (answers, calls) == ({(("x",),)}, [1])


def test_what_is_read_only_sometimes_counts_from_then_on() -> None:
    calls, parser = counted()
    for one, two in [("x", "1"), ("more", "1"), ("more", "2"), ("x", "2"), ("more", "1"), ("more", "2")]:
        answer = memo.parsed(parser, found(a_one=one, a_two=two))  # type: ignore[arg-type, var-annotated]
        assert answer == (((one,), (two,), "0") if one == "more" else ((one,),))
    assert calls[0] == 4


def test_a_status_counts_as_well_as_a_text() -> None:
    _, parser = counted()
    denied = found(a_one="more", a_two="1")
    denied.status["a/two"] = "denied"
    assert memo.parsed(parser, found(a_one="more", a_two="1"))[2] == "0"  # type: ignore[arg-type, index]
    assert memo.parsed(parser, denied)[2] == "denied"  # type: ignore[arg-type, index]


def test_files_of_a_section_count_though_another_parser_took_them_apart() -> None:
    def parser(at: Sections) -> object:
        return dict(texts(at, "a/files").files)

    first, second = found(a_files="/x:1"), found(a_files="/x:2")
    for at, text in ((first, "1\n"), (second, "2\n"), (first, "1\n")):
        texts(at, "a/files")
        assert memo.parsed(parser, at) == {"/x": text}


def test_an_error_is_not_remembered_and_memory_is_bounded() -> None:
    def parser(at: Sections) -> object:
        if at.of("a/one") == ("bad",):
            raise ValueError("bad")
        return at.of("a/one")

    for _ in (1, 2):
        with pytest.raises(ValueError, match="bad"):
            memo.parsed(parser, found(a_one="bad"))
    for number in range(3 * memo.KINDS):
        assert memo.parsed(parser, found(a_one=str(number))) == (str(number),)
    assert len(memo._MEMORIES[parser].kept) == memo.KINDS
