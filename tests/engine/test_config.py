"""The literal pyinfra command on a folder of YAML: every spelling, and every way to end without doing anything."""

import json
import os
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT, Command


def spellings(folder: Path) -> list[tuple[str, Path]]:
    """An argument and the working folder it is given in; config.py is named where that is not the checkout."""
    relative = os.path.relpath(folder, ROOT)
    return [(relative, ROOT), (f"{relative}/", ROOT), (f"./{relative}", ROOT), (str(folder), ROOT)]


def test_every_spelling_of_the_folder_reaches_its_host(pyinfra: Command, folder: Path) -> None:
    for spelling, cwd in spellings(folder):
        done = pyinfra("-y", spelling, "exec", "--", "echo", "reached", cwd=cwd)
        assert done.returncode == 0, (spelling, done.stderr)
        assert "[desk] reached" in done.stderr, spelling


def test_one_host_file_is_an_inventory_of_one(pyinfra: Command, folder: Path) -> None:
    done = pyinfra("-y", str(folder / "hosts" / "desk.yaml"), "exec", "--", "echo", "reached")
    assert (done.returncode, "[desk] reached" in done.stderr) == (0, True), done.stderr


def test_chdir_reads_the_checkouts_config(pyinfra: Command, folder: Path) -> None:
    done = pyinfra("--chdir", str(ROOT), "-y", str(folder), "exec", "--", "echo", "reached", cwd=folder)
    assert (done.returncode, "[desk] reached" in done.stderr) == (0, True), done.stderr


def test_the_shipped_inventory_is_named_as_the_readme_says(pyinfra: Command) -> None:
    if not (ROOT / "inventory" / "hosts").is_dir():
        pytest.skip("the lab writes inventory/hosts: fleet lab up")
    assert pyinfra("inventory", "debug-inventory").returncode == 0


@pytest.mark.parametrize("limit", ["desk", "desks", "d*", "site", "all"])
def test_a_limit_takes_names_groups_and_globs(pyinfra: Command, folder: Path, limit: str) -> None:
    done = pyinfra("-y", "--limit", limit, str(folder), "exec", "--", "echo", "reached")
    assert (done.returncode, "[desk] reached" in done.stderr) == (0, True), done.stderr


def test_a_limit_takes_a_range_of_names(pyinfra: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").rename(folder / "hosts" / "n10.yaml")
    done = pyinfra("-y", "--limit", "n[8-12,20]", str(folder), "exec", "--", "echo", "reached")
    assert (done.returncode, "[n10] reached" in done.stderr) == (0, True), done.stderr


def refused(done: object, *words: str) -> None:
    """One clean message, exit code 1, nothing on standard output."""
    text = done.stdout + done.stderr  # type: ignore[attr-defined]
    assert done.returncode == 1, text  # type: ignore[attr-defined]
    assert done.stdout == "", text  # type: ignore[attr-defined]
    assert "Traceback" not in text and "pyinfra-debug.log" not in text, text
    assert text.count("pyinfra error") == 1, text
    for word in words:
        assert word in text


def test_an_unmatched_limit_is_refused(pyinfra: Command, folder: Path) -> None:
    refused(pyinfra("-y", "--limit", "desc", str(folder), "exec", "--", "true"), "'desc'", "desk")


def test_an_unmatched_limit_on_an_ordinary_inventory_is_refused(pyinfra: Command) -> None:
    refused(pyinfra("-y", "--limit", "nobody", "@local", "exec", "--", "true"), "'nobody'", "@local")


def test_excluding_every_host_is_refused(pyinfra: Command, folder: Path) -> None:
    refused(pyinfra("-y", "--exclude", "desk", str(folder), "exec", "--", "true"), "--exclude leaves no host")


def test_a_missing_inventory_is_refused(pyinfra: Command) -> None:
    refused(pyinfra("-y", "no-such-folder", "exec", "--", "true"), "no-such-folder")


@pytest.mark.parametrize("name", ["", "a" * 300])
def test_a_name_that_cannot_be_one_is_refused(pyinfra: Command, name: str) -> None:
    refused(pyinfra("-y", name, "exec", "--", "true"), "is no inventory")


def test_an_empty_inventory_is_refused(pyinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "empty" / "hosts").mkdir(parents=True)
    refused(pyinfra("-y", str(tmp_path / "empty"), "exec", "--", "true"), "no host")


def test_an_invalid_inventory_names_file_line_and_column(pyinfra: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").write_text('ubuntu: "24.04"\ndriver: {brunch: 580}\n')
    refused(pyinfra("-y", str(folder), "exec", "--", "true"), "hosts/desk.yaml:2:", "branch")


def test_an_error_outside_the_limit_is_a_warning(pyinfra: Command, folder: Path) -> None:
    (folder / "hosts" / "other.yaml").write_text("ubuntu: none\n")
    done = pyinfra("-y", "--limit", "desk", str(folder), "exec", "--", "echo", "reached")
    assert (done.returncode, "[desk] reached" in done.stderr) == (0, True), done.stderr
    assert "warning INV" in done.stderr


def test_without_a_terminal_the_flag_is_named(pyinfra: Command, folder: Path) -> None:
    refused(pyinfra(str(folder), "deploys/gpu.py"), "-y")


def test_json_is_alone_on_standard_output(pyinfra: Command, folder: Path) -> None:
    done = pyinfra("--json", str(folder), "fact", "facts.gpu.Gpus")
    assert done.returncode == 0, done.stderr
    assert "devices" in json.loads(done.stdout)["facts.gpu.Gpus"]["desk"]


def test_debug_inventory_shows_no_secret(pyinfra: Command, folder: Path) -> None:
    host = folder / "hosts" / "far.yaml"
    host.write_text('ubuntu: "24.04"\ngpus: []\nconnection: {sudo_password: {env: FAR_SUDO}}\n')
    for flags in (["--json"], []):
        done = pyinfra(*flags, str(folder), "debug-inventory", FAR_SUDO="tr0ub4dor")
        assert done.returncode == 0, done.stderr
        assert "tr0ub4dor" not in done.stdout + done.stderr
        assert "sudo_password" in done.stdout + done.stderr
