"""How problems are told: lines for tools, excerpts for people, and what is equal in many files a few times."""

from pathlib import Path

import pytest

from fleet import problems, terminal
from fleet.problems import Place
from fleet.terminal import Terminal
from schema import load
from schema.errors import InvalidInventory, Problem
from schema.fleet import judge
from tests.unit.test_load_refusals import SECRETS

RICH = Terminal(excerpts=True, colours=False, width=80)


def problem(file: str = "hosts/a.yaml", **more: object) -> Problem:
    known: dict[str, object] = {"code": "CMP001", "file": file, "line": 2, "column": 9, "path": "x.y", "message": "m."}
    return Problem.model_validate(known | {"hint": "Write z."} | more)


def place(root: Path, **files: str | bytes) -> Place:
    for name, text in files.items():
        file = root / "hosts" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Place(str(root), str(root))


def test_off_a_terminal_each_problem_is_one_line(tmp_path: Path) -> None:
    told = problems.text([problem(message="one\ntwo\x1b[31m."), problem(line=None, column=None)], place(tmp_path))
    assert told.splitlines() == [
        f"{tmp_path}/hosts/a.yaml:2:9: error CMP001 x.y: one\\ntwo\\x1b[31m. Write z.",
        f"{tmp_path}/hosts/a.yaml: error CMP001 x.y: m. Write z.",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_on_a_terminal_the_line_and_the_mark_follow(tmp_path: Path, end: str) -> None:
    site = place(tmp_path, a=f"one: 1{end}driver: 610 # new{end}three: 3")
    assert problems.text([problem()], site, RICH).splitlines() == [
        f"{tmp_path}/hosts/a.yaml:2:9: error CMP001 x.y: m.",
        "    2 | driver: 610 # new",
        "      |         ^^^",
        "    Write z.",
    ]


def marks(told: str) -> list[str]:
    return [line for line in told.splitlines() if " | " in line]


@pytest.mark.parametrize(
    ("text", "line", "column", "shown"),
    [
        ("", 1, 1, []),
        ("a: 1", 1, 4, ["    1 | a: 1", "      |    ^"]),
        ("a: 1\n", 2, 1, []),
        ("a: 1\n", 9, 1, []),
        ("\ufeffa: 1", 1, 4, ["    1 | a: 1", "      |    ^"]),
        ("   - x", 1, 1, ["    1 |    - x", "      |    ^^^"]),
        ("a:   ", 1, 3, ["    1 | a:", "      |   ^"]),
        ("a: 1", 1, 99, ["    1 | a: 1", "      |     ^"]),
        (b"a: \xff\n", 1, 4, ["    1 | a: �", "      |    ^"]),
        ("a: 1", 1, None, ["    1 | a: 1"]),
        ("a: 1", None, None, []),
    ],
)
def test_an_excerpt_at_the_edges_of_a_file(
    tmp_path: Path, text: str | bytes, line: int | None, column: int | None, shown: list[str]
) -> None:
    told = problems.text([problem(line=line, column=column)], place(tmp_path, a=text), RICH)
    assert marks(told) == shown


def test_a_file_that_is_gone_a_folder_or_outside_has_no_excerpt(tmp_path: Path) -> None:
    (tmp_path / "inventory" / "hosts" / "folder.yaml").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text("a: 1\nb: 22222222\n")
    site = place(tmp_path / "inventory")
    found = [problem("hosts/gone.yaml"), problem("hosts/folder.yaml"), problem("../outside.yaml"), problem("a\0b")]
    assert marks(problems.text(found, site, RICH)) == []


def test_a_secret_is_not_shown_and_that_is_said(tmp_path: Path) -> None:
    site = place(tmp_path, a="ubuntu: '24.04'\nconnection: {sudo_password: hunter2}\n")
    told = problems.text([problem(path="connection.sudo_password", column=30)], site, RICH)
    assert "hunter2" not in told
    assert problems.UNSHOWN in told


def test_files_are_set_apart_and_problems_of_one_file_are_not(tmp_path: Path) -> None:
    site = place(tmp_path, a="a: 1\nbbbbbbb: 1", b="a: 1\nbbbbbbb: 1")
    told = problems.text([problem(), problem(message="n."), problem("hosts/b.yaml")], site, RICH)
    assert [block.count("error CMP001") for block in told.split("\n\n")] == [2, 1]


def test_what_is_equal_in_a_hundred_files_is_told_three_times(tmp_path: Path) -> None:
    found = [problem(f"hosts/n{number:03}.yaml") for number in range(100)]
    found.append(problem("hosts/z.yaml", message="another."))
    told = problems.text(found, place(tmp_path), RICH)
    assert told.count(": m.") == 3
    assert told.count(": another.") == 1
    end = "... and 97 more of CMP001 (error): hosts/n003.yaml, hosts/n004.yaml, hosts/n005.yaml and 94 more files"
    assert told.splitlines()[-2:] == [end, f"    all of them: fleet validate {tmp_path} --format json"]
    assert problems.text(found, place(tmp_path)).count("CMP001") == 101, "tools get every line"


def test_of_one_code_ten_are_told_and_warnings_take_no_place_of_errors(tmp_path: Path) -> None:
    found = [problem(message=f"{number}.", severity="warning") for number in range(50)]
    found += [problem(message=f"e{number}.") for number in range(11)]
    told = problems.text(found, place(tmp_path), RICH)
    assert told.count(": warning CMP001") == told.count(": error CMP001") == 10
    assert "... and 40 more of CMP001 (warning)" in told
    assert "... and 1 more of CMP001 (error): hosts/a.yaml" in told


def test_an_accepted_problem_is_called_so_and_does_not_count_as_a_warning(tmp_path: Path) -> None:
    found = [problem(severity="warning", accepted=True), problem(), problem(message="n.")]
    assert ": accepted CMP001 x.y" in problems.text(found, place(tmp_path), RICH)
    assert problems.counted(found) == "2 errors, 1 accepted"


def test_the_file_is_named_so_that_it_opens_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inventory").mkdir()
    root = place(tmp_path / "inventory", a="a: 1").root
    monkeypatch.chdir(tmp_path)
    told = {
        given: problems.text([problem()], Place(given, root)).split(":", 1)[0]
        for given in ("inventory", "./inventory/", "inventory/hosts/a.yaml", root, "")
    }
    assert set(told.values()) == {"inventory/hosts/a.yaml", f"{root}/hosts/a.yaml"}
    monkeypatch.chdir(tmp_path / "inventory" / "hosts")
    assert problems.text([problem()], Place("a.yaml", root)).startswith("../hosts/a.yaml:2:9: ")


def test_an_inventory_that_is_not_there_is_named_as_given() -> None:
    error = InvalidInventory([problem("nowhere", line=None, column=None, code="INV001")], "nowhere", "nowhere")
    assert problems.refused(error, terminal.PLAIN).splitlines() == [
        "nowhere: error INV001 x.y: m. Write z.",
        "1 error; nothing was connected to. next: mend them, or read fleet explain INV001",
    ]


class Stream:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("is_terminal", "environment", "expected"),
    [
        (True, {}, (True, True)),
        (False, {}, (False, False)),
        (True, {"NO_COLOR": "1"}, (True, False)),
        (True, {"NO_COLOR": ""}, (True, True)),
        (True, {"TERM": "dumb"}, (True, False)),
        (False, {"FORCE_COLOR": "1"}, (True, True)),
        (False, {"FORCE_COLOR": ""}, (False, False)),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, (True, False)),
    ],
)
def test_what_a_stream_is_fit_for(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, environment: dict[str, str], expected: tuple[bool, bool]
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal.of(Stream(is_terminal))[:2] == expected  # type: ignore[arg-type]


def test_a_problem_in_a_shared_file_names_its_host_and_one_in_the_hosts_own_does_not() -> None:
    shared = problem("fleet.yaml", host="a")
    own = problem(host="a")
    assert [one.message for one in judge([shared, own], None)] == ["m (host: a).", "m."]
    assert judge(judge([shared], None), None) == judge([shared], None)
    (told,) = judge([shared, problem("fleet.yaml", host="b")], None)
    assert (told.message, told.host) == ("m (hosts: a, b).", None)


@pytest.mark.parametrize("content", SECRETS)
def test_no_secret_of_an_inventory_is_in_an_excerpt(tmp_path: Path, content: str) -> None:
    for number, text in enumerate((content, content.replace(": {", ":\n    {", 1), content.rstrip().rstrip("}"))):
        (tmp_path / str(number)).mkdir()
        site = place(tmp_path / str(number), a="ubuntu: '24.04'\n" + text)
        found = load.read(site.path).problems
        assert found
        assert "hunter2" not in problems.text(judge(found, None), site, RICH)
