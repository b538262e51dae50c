"""The fleet command: exit codes of every way to end, and clean messages."""

import json
import os
from pathlib import Path

from tests.engine.conftest import ROOT, Command


def test_help_names_the_verbs_and_loads_none(fleet: Command) -> None:
    done = fleet("--help")
    assert done.returncode == 0
    for verb in ("plan", "apply", "drift", "lab"):
        assert f"\n  {verb} " in done.stdout


def test_an_unknown_verb_is_64_and_names_the_nearest(fleet: Command) -> None:
    done = fleet("drfit")
    assert (done.returncode, done.stdout) == (64, "")
    assert "drift" in done.stderr


def test_an_unknown_flag_is_64(fleet: Command, folder: Path) -> None:
    for arguments in (["--no-such"], ["drift", "--no-such", str(folder)]):
        assert fleet(*arguments).returncode == 64


def test_a_wrong_value_is_not_64(fleet: Command, folder: Path) -> None:
    assert fleet("drift", "--format", "xml", str(folder)).returncode == 1


def clean(done: object, *words: str) -> None:
    text = done.stderr  # type: ignore[attr-defined]
    assert done.returncode == 1, text  # type: ignore[attr-defined]
    assert done.stdout == "", done  # type: ignore[attr-defined]
    assert "Traceback" not in text and "unexpected" not in text, text
    for word in words:
        assert word in text, text


def test_a_missing_inventory_is_1_in_every_verb(fleet: Command, tmp_path: Path) -> None:
    for verb in ("drift", "plan", "apply"):
        clean(fleet(verb, str(tmp_path / "nowhere")), "RUN233", "nowhere")
        clean(fleet(verb, cwd=tmp_path), "RUN233", "fleet init")


def test_an_unmatched_limit_is_1_in_every_verb(fleet: Command, folder: Path) -> None:
    for verb in ("drift", "plan", "apply"):
        clean(fleet(verb, "--limit", "desc", str(folder)), "'desc'", "desk")


def test_an_invalid_inventory_is_1_in_every_verb(fleet: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").write_text('ubuntu: "24.04"\ndriver: {brunch: 580}\n')
    for verb in ("drift", "plan", "apply"):
        clean(fleet(verb, str(folder)), "hosts/desk.yaml:2:", "branch")


def test_without_a_terminal_apply_names_its_flag(fleet: Command, folder: Path) -> None:
    clean(fleet("apply", str(folder)), "RUN234", "-y")


def test_without_a_terminal_no_password_is_asked(fleet: Command, folder: Path) -> None:
    clean(fleet("drift", "-K", str(folder)), "RUN234", "sudo_password")


def test_force_takes_names_only(fleet: Command, folder: Path) -> None:
    clean(fleet("apply", "-y", "--force", "desks", str(folder)), "RUN235", "'desks'")


def test_drift_of_this_machine_by_its_own_name(fleet: Command, folder: Path) -> None:
    done = fleet("drift", "--format", "json", str(folder))
    report = json.loads(done.stdout)
    host = report["hosts"][0]
    assert (report["version"], host["host"], host["error"]) == (1, "desk", None)
    assert report["summary"][host["status"]] == 1
    assert done.returncode == (0 if host["status"] == "in-sync" else 2)


def test_a_report_goes_to_a_file(fleet: Command, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "drift.json"
    done = fleet("drift", "--format", "json", "-o", str(file), str(folder))
    assert (done.stdout, json.loads(file.read_text())["version"]) == ("", 1)
    clean(fleet("drift", "-o", str(tmp_path / "no" / "file"), str(folder)), "RUN230")


def test_one_look_is_told_in_several_forms(fleet: Command, folder: Path, tmp_path: Path) -> None:
    done = fleet("drift", "-o", "-", "-o", "drift.json", str(folder.resolve()), cwd=tmp_path)
    made = json.loads((tmp_path / "drift.json").read_text())
    assert done.stdout.splitlines()[-1].startswith("1 host: 1 ")
    assert (made["inventory"], [host["host"] for host in made["hosts"]]) == (folder.name, ["desk"])
    assert made["hosts"][0]["seen"] <= made["time"] and made["started"] <= made["hosts"][0]["seen"]


def test_every_form_is_written_by_one_look(fleet: Command, folder: Path, tmp_path: Path) -> None:
    heads = {
        "a.txt": "desk  ",
        "a.json": '{\n  "version": 1,',
        "a.xml": '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ',
        "a.prom": "# HELP gpufleet_run_timestamp_seconds ",
        "a.md": "## Drift check `",
        "a.html": "<!DOCTYPE html>",
    }
    outputs = [word for name in heads for word in ("-o", name)]
    done = fleet("drift", *outputs, str(folder.resolve()), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (fleet("drift", str(folder)).returncode, "")
    for name, head in heads.items():
        assert (tmp_path / name).read_text().startswith(head), name
    assert {path.name for path in tmp_path.glob("*a.*")} == set(heads)


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(fleet: Command, folder: Path, tmp_path: Path) -> None:
    long = f"{'x' * 250}.json"
    done = fleet("drift", "-o", long, "-o", "b.json", "-o", "-", str(folder.resolve()), cwd=tmp_path)
    assert done.returncode == 1 and "RUN230" in done.stderr and "too long" in done.stderr
    assert json.loads((tmp_path / "b.json").read_text())["version"] == 1
    assert done.stdout.splitlines()[-1].startswith("1 host: 1 ")


def test_forms_that_fit_no_file_are_refused_before_a_look(fleet: Command, folder: Path, tmp_path: Path) -> None:
    for flags in (["-o", "a.csv"], ["--format", "json", "-o", "a", "-o", "b"], ["-o", "a", "-o", "a"]):
        clean(fleet("drift", *flags, str(folder.resolve()), cwd=tmp_path), "RUN410")
    assert not list(tmp_path.glob("a*"))


def test_a_baseline_is_read_before_the_same_file_is_written(fleet: Command, folder: Path, tmp_path: Path) -> None:
    words = ("drift", "--baseline", "last.json", "-o", "last.json", str(folder.resolve()))
    first = fleet(*words, cwd=tmp_path)
    assert "no last.json yet" in first.stderr
    assert json.loads((tmp_path / "last.json").read_text())["baseline"] is None
    assert fleet(*words, cwd=tmp_path).returncode == first.returncode
    assert json.loads((tmp_path / "last.json").read_text())["baseline"]["same"] == 1
    clean(fleet("drift", "--baseline", "nowhere.json", str(folder.resolve()), cwd=tmp_path), "RUN411", "nowhere.json")


def test_metrics_are_readable_by_all_whatever_the_umask(fleet: Command, folder: Path, tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        fleet("drift", "-o", "drift.prom", "-o", "drift.json", str(folder.resolve()), cwd=tmp_path)
    finally:
        os.umask(umask)
    assert (tmp_path / "drift.prom").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "drift.json").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "drift.prom").read_text()
    assert 'gpufleet_node_up{node="desk"} 1\n' in text and text[-2] != "\n"
    assert sorted(path.name for path in tmp_path.glob("*drift*")) == ["drift.json", "drift.prom"]


def test_a_pipe_and_a_link_stay_what_they_are(fleet: Command, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text("")
    (tmp_path / "link.json").symlink_to("kept.json")
    assert fleet("drift", "-o", "/dev/null", "-o", "link.json", str(folder.resolve()), cwd=tmp_path).returncode in {
        0,
        2,
    }
    assert not Path("/dev/null").is_file() and (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "kept.json").read_text())["version"] == 1


def test_the_current_folder_is_an_inventory_if_it_has_the_shape(fleet: Command, folder: Path) -> None:
    for cwd in (folder, folder / ".."):
        arguments = [] if cwd == folder else [folder.name]
        assert "desk" in fleet("drift", *arguments, cwd=cwd.resolve()).stdout


def test_all_modules_of_the_checkout_are_its_own(fleet: Command) -> None:
    import deploys
    import facts
    import schema

    for module in (schema, facts, deploys):
        assert Path(str(module.__file__)).is_relative_to(ROOT)
