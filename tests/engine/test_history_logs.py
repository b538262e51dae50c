"""The probe's reading of apt's and dpkg's logs: its own script, run by sh over captured logs, rotated as they are."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from facts import history, probe
from schema.history import HistoryState, Move, Transaction

CAPTURES = Path(__file__).parents[1] / "captures" / "history"


def tree(tmp_path: Path, name: str, zone: str) -> Path:
    """A host's /var/log with the capture, older files compressed, and its /etc/localtime."""
    (tmp_path / "var/log/apt").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to(f"/usr/share/zoneinfo/{zone}")
    for file in (CAPTURES / name).iterdir():
        folder = tmp_path / "var/log" / ("apt" if file.name.startswith("history") else "")
        if file.name.endswith((".log", "dpkg.log.1")):
            shutil.copy(file, folder)
        else:
            (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    return tmp_path


def read(root: Path, zone: str = "Etc/UTC") -> probe.Sections:
    script = probe.script(("history",)).replace("/var/log/", f"{root}/var/log/")
    script = script.replace("/etc/localtime", f"{root}/etc/localtime")
    # This machine's own zone cannot be changed; the variable stands for it, and the probe has to keep it.
    script = script.replace("unset CDPATH TZ", "unset CDPATH")
    environment = {**os.environ, "TZ": zone}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment, timeout=60)
    return probe.sections(done.stdout.split("\n"))


def seen(tmp_path: Path, name: str, zone: str = "Etc/UTC") -> HistoryState:
    found = read(tree(tmp_path, name, zone), zone)
    assert history.unseen(found) | found.unseen(["history"]) == frozenset()
    return history.parse(found)


def brief(one: Transaction) -> tuple[str, str | None, str | None]:
    return one.time.isoformat(), one.by, one.user


def test_a_driver_that_unattended_upgrades_moved_twice_in_rotated_logs(tmp_path: Path) -> None:
    found = seen(tmp_path, "cluster", "Asia/Shanghai").transactions
    assert [brief(one) for one in found] == [
        ("2021-06-04T06:41:09+08:00", "unattended-upgrades", None),
        ("2021-04-24T06:50:54+08:00", "unattended-upgrades", None),
    ]
    versions = [(one.changes[0].old, one.changes[0].new) for one in found]
    assert versions[0] == ("460.73.01-0ubuntu0.20.04.1", "460.80-0ubuntu0.20.04.2")
    assert versions[1] == ("460.56-0ubuntu0.20.04.1", "460.73.01-0ubuntu0.20.04.1")


def test_a_desktops_packagekit_foreign_architectures_and_a_run_without_command_line(tmp_path: Path) -> None:
    found = seen(tmp_path, "desktop", "Europe/Paris").transactions
    assert [brief(one) for one in found] == [
        ("2025-05-02T09:12:31+02:00", None, "ann (114191263)"),
        ("2025-04-04T12:03:57+02:00", "PackageKit", "ann (114191263)"),
        ("2023-03-28T23:57:46+02:00", "PackageKit", None),
        ("2021-01-23T20:47:28+01:00", "PackageKit", "ann (1000)"),
    ]
    assert found[0].changes == (
        Move(name="nvidia-settings", action="reinstall", old="570.133.07-0ubuntu1", new="570.133.07-0ubuntu1"),
    )
    assert {move.name for move in found[1].changes} == {
        "libcusolver-dev-12-8",
        "libcurand-12-8",
        "cuda-cudart-dev-12-8",
        "nsight-systems-2024.6.2",
        "linux-headers-5.15.0-136-generic",
    }
    foreign = found[3].of("libnvidia-compute-460:i386")
    assert foreign == Move(
        name="libnvidia-compute-460:i386", action="install", new="460.32.03-0ubuntu0.20.04.1", automatic=True
    )
    assert found[3].of("libvulkan1:i386") is None


def test_the_hour_that_comes_twice_errors_in_german_and_a_run_that_was_cut_off(tmp_path: Path) -> None:
    purge, cut, failed, first = seen(tmp_path, "half-done", "Europe/Berlin").transactions
    assert (purge.by, purge.changes[0].action, purge.changes[0].new) == ("aptdaemon", "purge", None)
    assert (cut.ended, cut.by, cut.changes[0].new) == (None, "unattended-upgrades", "580.105.08-0ubuntu1")
    assert (failed.time.isoformat(), failed.user) == ("2026-10-25T02:20:00+01:00", "jürgen (1000)")
    assert failed.error == "Unterprozess /usr/bin/dpkg hat Fehlercode zurückgegeben (1)"
    assert (first.time.isoformat(), first.by) == ("2026-10-25T02:10:00+02:00", "apt-get")


def test_what_dpkg_did_by_itself_is_told_from_what_apt_had_it_do(tmp_path: Path) -> None:
    by_hand, ours, before = seen(tmp_path, "by-hand").transactions
    assert brief(by_hand) == ("2026-11-03T11:00:01+00:00", "dpkg directly", None)
    assert by_hand.changes == (
        Move(name="nvidia-utils-580", action="upgrade", old="580.95.05-0ubuntu1", new="580.82.07-0ubuntu1"),
    )
    assert (ours.by, [move.name for move in ours.changes]) == ("gpufleet", ["nvidia-utils-580", "libnvidia-common-580"])
    # apt's log begins later: whether it was apt nobody can say.
    assert (before.by, before.changes[0].name) == (None, "cuda-nvcc-12-6")


def test_the_newest_is_kept_of_logs_without_end(tmp_path: Path) -> None:
    root = tree(tmp_path, "cluster", "Etc/UTC")
    stanza = (
        "Start-Date: 2026-%02d-%02d  06:00:00\nCommandline: %s\nUpgrade: %s\nEnd-Date: 2026-%02d-%02d  06:00:01\n\n"
    )
    many = ", ".join(f"libnvidia-x{number}-580:amd64 (580.1-1, 580.2-1)" for number in range(2000))
    log = [stanza % (m, d, "x" * 100_000, many, m, d) for m in range(1, 10) for d in range(1, 29)]
    (root / "var/log/apt/history.log").write_text("".join(log))
    found = read(root)
    assert sum(len(line) for line in found.of("history/packages")) < 60_000
    newest = history.parse(found).transactions[0]
    assert newest.time.isoformat() == "2026-09-28T06:00:00+00:00"
    assert newest.command is not None
    assert len(newest.command) < 500


@pytest.mark.parametrize("garbage", [b"\x1f\x8bnonsense", os.urandom(4000), b"Start-Date: \nUpgrade: nvidia:a (\n\0\0"])
def test_damaged_logs_do_not_hide_the_others(tmp_path: Path, garbage: bytes) -> None:
    root = tree(tmp_path, "desktop", "Etc/UTC")
    (root / "var/log/apt/history.log.4.gz").write_bytes(garbage)
    (root / "var/log/dpkg.log").write_bytes(garbage)
    assert len(history.parse(read(root)).transactions) == 4


def test_a_host_without_logs_has_none_and_one_that_hides_them_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    found = read(tmp_path)
    assert (found.status["history/packages"], history.parse(found).transactions) == ("absent", ())
    assert found.unseen(["history"]) == frozenset()
    assert history.parse(found).booted is not None


CONDA = """\
==> 2026-10-01 12:03:11 <==
# cmd: /opt/conda/bin/conda create -y -n ds python=3.12 numpy=2.2
# conda version: 25.3.1
+conda-forge/linux-64::python-3.12.7-h1_0_cpython
+conda-forge/linux-64::numpy-2.2.6-py312h72c5963_0
# update specs: ['numpy=2.2', 'python=3.12']
==> 2026-11-14 09:30:00 <==
# cmd: /opt/conda/bin/mamba install -qy -n ds numpy=2.1.3
-conda-forge/linux-64::numpy-2.2.6-py312h72c5963_0
+conda-forge/linux-64::numpy-2.1.3-py312h58c1407_0
+defaults::Some_Thing-1.0-0
"""


def test_conda_s_own_history_of_each_environment(tmp_path: Path) -> None:
    prefix = tmp_path / "conda"
    for name, text in (("ds", CONDA), ("empty", ""), ("old", CONDA.replace("2026", "2025")), ("odd", "==> x <==\n+\n")):
        (prefix / "envs" / name / "conda-meta").mkdir(parents=True)
        (prefix / "envs" / name / "conda-meta/history").write_text(text)
    done = subprocess.run(
        ["sh", "-c", probe.script(("history", "revisions"), str(prefix))], capture_output=True, text=True, timeout=60
    )
    found = history.parse(probe.sections(done.stdout.split("\n"))).environments
    assert set(found) == {"ds", "odd", "old"}
    newest, first = found["ds"]
    assert (newest.by, newest.command) == ("mamba", "/opt/conda/bin/mamba install -qy -n ds numpy=2.1.3")
    assert newest.changes == (
        Move(name="numpy", action="downgrade", old="2.2.6", new="2.1.3"),
        Move(name="some-thing", action="install", new="1.0"),
    )
    assert [move.name for move in first.changes] == ["python", "numpy"]
    assert [one.time.year for one in found["old"]] == [2025, 2025]


def test_of_an_environment_s_long_history_the_newest_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "envs/ds/conda-meta"
    folder.mkdir(parents=True)
    many = "".join(f"+conda-forge/noarch::package{number}-1.0-{'0' * 300}\n" for number in range(3000))
    text = "".join(f"==> 2026-11-{day:02d} 09:30:00 <==\n# cmd: {'x' * 100_000}\n{many}" for day in range(1, 29))
    (folder / "history").write_text(text)
    done = subprocess.run(
        ["sh", "-c", probe.script(("history", "revisions"), str(tmp_path))], capture_output=True, text=True, timeout=60
    )
    found = probe.sections(done.stdout.split("\n"))
    assert sum(len(line) for line in found.of("history/environments")) < 40_000
    assert history.parse(found).environments["ds"][0].time.day == 28
