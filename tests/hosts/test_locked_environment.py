"""Environments as fleet.lock names them: made, kept, mended by the package, and refused where a file is another one."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import running
from test_apply import SHA256

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

FLEET = running.PYINFRA.with_name("fleet")
# Without the environment of this machine, whose own pip settings would come along.
CLEAN = "env -i HOME=/root PATH=/usr/bin:/bin PIP_CERT=/etc/ssl/certs/ca-certificates.crt"
PIP = f"{CLEAN} /opt/conda/envs/ds/bin/python -m pip"
CONDA = (
    f"{CLEAN} SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
)
CONDA += " /opt/conda/bin/conda"


@dataclass(frozen=True)
class Locked:
    host: LabHost
    folder: Path

    def installed(self) -> dict[str, str]:
        """Versions by name, of conda's packages and pip's."""
        lines = self.host.run(f"{CONDA} list -p /opt/conda/envs/ds").stdout.splitlines()
        rows = [line.split() for line in lines if line and not line.startswith("#")]
        return {row[0]: row[1] for row in rows}


def spec(lab: Lab) -> dict[str, object]:
    index = {"url": f"https://{lab.address}/pypi/whl/cu126", "packages": ["torch"]}
    ds = {
        "python": "3.12",
        "packages": ["numpy=2.1"],
        "pip": {"packages": ["torch==2.8.0", "einops"], "indexes": [index]},
    }
    conda = {"version": "25.3.1-0", "sha256": SHA256["Miniforge3-25.3.1-0-Linux-x86_64.sh"]}
    own = {"python": "3.12", "packages": ["six"], "pip": {"packages": ["tqdm"]}, "owner": "ubuntu", "exact": True}
    return {"ubuntu": "24.04", "gpus": [], "conda": conda, "environments": {"ds": ds, "own": own}}


def lock(folder: Path, *flags: str) -> None:
    done = running.run([str(FLEET), "lock", str(folder), *flags])
    assert done.code == 0, done.text


@pytest.fixture(scope="module")
def locked(
    lab: Lab, lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Locked]:
    host = lasting_host("locked")
    folder = inventory.write(lab, tmp_path_factory.mktemp("locked") / "inventory", {"locked": spec(lab)})
    lock(folder)
    done = running.apply(folder)
    assert done.code == 0, done.text
    yield Locked(host, folder)


def drift(folder: Path) -> running.Run:
    return running.run([str(running.PYINFRA), str(folder), "deploys/drift.py", "-y"])


def test_an_environment_is_what_the_lock_says_and_stays_so(locked: Locked) -> None:
    text = (locked.folder / "fleet.lock").read_text()
    installed = locked.installed()
    assert installed["torch"] == "2.8.0+cu126"
    for name in ("numpy", "python", "torch", "einops", "sympy"):
        assert re.search(rf"name: {name}, version: '?{re.escape(installed[name])}'?[,}}]", text), name
    again = running.apply(locked.folder)
    assert again.code == 0, again.text
    assert again.operations == []
    assert drift(locked.folder).code == 0
    assert locked.host.run("ls /var/lib/gpufleet/environments", check=False).stdout.strip() == ""


def test_an_exact_environment_of_a_user_is_brought_back_to_the_lock(locked: Locked, lab: Lab) -> None:
    prefix = "/opt/conda/envs/own"
    owners = f"find {prefix} ! -user ubuntu | wc -l"
    assert locked.host.run(owners).stdout.strip() == "0"
    pip = f"{CLEAN.replace('/root', '/home/ubuntu')} {prefix}/bin/python -m pip"
    install = f"runuser -u ubuntu -- {pip} install -q --index-url https://{lab.address}/pypi/simple einops tqdm==4.66.5"
    locked.host.run(install, timeout=120)
    seen = drift(locked.folder)
    assert seen.code == 1, seen.text
    assert "own/einops" in seen.text and "own/tqdm" in seen.text
    done = running.apply(locked.folder)
    assert done.code == 0, done.text
    assert drift(locked.folder).code == 0
    assert locked.host.run(owners).stdout.strip() == "0"


@pytest.mark.parametrize(
    ("breaking", "named"),
    [
        (
            f"{PIP} install -q --no-deps --force-reinstall --index-url https://SERVER/pypi/simple torch==2.8.0",
            "ds/torch",
        ),
        (
            f"{PIP} uninstall -qy sympy",
            "ds/sympy",
        ),
        (
            f"{CONDA} install -y -p /opt/conda/envs/ds -O -c https://SERVER/conda/conda-forge numpy=2.2 python=3.12",
            "ds/numpy",
        ),
        ("rm /opt/conda/envs/ds/conda-meta/libblas-*.json", "ds/libblas"),
        (
            "cd /opt/conda/envs/ds/conda-meta; rm history numpy-*.json; rm -r ../lib/python3.12/site-packages/numpy",
            "ds/numpy",
        ),
    ],
)
def test_what_moved_by_hand_is_named_and_comes_back(locked: Locked, lab: Lab, breaking: str, named: str) -> None:
    before = locked.installed()
    locked.host.run(breaking.replace("SERVER", lab.address), timeout=120)
    seen = drift(locked.folder)
    assert seen.code == 1, seen.text
    assert named in seen.text and "Traceback" not in seen.text
    inode = locked.host.run("stat -c %i /opt/conda/envs/ds").stdout
    mended = running.apply(locked.folder)
    assert mended.code == 0, mended.text
    assert locked.host.run("stat -c %i /opt/conda/envs/ds").stdout == inode
    assert locked.installed() == before
    assert drift(locked.folder).code == 0


@pytest.mark.parametrize("package", ["numpy", "einops"])
def test_a_package_that_is_not_the_locked_one_is_refused(
    locked: Locked, lab: Lab, tmp_path: Path, package: str
) -> None:
    folder = Path(shutil.copytree(locked.folder, tmp_path / "inventory"))
    path = folder / "fleet.lock"
    lines = path.read_text().splitlines(keepends=True)
    row = next(index for index, line in enumerate(lines) if f"name: {package}," in line)
    lines[row] = re.sub(r"[0-9a-f]{64}", "f" * 64, lines[row])
    path.write_text("".join(lines))
    locked.host.run("rm -rf /opt/conda/envs/ds /opt/conda/pkgs/numpy-*", timeout=60)
    done = running.apply(folder)
    assert done.code == 1, done.text
    assert "RUN370" in done.text and "Traceback" not in done.text
    mended = running.apply(locked.folder)
    assert mended.code == 0, mended.text
    assert drift(locked.folder).code == 0


def test_another_python_in_the_lock_makes_the_environment_anew(locked: Locked, lab: Lab) -> None:
    text = (locked.folder / "hosts/locked.yaml").read_text()
    (locked.folder / "hosts/locked.yaml").write_text(text.replace("3.12", "3.13"))
    lock(locked.folder)
    done = running.apply(locked.folder)
    assert done.code == 0, done.text
    installed = locked.installed()
    assert installed["python"].startswith("3.13.") and installed["torch"] == "2.8.0+cu126"
    assert locked.host.run("ls /opt/conda/envs/ds/lib | grep -c python3.12", check=False).stdout.strip() == "0"
    assert drift(locked.folder).code == 0
