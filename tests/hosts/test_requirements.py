"""A requirements file with hashes on a real host: pip checks them, also for an environment that is a user's."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import running
from test_apply import SHA256

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]


def written(lab: Lab, folder: Path, digest: str) -> Path:
    conda = {"version": "25.3.1-0", "sha256": SHA256["Miniforge3-25.3.1-0-Linux-x86_64.sh"]}
    ds = {"python": "3.12", "pip": {"requirements": "environments/ds.txt"}, "owner": "ubuntu"}
    spec = {"ubuntu": "24.04", "gpus": [], "conda": conda, "environments": {"ds": ds}}
    made = inventory.write(lab, folder / "inventory", {"hashed": spec})
    (made / "environments").mkdir(exist_ok=True)
    (made / "environments" / "ds.txt").write_text(f"einops==0.8.1 --hash=sha256:{digest}\n")
    return made


def test_hashes_of_a_requirements_file_are_checked_by_pip(
    lab: Lab, bare_host: Callable[..., LabHost], tmp_path: Path
) -> None:
    host = bare_host("hashed")
    wrong = running.apply(written(lab, tmp_path, "0" * 64))
    assert wrong.code == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in wrong.text
    page = host.run(f"curl -sS --cacert /etc/ssl/certs/ca-certificates.crt https://{lab.address}/pypi/simple/einops/")
    found = re.search(r"einops-0\.8\.1[^\"]*\.whl#sha256=([0-9a-f]{64})", page.stdout)
    assert found is not None
    right = written(lab, tmp_path, found[1])
    done = running.apply(right)
    assert done.code == 0, done.text
    assert host.run("ls /opt/conda/envs/ds/lib/python3.12/site-packages/einops").stdout
    assert running.apply(right).operations == []
