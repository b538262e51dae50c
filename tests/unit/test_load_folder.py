"""Folders that are careless or hostile: links, names, endings, sizes, files that lie outside."""

import os
from pathlib import Path

import pytest

from schema import folder, load
from schema.errors import InvalidInventory, Problem
from tests.unit.test_load_refusals import problems

OK = 'ubuntu: "24.04"\n'


def wrong(root: Path) -> list[Problem]:
    with pytest.raises(InvalidInventory) as refused:
        load.fleet(root)
    return refused.value.problems


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = wrong(tmp_path / "inventroy")
    assert (found[0].code, found[0].file) == ("INV001", str(tmp_path / "inventroy"))


def test_a_name_that_cannot_be_one_is_a_folder_that_is_not_there() -> None:
    for name in ("", "~no.such.user/x", "a" * 300):
        assert [(problem.code, problem.severity) for problem in load.read(name).problems] == [("INV001", "error")]


def test_what_is_neither_folder_nor_file_is_said_to_be_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert wrong(tmp_path / "a.yaml")[0].message == "this is neither a folder nor a file."


def test_a_wrong_file_name_is_one_problem(tmp_path: Path) -> None:
    assert [problem.code for problem in problems(tmp_path, {"hosts/-x.yaml": OK})] == ["INV018"]


def test_a_folder_without_hosts_is_an_error(tmp_path: Path) -> None:
    assert [problem.code for problem in wrong(tmp_path)] == ["INV020"]


def test_fleet_yaml_is_no_host_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("defaults: {}\n")
    assert wrong(tmp_path / "fleet.yaml")[0].code == "INV021"


NAMES = [
    ({"hosts/all.yaml": OK}, "INV018", "every host"),
    ({"hosts/NAME.yaml": OK}, "INV018", "every host"),
    ({"hosts/-x.yaml": OK}, "INV018", "letter or digit first"),
    ({"hosts/a b.yaml": OK}, "INV018", "letter or digit first"),
    ({"hosts/$(id).yaml": OK}, "INV018", "letter or digit first"),
    ({"hosts/x.yaml": OK, "hosts/deep/x.yaml": OK}, "INV018", "two files"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "groups: {x: {}}\n"}, "INV018", "host and a group"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "groups: {all: {}}\n"}, "INV018", "every host"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "groups: {NAME: {}}\n"}, "INV018", "every host"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "groups: {-x: {}}\n"}, "INV018", "letter or digit first"),
    ({"hosts/x.yaml": OK + "groups: [labb]\n", "fleet.yaml": "groups: {lab: {}}\n"}, "INV019", "'lab'"),
    ({"hosts/x.yaml": OK, "hosts/y.yml": OK}, "INV021", "y.yaml"),
    ({"hosts/x.yaml": OK, "fleet.lock": "a: b\n"}, "INV050", "version None"),
    ({"hosts/x.yaml": OK, "held.yaml": "a: b\n"}, "INV090", "not yet supported"),
    ({"hosts/x.yaml": OK + "gpus: [GTX 1080]\n", "fleet.yaml": "require_lock: true\n"}, "INV052", "no fleet.lock"),
    ({"hosts/x.yaml": OK, "fleet.yaml": 'requires: ">=99"\n'}, "INV028", "requires gpufleet >=99"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "requires: latest\n"}, "INV028", ">=0.1"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "defaults:\n"}, "INV012", "a mapping"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "defaults: {groups: [a]}\n"}, "INV013", "listed by hosts"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "rollout: {max_unavailable: 0}\n"}, "INV016", "at least 1"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "rollout: {max: 1}\n"}, "INV013", "max_unavailable"),
    ({"hosts/x.yaml": OK, "fleet.yaml": "ubuntu: 24.04\n"}, "INV013", "under defaults"),
]


@pytest.mark.parametrize(("files", "code", "words"), NAMES)
def test_names_and_policies_that_would_mislead_are_refused(
    tmp_path: Path, files: dict[str, str], code: str, words: str
) -> None:
    renamed = {key.replace("NAME", tmp_path.name): text.replace("NAME", tmp_path.name) for key, text in files.items()}
    found = problems(tmp_path, renamed)
    assert found[0].code == code
    assert words in f"{found[0].message} {found[0].hint}"


def test_a_host_file_in_the_wrong_place_is_a_warning(tmp_path: Path) -> None:
    found = problems(tmp_path, {"hosts/x.yaml": OK, "desk.yaml": OK})
    assert [(one.code, one.severity, one.file) for one in found] == [("INV021", "warning", "desk.yaml")]


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    files = {"hosts/x.yaml": OK, "hosts/.x.yaml.swp": "\t", "hosts/README.md": "\t", "hosts/.git/y.yaml": "\t"}
    assert problems(tmp_path, files) == []


def test_links_out_of_the_folder_nowhere_and_in_a_circle_are_refused(tmp_path: Path) -> None:
    hosts = tmp_path / "inventory" / "hosts"
    hosts.mkdir(parents=True)
    (hosts / "x.yaml").write_text(OK)
    (tmp_path / "outside.yaml").write_text(OK)
    (hosts / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (hosts / "nowhere.yaml").symlink_to(hosts / "gone.yaml")
    (hosts / "self.yaml").symlink_to(hosts / "self.yaml")
    (hosts / "loop").symlink_to(hosts)
    found = wrong(tmp_path / "inventory")
    files = {problem.file for problem in found}
    assert files == {"hosts/out.yaml", "hosts/nowhere.yaml", "hosts/self.yaml", "hosts/loop"}
    assert {problem.code for problem in found} == {"INV003"}


def test_two_folders_that_link_to_each_other_end(tmp_path: Path) -> None:
    one, two = tmp_path / "hosts/one", tmp_path / "hosts/two"
    one.mkdir(parents=True)
    two.mkdir()
    (tmp_path / "hosts/x.yaml").write_text(OK)
    (one / "to-two").symlink_to(two)
    (two / "to-one").symlink_to(one)
    assert {problem.code for problem in wrong(tmp_path)} == {"INV003"}


def test_folders_in_one_another_without_end_are_not_followed(tmp_path: Path) -> None:
    deep = tmp_path / "hosts" / "/".join("d" * 60)
    deep.mkdir(parents=True)
    (deep / "lost.yaml").write_text(OK)
    (tmp_path / "hosts" / "/".join("d" * 20) / "x.yaml").write_text(OK)
    found = load.read(tmp_path)
    assert [(problem.code, problem.file.count("/")) for problem in found.problems] == [("INV011", 21)]
    assert list(found.hosts) == ["x"]


def test_names_that_no_terminal_should_see_are_written_with_escapes(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    names = [b"\xff\xfe.yaml", b"\x1b[31mred.yaml", b"a\nb.yaml", "\u202egnp.yaml".encode(), b"y\xe9.yml"]
    for name in names:
        Path(os.fsdecode(os.fsencode(hosts) + b"/" + name)).write_text(OK)
    found = load.read(tmp_path)
    assert [problem.code for problem in found.problems].count("INV018") == 4
    assert all(problem.text().isprintable() for problem in found.problems)
    assert not found.hosts


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds/desk.yaml").write_text(OK)
    (tmp_path / "hosts/desk.yaml").symlink_to("../kinds/desk.yaml")
    assert list(load.fleet(tmp_path).hosts) == ["desk"]


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    os.mkfifo(tmp_path / "hosts/x.yaml")
    assert wrong(tmp_path)[0].code == "INV002"


def test_a_folder_named_like_a_host_file_is_not_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "hosts/x.yaml").mkdir(parents=True)
    (tmp_path / "hosts/x.yaml/y.yaml").write_text(OK)
    assert list(load.fleet(tmp_path).hosts) == ["y"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    found = problems(tmp_path, {"hosts/x.yaml": OK + "#" * (1024 * 1024)})
    assert (found[0].code, found[0].host) == ("INV002", "x")


def test_too_many_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FILES", 2)
    found = problems(tmp_path, {f"hosts/{name}.yaml": OK for name in "abc"})
    assert found[0].code == "INV002"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/x.yaml").write_text(OK)
    (tmp_path / "hosts/x.yaml").chmod(0)
    assert wrong(tmp_path)[0].code == "INV002"


def test_only_one_host_is_this_machine(tmp_path: Path) -> None:
    local = OK + "connection: local\n"
    found = problems(tmp_path, {"hosts/a.yaml": local, "hosts/b.yaml": local})
    assert [(one.code, one.host, one.line) for one in found] == [("INV036", "a", 2), ("INV036", "b", 2)]


def test_jumps_in_a_ring_are_refused(tmp_path: Path) -> None:
    hosts = {f"hosts/{name}.yaml": f"{OK}connection: {{jump: {jump}}}\n" for name, jump in ("ab", "bc", "cb", "de")}
    found = problems(tmp_path, hosts)
    assert [(one.code, one.host) for one in found] == [("INV037", "a"), ("INV037", "b"), ("INV037", "c")]
    assert "b -> c -> b" in found[1].message
