"""fleet validate, init, show, explain and schema, as a user runs them."""

import json
import os
from pathlib import Path

import pytest

from fleet import cli
from schema import codes, load

OK = 'ubuntu: "24.04"\n'
KEYS = ["code", "severity", "file", "line", "column", "host", "path", "message", "hint", "accepted"]


def write(root: Path, **hosts: str) -> Path:
    for name, text in hosts.items():
        path = root / ("fleet.yaml" if name == "fleet" else f"hosts/{name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_valid_inventory_is_said_to_be_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["validate", str(write(tmp_path, a=OK, b=OK))]) == 0
    assert capsys.readouterr().out == f"2 hosts: valid. next: fleet plan {tmp_path}\n"


def test_problems_are_told_as_compilers_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, a=OK + "driver: {brnach: 580}\n", b=OK + "gpus: [GTX 1O80]\n")
    assert cli.run(["validate", str(root)]) == 1
    lines = capsys.readouterr().out.splitlines()
    place = f"{root}/hosts/a.yaml:2:10"
    assert lines[0] == f"{place}: error INV013 driver.brnach: unknown key 'brnach'. Did you mean 'branch'?"
    assert lines[1].startswith(f"{root}/hosts/b.yaml:2:8: warning CMP008")
    assert lines[2] == "2 hosts: 1 error, 1 warning. next: mend them, or read fleet explain INV013"


def test_the_json_has_the_shape_of_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, a=OK + "driver: {brnach: 580}\n", b=OK)
    assert cli.run(["validate", str(root), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {key: document[key] for key in ("version", "ok", "hosts")} == {"version": 1, "ok": False, "hosts": 2}
    (problem,) = document["problems"]
    assert list(problem) == KEYS
    assert [problem[key] for key in KEYS[:7]] == ["INV013", "error", "hosts/a.yaml", 2, 10, "a", "driver.brnach"]


def test_a_limit_makes_other_hosts_errors_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(write(tmp_path, a="nope: 1\n", b=OK))
    assert cli.run(["validate", root, "--limit", "b"]) == 0
    out = capsys.readouterr().out
    assert "warning INV013" in out and out.endswith(f"next: fleet plan {root} --limit b\n")
    assert cli.run(["validate", root, "--limit", "a,b"]) == 1
    assert cli.run(["validate", root, "--limit", "c"]) == 1
    assert "'c' matches no host" in capsys.readouterr().out


def test_a_name_that_is_not_utf8_is_shown_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path / "inventory", a=OK)
    Path(os.fsdecode(bytes(root) + b"/hosts/b\xff.yaml")).write_text(OK)
    report = tmp_path / "report.json"
    for given in ([], ["-o", str(report)]):
        assert cli.run(["validate", str(root), "--format", "json", *given]) == 1
    printed = capsys.readouterr().out
    assert printed == report.read_text()
    assert json.loads(printed)["problems"][0]["file"] == "hosts/b\udcff.yaml"


def test_a_report_for_a_folder_that_is_not_there_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["validate", str(write(tmp_path, a=OK)), "-o", str(tmp_path / "no" / "report.txt")]) == 1
    assert capsys.readouterr().err.startswith("RUN230")


@pytest.mark.parametrize("name", ["", "a" * 300, "~no.such.user/x"])
def test_a_name_that_cannot_be_one_is_an_unknown_inventory(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["validate", name]) == 1
    assert "INV001" in capsys.readouterr().out
    assert cli.run(["show", "a", "-i", name]) == 1
    assert capsys.readouterr().err.startswith("RUN233")


def test_the_report_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    root = write(tmp_path / "inventory", a=OK)
    assert cli.run(["validate", str(root), "--format", "json", "-o", str(report)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(report.read_text())["ok"] is True


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_missing_or_empty_inventory_is_an_error_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    for path, code in ((tmp_path / "none", "INV001"), (tmp_path, "INV020")):
        assert cli.run(["validate", str(path), "--format", form]) == 1
        out, err = capsys.readouterr()
        assert code in out
        assert "Traceback" not in out + err


def test_init_makes_a_folder_that_validates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "inventory"
    assert cli.run(["init", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("next: ")
    assert load.fleet(folder).hosts["desk"].connection.local
    assert sorted(path.name for path in folder.parent.iterdir()) == ["inventory"], "nothing is left beside it"


def test_init_writes_the_schemas_that_the_files_name(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    assert cli.run(["init", str(folder)]) == 0
    for file in (folder / "fleet.yaml", folder / "hosts" / "desk.yaml"):
        named = file.parent / file.read_text().splitlines()[0].partition("$schema=")[2]
        written = tmp_path / named.name
        assert cli.run(["schema", named.stem, "-o", str(written)]) == 0
        assert named.read_bytes() == written.read_bytes()


def test_every_comment_of_the_new_host_file_is_a_valid_key_when_uncommented(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    cli.run(["init", str(folder)])
    for file in (folder / "fleet.yaml", folder / "hosts/desk.yaml"):
        header, *lines = file.read_text().splitlines()
        assert header.startswith("# yaml-language-server: $schema=")
        code = [line[2:] if line.startswith("# ") and ":" in line and not line[2].isupper() else line for line in lines]
        file.write_text("\n".join(code) + "\n")
    found = load.fleet(folder).hosts["desk"]
    assert found.environments and found.cuda and found.cudnn and found.reboot == "if-needed"


def test_init_refuses_a_folder_with_something_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("x")
    assert cli.run(["init", str(tmp_path)]) == 1
    assert "RUN280" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli.run(["init", str(empty)]) == 0


def test_init_leaves_nothing_behind_where_it_may_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert cli.run(["init", str(tmp_path / "file" / "inventory")]) == 1
    assert "RUN281" in capsys.readouterr().err


def test_show_prints_each_value_with_its_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, fleet="defaults:\n  driver: {install: compute}\n", a=OK + "gpus: [GTX 1080]\n")
    assert cli.run(["show", "a", "-i", str(root)]) == 0
    rows = {line.split()[0]: line.split(None, 1)[1].split() for line in capsys.readouterr().out.splitlines()[1:]}
    assert " ".join(rows["driver.install"]) == "compute defaults, fleet.yaml:2"
    assert rows["gpus.0.model"] == ["GTX", "1080", "hosts/a.yaml:2"]
    last = "580 rule: last branch that drives GTX 1080 (Pascal) (auto: built-in default)"
    assert " ".join(rows["driver.branch"]) == last
    assert rows["driver.modules"][:2] == ["proprietary", "rule:"]
    assert " ".join(rows["cuda"]) == "not managed built-in default"


def test_show_names_the_group_of_each_value_and_says_what_was_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = "groups:\n  ada: {driver: {branch: auto}}\n  kits:\n    cuda:\n      toolkits: auto\n"
    fleet = f"defaults: {{reboot: if-needed}}\n{groups}"
    root = write(tmp_path, fleet=fleet, a=OK + "groups: [ada, kits]\ngpus: [RTX 4090]\n")
    assert cli.run(["show", "a", "-i", str(root), "--format", "json"]) == 0
    values = {value["path"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert list(values["reboot"]) == ["path", "text", "by", "note", "layer", "origin"]
    assert (values["reboot"]["by"], values["reboot"]["layer"]) == ("file", "defaults")
    branch, toolkits = values["driver.branch"], values["cuda.toolkits"]
    assert (branch["text"], branch["by"], branch["layer"]) == ("580", "rule", "group ada")
    assert branch["note"] == "long-term branch, kept up until 2028-06"
    assert (toolkits["text"], toolkits["by"], toolkits["layer"]) == ("[13.0]", "rule", "group kits")
    assert toolkits["origin"] == {"file": "fleet.yaml", "line": 6, "column": 17}
    assert (values["arch"]["by"], values["arch"]["origin"]) == ("default", None)
    assert "auto" not in values and "cuda.auto" not in values and "cuda.chosen" not in values


def test_show_names_the_place_of_an_environment_file_for_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = OK + "conda: {version: 25.3.1-0}\nenvironments:\n  ds:\n    file: environments/ds.yml\n"
    root = write(tmp_path, a=host)
    (root / "environments").mkdir()
    (root / "environments" / "ds.yml").write_text("dependencies: [python=3.11, numpy]\n")
    assert cli.run(["show", "a", "-i", str(root)]) == 0
    (packages,) = [line for line in capsys.readouterr().out.splitlines() if "environments.ds.packages" in line]
    place = "hosts/a.yaml:5 (in environments/ds.yml, which this line names)"
    assert " ".join(packages.split()[1:]) == f"[numpy] {place}"


def test_show_says_that_a_driver_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, fleet="defaults:\n  driver: {branch: 580}\n", a=OK + "gpus: []\n")
    assert cli.run(["show", "a", "-i", str(root), "--format", "json"]) == 0
    values = {value["path"]: value for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["driver"]["text"] == "passed over"
    assert values["driver"]["origin"] == {"file": "fleet.yaml", "line": 2, "column": 11}


def test_show_names_the_nearest_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, desk=OK)
    assert cli.run(["show", "dekc", "-i", str(root)]) == 1
    assert "fleet show desk" in capsys.readouterr().err


def test_explain_prints_every_part_of_an_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", "cmp001"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("CMP001  ")
    assert all(f"\n{part}" in out for part in ("Meaning", "Recognised", "Breaks", "Mend", "Or accept", "Source"))
    assert "accept: [{code: CMP001, reason: WHY, until: YYYY-MM-DD}]" in " ".join(out.split())
    assert cli.run(["explain", "INV013"]) == 0
    assert "Or accept" not in capsys.readouterr().out


def test_explain_lists_all_codes_and_those_of_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:6] for line in lines if line[3:6].isdigit()] == list(codes.all_codes())
    assert [line[:5] for line in lines if line[3:4] == ":"] == ["INV: ", "CMP: ", "GPU: ", "RUN: "]
    assert cli.run(["explain", "cmp"]) == 0
    shown = [line[:6] for line in capsys.readouterr().out.splitlines()[1:]]
    assert shown == [code for code in codes.all_codes() if code.startswith("CMP")]
    assert cli.run(["explain", "GPU", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)["codes"]
    assert [entry["code"] for entry in listed] == [code for code in codes.all_codes() if code.startswith("GPU")]
    assert set(listed[0]) == {"code", "title", "meaning", "recognised", "breaks", "mend", "source"}


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("CMP01", "CMP001"),
        ("cmp1", "CMP001"),
        ("INV-13", "INV013"),
        ("gpu 120x", "GPU120"),
        ("", "| INV"),
        ("help", "| RUN"),
    ],
)
def test_explain_names_the_nearest_of_an_unknown_code(
    given: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["explain", given]) == 1
    told = capsys.readouterr().err
    assert f"there is no code {given!r}" in told
    assert near in told and "fleet explain for all" in told


def test_explain_writes_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "code.json"
    assert cli.run(["explain", " inv013 ", "--format", "json", "-o", str(file)]) == 0
    assert json.loads(file.read_text())["code"] == "INV013"


def test_the_json_schema_knows_every_key_and_the_short_spellings(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["schema"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {"connection", "gpus", "driver", "cuda", "environments", "mirrors"} <= set(made["properties"])
    assert "name" not in made["properties"]
    assert {"const": "local"} in made["properties"]["connection"]["anyOf"]
    text = json.dumps(made)
    references = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert references == set(made["definitions"])
    assert cli.run(["schema", "fleet"]) == 0
    assert "rollout" in json.loads(capsys.readouterr().out)["properties"]
