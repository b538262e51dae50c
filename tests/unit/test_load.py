"""What a good inventory loads to: values as written, merged in order, each with its origin."""

from datetime import date
from pathlib import Path

import pytest

from schema import document, load, merge
from schema.errors import InvalidInventory
from schema.fleet import Fleet, Origin

FIXTURE_KEY = Path(__file__).parents[2] / "inventory" / "keys" / "lab-archive.asc"
LAB_FINGERPRINT = "48F1B2157E65C8381064D34E02CF6A3D2E091DC9"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def fleet(root: Path, **files: str) -> Fleet:
    """An inventory of host files by name; `fleet` is fleet.yaml."""
    named = {"fleet.yaml" if name == "fleet" else f"hosts/{name}.yaml": text for name, text in files.items()}
    return load.fleet(write(root, named), today=date(2026, 11, 24))


@pytest.mark.parametrize(
    "text", ["12.10", "24.04", "0755", "no", "yes", "on", "1e3", "0x10", "1_000", "2027-01-31", ".5"]
)
def test_a_scalar_stays_as_it_was_written(text: str) -> None:
    tree, problems = document.parse(f"a: {text}\n".encode(), "f")
    assert not problems
    assert tree is not None
    assert merge.plain(tree) == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("'true'", "true"), ("True", "True")])
def test_only_plain_true_and_false_are_booleans(text: str, value: object) -> None:
    tree, _ = document.parse(f"a: {text}\n".encode(), "f")
    assert tree is not None
    assert merge.plain(tree) == {"a": value}


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/desk.yaml").write_bytes(b"\xef\xbb\xbfubuntu: 24.04\r\ngpus: []\r\n")
    assert load.fleet(tmp_path).hosts["desk"].gpus == ()


def test_the_smallest_file_is_three_lines(tmp_path: Path) -> None:
    spec = fleet(tmp_path, desk='connection: local\nubuntu: "24.04"\ngpus: [GTX 1080]\n').hosts["desk"]
    assert spec.connection.local
    assert spec.gpus is not None
    assert spec.gpus[0].model == "GTX 1080"
    assert spec.managed_driver is not None
    assert spec.managed_driver.branch == "auto"


def test_every_short_spelling_is_written_out(tmp_path: Path) -> None:
    text = """
ubuntu: 22.04
gpus: [H100 SXM, {pci_id: "10DE:2330", count: 7}]
cuda: {toolkits: [12.9, 13.0, {11.8: absent}]}
cudnn: {version: {12: 9.17.0, 13: 9.17.0}}
conda: {version: 25.3.1-0}
environments: {old: absent}
"""
    spec = fleet(tmp_path, h1=text).hosts["h1"]
    assert spec.gpus is not None
    assert [(gpu.model, gpu.pci_id, gpu.count) for gpu in spec.gpus] == [
        ("H100 SXM", None, 1),
        (None, "10de:2330", 7),
    ]
    cuda, cudnn = spec.cuda, spec.cudnn
    assert cuda is not None and cuda != "none"
    assert (cuda.toolkits, cuda.absent) == (("12.9", "13.0"), ("11.8",))
    assert cudnn is not None and cudnn != "none"
    assert cudnn.versions == {"12": "9.17.0", "13": "9.17.0"}
    assert spec.environments == {"old": "absent"}


MERGED = """
defaults:
  ubuntu: 24.04
  driver: {branch: 580, persistence: false}
  cuda: {toolkits: ["12.9", "12.6"]}
groups:
  first: {driver: {branch: 570, install: compute}, cuda: {toolkits: ["12.8"]}}
  second: {driver: {branch: 595}}
"""


def test_the_host_wins_over_its_last_group_over_its_first_over_the_defaults(tmp_path: Path) -> None:
    found = fleet(
        tmp_path, fleet=MERGED, a="groups: [first, second]\ndriver: {modules: open}\n", b="groups: [second, first]\n"
    )
    a, b = (found.hosts[name].driver for name in "ab")
    assert a is not None and a != "none" and b is not None and b != "none"
    assert (a.branch, a.install, a.persistence, a.modules) == ("595", "compute", False, "open")
    assert b.branch == "570"
    cuda = found.hosts["a"].cuda
    assert cuda is not None and cuda != "none"
    assert cuda.toolkits == ("12.8",), "lists replace"
    assert found.groups == {"first": ("a", "b"), "second": ("a", "b")}


def test_a_value_of_another_kind_replaces_whole(tmp_path: Path) -> None:
    found = fleet(tmp_path, fleet=MERGED, a="driver: none\nconnection: local\n")
    assert found.hosts["a"].driver == "none"


def test_each_value_knows_where_it_was_written(tmp_path: Path) -> None:
    found = fleet(tmp_path, fleet=MERGED, a="groups: [first]\ngpus: [GTX 1080]\ndriver: {modules: auto}\n")
    assert found.origin("a", "driver.branch") == Origin(file="fleet.yaml", line=7, column=28)
    assert found.origin("a", "driver.modules") == Origin(file="hosts/a.yaml", line=3, column=19)
    assert found.origin("a", "driver.persistence") == Origin(file="fleet.yaml", line=4, column=38)
    assert found.origin("a", "gpus.0.model") == Origin(file="hosts/a.yaml", line=2, column=8)
    assert found.origin("a", "driver.version") is None


def test_an_inherited_driver_is_passed_over_without_a_gpu(tmp_path: Path) -> None:
    spec = fleet(tmp_path, fleet=MERGED, a="gpus: []\n").hosts["a"]
    assert spec.managed_driver is None


def test_an_error_outside_of_the_limit_is_a_warning(tmp_path: Path) -> None:
    root = write(tmp_path, {"hosts/good.yaml": "ubuntu: 24.04\n", "hosts/bad.yaml": "ubuntu: 1\n"})
    found = load.fleet(root, ["good"])
    assert [(problem.severity, problem.host) for problem in found.problems] == [("warning", "bad")]
    assert list(found.hosts) == ["good"]
    with pytest.raises(InvalidInventory):
        load.fleet(root, ["b*"])
    with pytest.raises(InvalidInventory):
        load.fleet(root)


def test_an_error_in_fleet_yaml_stops_every_run(tmp_path: Path) -> None:
    root = write(tmp_path, {"hosts/good.yaml": "ubuntu: 24.04\n", "fleet.yaml": "nope: 1\n"})
    with pytest.raises(InvalidInventory):
        load.fleet(root, ["good"])


def test_a_limit_takes_names_groups_and_globs_and_misses_none(tmp_path: Path) -> None:
    found = fleet(tmp_path, fleet=MERGED, a="groups: [first]\n", b="groups: [second]\n", ab="ubuntu: 22.04\n")
    assert found.select(["first", "ab"]) == (("a", "ab"), ())
    assert found.select(["a*"]) == (("a", "ab"), ())
    assert found.select(["all"])[0] == ("a", "ab", "b")
    assert found.select(["x", "b"]) == (("b",), ("x",))
    with pytest.raises(InvalidInventory) as refused:
        load.fleet(tmp_path, ["x"])
    assert refused.value.problems[0].code == "INV029"


def test_one_host_file_is_a_fleet_of_one_with_its_folder_s_defaults(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"fleet.yaml": MERGED, "hosts/rack/a.yaml": "groups: [first]\n", "hosts/b.yaml": "ubuntu: 1\n"}
    )
    found = load.fleet(root / "hosts/rack/a.yaml")
    driver = found.hosts["a"].driver
    assert driver is not None and driver != "none"
    assert (list(found.hosts), driver.branch, found.root) == (["a"], "570", str(root))
    alone = write(tmp_path / "alone", {"x.yaml": "ubuntu: 24.04\n", "fleet.yaml": "broken"})
    assert list(load.fleet(alone / "x.yaml").hosts) == ["x"]


def test_a_trailing_slash_changes_nothing(tmp_path: Path) -> None:
    fleet(tmp_path, a="ubuntu: 24.04\n")
    assert load.fleet(f"{tmp_path}/").name == load.fleet(tmp_path).name == tmp_path.name


def test_a_mirror_s_key_is_read_and_its_fingerprint_compared(tmp_path: Path) -> None:
    key = FIXTURE_KEY.read_text()
    host = "ubuntu: 24.04\nmirrors: {cuda: {url: 'https://m/{distro}', keys: [{file: keys/k.asc, fingerprint: %s}]}}\n"
    root = write(tmp_path, {"keys/k.asc": key, "hosts/a.yaml": host % LAB_FINGERPRINT})
    mirror = load.fleet(root).hosts["a"].mirrors.cuda
    assert mirror is not None
    assert mirror.keys[0].armoured == key
    write(tmp_path, {"hosts/a.yaml": host % ("A" * 40)})
    with pytest.raises(InvalidInventory) as refused:
        load.fleet(root)
    problem = refused.value.problems[0]
    assert (problem.code, problem.path) == ("INV026", "mirrors.cuda.keys.0.fingerprint")
    assert LAB_FINGERPRINT in problem.message


def test_a_relative_ssh_key_lies_in_the_folder(tmp_path: Path) -> None:
    found = fleet(tmp_path, a="ubuntu: 24.04\nconnection: {key: keys/id, known_hosts: ~/.ssh/known_hosts}\n")
    connection = found.hosts["a"].connection
    assert (connection.key, connection.known_hosts) == (str(tmp_path / "keys/id"), "~/.ssh/known_hosts")


def test_an_ended_exception_warns(tmp_path: Path) -> None:
    found = fleet(tmp_path, a="ubuntu: 24.04\naccept: [{code: GPU120, reason: known, until: 2026-11-23}]\n")
    assert [(problem.code, problem.severity) for problem in found.problems] == [("INV032", "warning")]
    found = fleet(tmp_path, a="ubuntu: 24.04\naccept: [{code: GPU120, reason: known, until: 2026-11-24}]\n")
    assert not found.problems


def test_ten_times_the_hosts_are_ten_times_the_nodes_and_one_reading_of_each_shared_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    genuine = load.folder.Files.read
    monkeypatch.setattr(load.folder.Files, "read", lambda self, file: read.append(file) or genuine(self, file))
    host = "groups: [g]\nubuntu: 24.04\ngpus: [GTX 1080]\n"
    group = "groups:\n  g:\n    conda: {version: 25.3.1-0}\n    environments: {ds: {file: environments/ds.yml}}\n"
    files = {f"hosts/h{number}.yaml": host for number in range(200)}
    write(tmp_path, {"fleet.yaml": group, "environments/ds.yml": "dependencies: [numpy]\n", **files})
    assert len(load.fleet(tmp_path).hosts) == 200
    assert sorted(read) == sorted([*files, "fleet.yaml", "environments/ds.yml"])


def test_the_smoke_test_is_on_unless_it_is_switched_off(tmp_path: Path) -> None:
    found = fleet(
        tmp_path, x="ubuntu: 24.04\nsmoke_test: true\n", y="ubuntu: 24.04\nsmoke_test: false\n", z="ubuntu: 24.04\n"
    )
    assert found.problems == ()
    assert [found.hosts[name].smoke_test for name in "xyz"] == [True, False, True]
