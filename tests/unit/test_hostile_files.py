"""Files that are made to exhaust their reader: each is refused with its place, after a bounded amount of work."""

from pathlib import Path

import pytest

from bench import promises, sample
from fleet.ansible import ini, ssh
from fleet.ansible import yaml as foreign
from fleet.errors import RunError
from schema import load, openpgp
from schema.errors import Problem
from schema.lock import read

MIB = 1 << 20
ENVIRONMENT = "ubuntu: '24.04'\nconda: {version: 25.3.1-0}\nenvironments: {e: {WHAT}}\n"


def problems(folder: Path, files: dict[str, str]) -> list[Problem]:
    """What is said of an inventory of these files; no answer after ten seconds fails the test."""
    for name, text in files.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with promises.patience():
        return list(load.read(folder / "site").problems)


def told(found: list[Problem]) -> list[tuple[str, str, int | None]]:
    return [(problem.code, problem.file, problem.line) for problem in found]


def environment(what: str) -> str:
    return ENVIRONMENT.replace("WHAT", what)


def test_spaces_before_an_option_of_a_requirement(tmp_path: Path) -> None:
    host = environment("pip: {requirements: r.txt}")
    found = problems(tmp_path, {"hosts/a.yaml": host, "r.txt": f"numpy{' ' * (MIB - 20)}--x\n"})
    assert told(found) == [("INV024", "r.txt", 1)]


def test_requirements_that_include_the_next_file_twice(tmp_path: Path) -> None:
    files = {f"r{number}.txt": f"-r r{number + 1}.txt\n" * 2 for number in range(40)} | {"r40.txt": ""}
    found = problems(tmp_path, {"hosts/a.yaml": environment("pip: {requirements: r0.txt}"), **files})
    assert [problem.code for problem in found] == ["INV024"]
    assert "more than 100 files" in found[0].message


def test_requirements_that_two_files_include_are_read_twice(tmp_path: Path) -> None:
    files = {"a.txt": "-r b.txt\n-r c.txt\n", "b.txt": "-r d.txt\n", "c.txt": "-r d.txt\n", "d.txt": "numpy\n"}
    assert not problems(tmp_path, {"hosts/a.yaml": environment("pip: {requirements: a.txt}"), **files})


def test_a_file_that_cannot_have_its_name(tmp_path: Path) -> None:
    found = problems(tmp_path, {"hosts/a.yaml": environment("pip: {requirements: r.txt}"), "r.txt": "-r a\0b\n"})
    assert [problem.code for problem in found] == ["INV002"]
    found = problems(
        tmp_path, {"hosts/a.yaml": environment("pip: {requirements: r.txt}"), "r.txt": f"-r {'a' * 5000}\n"}
    )
    assert [problem.code for problem in found] == ["INV024"]


def test_a_line_of_an_explicit_lock_that_fits_in_many_ways(tmp_path: Path) -> None:
    lock = "@EXPLICIT\nhttps://h" + "/a-1" * (MIB // 5)
    found = problems(tmp_path, {"hosts/a.yaml": environment("lock: e.lock"), "e.lock": lock})
    assert told(found) == [("INV025", "e.lock", 2)]


@pytest.mark.parametrize("end", ["", "-----END PGP PUBLIC KEY BLOCK-----"])
def test_a_key_file_of_nothing_but_beginnings(end: str) -> None:
    with promises.patience(), pytest.raises(ValueError, match=r"no OpenPGP public key|armour is damaged"):
        openpgp.fingerprints("-----BEGIN PGP PUBLIC KEY BLOCK-----\n" * 25_000 + end)


@pytest.mark.parametrize(("end", "words"), [("", "no certificate"), ("-----END CERTIFICATE-----", "damaged")])
def test_a_bundle_of_nothing_but_beginnings(tmp_path: Path, end: str, words: str) -> None:
    bundle = "-----BEGIN CERTIFICATE-----\n" * 35_000 + end
    found = problems(tmp_path, {"hosts/a.yaml": "ubuntu: '24.04'\nca_bundle: ca.pem\n", "ca.pem": bundle})
    assert [problem.code for problem in found] == ["INV027"]
    assert words in found[0].message


def test_an_endless_number_in_requires(tmp_path: Path) -> None:
    files = {"hosts/a.yaml": "ubuntu: '24.04'\n", "fleet.yaml": f"requires: '>={'1' * 5000}'\n"}
    assert told(problems(tmp_path, files)) == [("INV028", "fleet.yaml", 1)]


def test_more_values_than_any_inventory_has(tmp_path: Path) -> None:
    found = problems(tmp_path, {"hosts/a.yaml": "groups:\n" + "- a\n" * (MIB // 5)})
    assert [problem.code for problem in found] == ["INV002"]
    assert "50000 values" in found[0].message
    assert found[0].line == 50_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"key{number}: 1\n" for number in range(40_000)),
        f"groups: [{'-, ' * 45_000}a]",
        "ubuntu: '24.04'\n" * 40_000,
    ],
    ids=["unknown keys", "wrong values", "one key again and again"],
)
def test_more_problems_than_anybody_reads(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, {"hosts/a.yaml": text})
    assert len(found) == 101
    assert found[-1].code == "INV080"


def test_more_problems_than_anybody_reads_in_groups(tmp_path: Path) -> None:
    groups = "".join(f"  g{number}: {{x: 1, y: 2, z: 3}}\n" for number in range(10_000))
    found = problems(tmp_path, {"hosts/a.yaml": "ubuntu: '24.04'\n", "fleet.yaml": f"groups:\n{groups}"})
    assert len(found) == 101
    assert (found[100].code, found[100].file) == ("INV080", "fleet.yaml")


def test_long_words_are_cut_in_what_is_said(tmp_path: Path) -> None:
    word = "a" * 100_000
    for text in (f"? {word}\n: 1\n", f"ubuntu: !!{word} 1\n", f"groups: [{word}]\n", f"driver: {{branch: {word}}}\n"):
        found = problems(tmp_path, {"hosts/a.yaml": text})
        assert found
        assert all(len(problem.text()) < 1000 for problem in found)


@pytest.mark.parametrize(
    "day", ["0", "1700006400", "20270131", "2027-1-31", "2027-01-31T00:00:00", "2027-02-30", "soon"]
)
def test_a_day_is_written_as_a_day(tmp_path: Path, day: str) -> None:
    host = f"ubuntu: '24.04'\naccept: [{{code: GPU001, reason: known, until: {day}}}]\n"
    assert [(one.code, one.path) for one in problems(tmp_path, {"hosts/a.yaml": host})] == [
        ("INV016", "accept.0.until")
    ]


def test_the_sample_has_a_file_of_every_kind() -> None:
    suffixes = {Path(name).suffix for name in sample.files()}
    assert suffixes == {".yaml", ".yml", ".txt", ".lock", ".asc", ".pem"}


def test_a_lock_in_which_the_last_of_many_keys_stands_twice() -> None:
    rows = "".join(f"  k{number}: 1\n" for number in range(60_000))
    with promises.patience(), pytest.raises(read.Broken, match=r"'last' stands here twice"):
        read.parse(f"version: 1\nrepositories:\n{rows}  last: 1\n  last: 2\n".encode())


def test_a_line_of_an_ansible_inventory_without_end() -> None:
    with promises.patience(), pytest.raises(RunError, match="a line of 1048576 characters"):
        ini.parse("a" * MIB, "hosts.ini")
    with promises.patience(), pytest.raises(ValueError, match="too long"):
        ssh.parse("-o " * MIB)


def test_what_a_terminal_should_not_see_is_written_with_escapes_in_errors() -> None:
    error = RunError("RUN381", "\x1b[2J is no group", evidence="a\tb\n\x07", hint="write\nanother")
    assert all(line.isprintable() for line in error.lines())
    assert [line.strip() for line in error.lines()][1:3] == ["| a   b", "| \\x07"]


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused_and_ends_no_process(tmp_path: Path, piece: str) -> None:
    deep = piece * 100_000
    with pytest.raises(read.Broken, match="nested deeper than 100 levels"):
        read.parse(f"version: 1\nhosts:\n  {deep}".encode())
    with pytest.raises(RunError, match="nested deeper than 100 levels"):
        foreign.load(f"all:\n  {deep}", "hosts.yml")
    found = problems(tmp_path, {"hosts/a.yaml": f"ubuntu: '24.04'\ngpus:\n  {deep}"})
    assert [problem.code for problem in found] in (["INV011"], ["INV005"])
