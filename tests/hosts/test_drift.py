"""Drift on one converged host: broken by hand, named by the check, mended by one run, and clean after it."""

import datetime
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import running
from test_apply import DESK

from lab import inventory
from lab.definition import Device
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Document = dict[str, Any]
FLEET = Path(sys.executable).with_name("fleet")
GPU = "10de:1b80"
ENVIRONMENT = {"python": "3.12", "packages": ["numpy=2.2"], "pip": {"packages": ["einops==0.8.1"]}, "exact": True}
SPEC: dict[str, object] = {
    **DESK,
    "gpus": [{"model": "GTX 1080", "count": 2}],
    "environments": {"ds": ENVIRONMENT, "tools": {"python": "3.12"}},
}
# The first apply installs an older driver than the repository's newest; the declaration then leaves the version open.
OLD: dict[str, object] = {"driver": {"branch": 580, "version": "580.82.07"}}
FAR = datetime.date(2999, 1, 1)
# This machine's own variables for pip and TLS must not decide what happens in the host.
BY_HAND = (
    "env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive PIP_CERT=/etc/ssl/certs/ca-certificates.crt "
    "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt CONDA_SSL_VERIFY=/etc/ssl/certs/ca-certificates.crt "
    "PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -e"
)
STATE = "cat /var/log/apt/history.log /proc/sys/kernel/random/boot_id; stat -c %y /var/lib/apt/lists /var/lib/dpkg"


@dataclass(frozen=True)
class Site:
    """One converged host; `declared(SPEC, **more_hosts)` writes another inventory folder for it."""

    host: LabHost
    folder: Path
    declared: Callable[..., Path]

    def by_hand(self, script: str) -> None:
        self.host.run(BY_HAND, stdin=script.replace("INDEX", f"https://{self.host.subnet}.1/pypi/simple"), timeout=120)

    def gpus(self, count: int) -> None:
        self.host.set_gpus((Device(pci_id=GPU, count=count),))


@pytest.fixture(scope="module")
def site(lab: Lab, lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory) -> Site:
    host = lasting_host("desk", GPU, GPU)
    host.trust_lab_ca()

    def declared(spec: Mapping[str, object] = SPEC, **more: Mapping[str, object]) -> Path:
        folder = tmp_path_factory.mktemp("site") / "inventory"
        return inventory.write(lab, folder, {"desk": spec, **more})

    done = running.apply(declared({**SPEC, **OLD}))
    assert done.code == 0, done.text
    return Site(host, declared(), declared)


def fleet(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    words = [str(FLEET), *map(str, arguments)]
    done = subprocess.run(
        words, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def drift(folder: Path, code: int, *flags: str) -> Document:
    """The one host of `fleet drift --format json`, which must end with this exit code."""
    done = fleet("drift", folder, "--format", "json", *flags)
    assert done.returncode == code, done.stdout + done.stderr
    row: Document = json.loads(done.stdout)["hosts"][0]
    return row


def clean(folder: Path) -> None:
    row = drift(folder, 0)
    assert (row["status"], row["pending"], row["changes"], row["not_seen"]) == ("in-sync", "none", [], []), row


def changes(row: Document) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    return {(item["concern"], item["item"]): (item["observed"], item["desired"]) for item in row["changes"]}


def findings(row: Document) -> dict[str, Document]:
    """By code; without the advice on the host's memory, which is that of the machine that the lab runs on."""
    return {item["code"]: item for item in row["findings"] if item["code"] != "GPU137"}


def checked(folder: Path) -> running.Run:
    return running.run([str(running.PYINFRA), str(folder), "deploys/drift.py", "-y"])


def test_a_converged_host_costs_one_command_and_nothing_is_touched(site: Site) -> None:
    commands = [
        running.command(site.folder, "-y"),
        running.command(site.folder, "--dry"),
        [str(running.PYINFRA), str(site.folder), "deploys/drift.py", "-y"],
        [str(FLEET), "drift", str(site.folder)],
        [str(FLEET), "plan", str(site.folder)],
        [str(FLEET), "apply", "-y", str(site.folder)],
    ]
    state = site.host.run(STATE).stdout
    for command in commands:
        seen, logins = running.commands_seen(site.host), site.host.ssh_logins()
        done = running.run(command)
        assert (done.code, done.operations) == (0, []), done.text
        assert (running.commands_seen(site.host), site.host.ssh_logins()) == (seen + 1, logins + 1), command
    assert site.host.run(STATE).stdout == state
    clean(site.folder)


def test_packages_files_toolkits_and_environments_that_were_changed(site: Site) -> None:
    site.by_hand(
        """
        apt-get install -y libcudnn9-cuda-12=9.17.0.29-1
        apt-get remove -y cuda-toolkit-12-9 cuda-nvcc-12-9
        rm /etc/apt/preferences.d/gpufleet /etc/apt/apt.conf.d/51gpufleet-unattended-upgrades
        conda install -qy -n ds numpy=2.1.3
        /opt/conda/envs/ds/bin/python -m pip uninstall -qy einops
        /opt/conda/envs/ds/bin/python -m pip install -q --index-url INDEX tqdm==4.67.1
        """
    )
    row = drift(site.folder, 2)
    assert (row["status"], row["pending"], findings(row)) == ("drift", "none", {})
    assert changes(row) == {
        ("repository", "/etc/apt/apt.conf.d/51gpufleet-unattended-upgrades"): (None, "present"),
        ("repository", "/etc/apt/preferences.d/gpufleet"): (None, "present"),
        ("cuda", "cuda-toolkit-12-9"): (None, "12.9"),
        ("cudnn", "libcudnn9-cuda-12"): ("9.17.0.29-1", "9.10.2"),
        ("cudnn", "libcudnn9-dev-cuda-12"): (None, "9.10.2"),
        ("environments", "ds/numpy"): ("2.1.3", "2.2.6"),
        ("environments", "ds/einops"): (None, "0.8.1"),
        ("environments", "ds/tqdm"): ("4.67.1", None),
    }
    causes = {item["item"]: item["cause"] for item in row["changes"]}
    assert causes["libcudnn9-cuda-12"]["command"] == "apt-get install -y libcudnn9-cuda-12=9.17.0.29-1"
    assert (causes["cuda-toolkit-12-9"]["action"], causes["cuda-toolkit-12-9"]["after"]) == ("remove", None)
    assert causes["ds/numpy"]["command"].endswith("conda install -qy -n ds numpy=2.1.3")
    assert (causes["ds/numpy"]["before"], causes["ds/numpy"]["after"]) == ("2.2.6", "2.1.3")
    assert (causes["ds/einops"], causes["/etc/apt/preferences.d/gpufleet"]) == (None, None)
    plain = checked(site.folder)
    assert plain.code == 1
    assert "RUN129 desk drifts from its declaration in 8 places" in plain.text
    assert "cudnn libcudnn9-cuda-12: 9.17.0.29-1 -> 9.10.2" in plain.text
    assert (drift(site.folder, 0, "--fail-on", "never")["status"]) == "drift"

    mended = running.apply(site.folder)
    assert mended.code == 0, mended.text
    clean(site.folder)
    assert checked(site.folder).code == 0
    site.host.run("test -x /usr/local/cuda-12.9/bin/nvcc")


def test_user_space_that_was_upgraded_without_a_reboot(site: Site) -> None:
    boot = site.host.boot_id()
    site.by_hand(
        """
        rm /etc/apt/preferences.d/gpufleet
        apt-get install -y cuda-drivers-580 nvidia-persistenced=580.95.05-0ubuntu1
        update-alternatives --set cuda /usr/local/cuda-12.9
        rm -r /opt/conda/envs/tools
        """
    )
    row = drift(site.folder, 2)
    assert (row["status"], row["pending"]) == ("drift", "reboot")
    assert changes(row) == {
        ("repository", "/etc/apt/preferences.d/gpufleet"): (None, "present"),
        ("driver", "loaded module"): ("580.82.07 proprietary", "580.95.05 proprietary"),
        ("cuda", "/usr/local/cuda"): ("12.9", "12.6"),
        ("environments", "tools"): (None, "present"),
    }
    assert "Driver/library version mismatch" in findings(row)["GPU110"]["evidence"]

    done = fleet("apply", "-y", site.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.host.boot_id() != boot
    assert " 580.95.05 " in site.host.run("cat /proc/driver/nvidia/version").stdout
    clean(site.folder)


def test_a_gpu_that_is_missing_stays_a_finding_until_it_is_accepted_or_back(site: Site) -> None:
    def accepted(until: datetime.date) -> Path:
        entry = {"code": "GPU120", "reason": "the board is with the vendor", "until": until}
        return site.declared({**SPEC, "accept": [entry]})

    site.gpus(1)
    try:
        row = drift(site.folder, 2)
        assert (row["status"], row["changes"]) == ("unhealthy", [])
        assert findings(row)["GPU120"]["severity"] == "error"
        unmended = running.apply(site.folder)
        assert (unmended.code, unmended.operations) == (0, []), unmended.text
        plain = checked(site.folder)
        assert plain.code == 1
        assert "RUN130" in plain.text and "GPU120" in plain.text

        known, expired = accepted(FAR), accepted(datetime.date(2020, 1, 1))
        row = drift(known, 0)
        assert (row["status"], findings(row)["GPU120"]["accepted"]) == ("in-sync", True)
        assert checked(known).code == 0
        row = drift(expired, 2)
        assert findings(row)["GPU120"]["accepted"] is False
        assert findings(row)["GPU180"]["severity"] == "warning"
    finally:
        site.gpus(2)
    row = drift(known, 0)
    assert (row["status"], list(findings(row))) == ("in-sync", ["GPU181"])
    assert drift(known, 2, "--fail-on", "warning")["status"] == "unhealthy"


def test_an_nvidia_device_where_none_is_declared(site: Site) -> None:
    without = {key: value for key, value in SPEC.items() if key != "gpus"}
    for spec in (without, {**SPEC, "gpus": []}):
        row = drift(site.declared(spec), 2)
        assert findings(row)["GPU122"]["severity"] == "error"
        assert "2 NVIDIA GPUs are there" in findings(row)["GPU122"]["message"]
        assert [item for item in row["changes"] if item["concern"] == "driver"] == []


def test_the_report_has_the_contracts_shape_and_goes_to_a_file(site: Site, tmp_path: Path) -> None:
    down = {"ubuntu": "24.04", "gpus": [], "connection": {"address": "127.0.0.1", "port": 1}}
    folder, file = site.declared({**SPEC, "gpus": ["GTX 1080"]}, down=down), tmp_path / "drift.json"
    done = fleet("drift", folder, "--format", "json", "-o", file)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    report = json.loads(file.read_text())
    # Keys may be added to the contract's, as docs/drift-report.md has them.
    assert set(report) >= {"version", "time", "summary", "hosts"}
    age = datetime.datetime.now(tz=datetime.UTC) - datetime.datetime.strptime(report["time"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs(age) < datetime.timedelta(minutes=10)
    assert report["version"] == 1
    assert report["summary"] == {"in-sync": 0, "drift": 0, "unhealthy": 1, "unreachable": 1, "failed": 0}
    keys = {"host", "status", "pending", "changes", "findings", "not_seen", "error"}
    rows = {row["host"]: row for row in report["hosts"]}
    assert all(set(row) >= keys for row in rows.values())
    (finding,) = findings(rows["desk"]).values()
    assert set(finding) == {"code", "severity", "accepted", "message", "evidence", "hint"}
    assert rows["desk"]["error"] is None
    assert (rows["down"]["changes"], rows["down"]["findings"]) == ([], [])
    assert {"code", "message"} <= set(rows["down"]["error"])


def test_unreachable_hosts_count_unless_they_are_left_out(site: Site, tmp_path: Path) -> None:
    down = {"ubuntu": "24.04", "gpus": [], "connection": {"address": "127.0.0.1", "port": 1}}
    folder, file = site.declared(down=down), tmp_path / "drift.txt"
    counted = fleet("drift", folder)
    assert counted.returncode == 1, counted.stdout
    assert counted.stdout.splitlines()[-1] == "2 hosts: 1 in-sync, 1 unreachable"
    assert "next: " in counted.stdout
    left_out = fleet("drift", folder, "--unreachable", "ignore", "-o", file)
    assert (left_out.returncode, left_out.stdout) == (0, "")
    assert "down  unreachable" in file.read_text()
    assert fleet("drift", folder, "--limit", "desk").returncode == 0


def test_a_host_that_went_away_says_in_every_form_when_it_was_last_seen(site: Site, tmp_path: Path) -> None:
    files = {form: tmp_path / f"drift.{form}" for form in ("json", "prom", "xml", "md", "txt")}
    outputs = [word for file in files.values() for word in ("-o", file)]
    assert fleet("drift", site.folder, "--baseline", files["json"], *outputs).returncode == 0
    seen = json.loads(files["json"].read_text())["hosts"][0]["seen"]
    kept = f'gpufleet_node_last_seen_timestamp_seconds{{node="desk"}} {_epoch(seen)}\n'
    assert kept in files["prom"].read_text()
    assert 'gpufleet_nvidia_pci_devices_total{node="desk"} 2' in files["prom"].read_text()
    away = site.declared({**SPEC, "connection": {"address": "127.0.0.1", "port": 1}})
    assert fleet("drift", away, "--baseline", files["json"], *outputs).returncode == 1
    report = json.loads(files["json"].read_text())
    assert (report["hosts"][0]["seen"], report["hosts"][0]["last_seen"]) == (None, seen)
    (became,) = report["baseline"]["hosts"]
    assert (became["before"], became["after"], became["comparable"]) == ("in-sync", "unreachable", False)
    assert kept in files["prom"].read_text() and 'gpufleet_node_up{node="desk"} 0' in files["prom"].read_text()
    assert '<error message="' in files["xml"].read_text() and "declaration" not in files["xml"].read_text()
    assert files["md"].read_text().startswith("## Drift check `inventory`: 1 unreachable\n")
    assert "desk: in-sync -> unreachable" in files["txt"].read_text()


def _epoch(time: str) -> int:
    return int(datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z").timestamp())
