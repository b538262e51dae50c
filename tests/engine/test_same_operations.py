"""`fleet apply` and the plain pyinfra command do the same: operations, their order, and the hosts that get them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT, Command, serve

CAPTURE = ROOT / "tests" / "captures" / "lab" / "node-bare.txt"
# What fleet apply does before it asks, without the asking: both commands read the same canned host.
PREPARE = """
from gevent import monkey; monkey.patch_all()
import json, sys
from fleet import apply, inventory, run
fleet = inventory.read(sys.argv[1])
made = apply.prepare(run.state_of(fleet, inventory.chosen(fleet)))
order = [sorted(made.state.op_meta[key].names)[0] for key in made.state.get_op_order()]
apply.close(made)
print(json.dumps([order, {host.name: made.operations(host.name) for host in made.state.inventory}]))
"""
DRIVER = 'gpus: [{pci_id: "10de:2330", count: 2}]\ndriver: {branch: 580, modules: open}\n'
TOOLKIT = 'gpus: []\ncuda: {toolkits: ["12.9"]}\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site" / "hosts"
    made.mkdir(parents=True)
    return made.parent


def test_the_operations_are_the_same(site: Path, pyinfra: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    with serve(tmp_path_factory.mktemp("canned"), ForceCommand=f"cat {CAPTURE}") as sshd:
        connection = json.dumps(
            {
                "address": "127.0.0.1",
                "port": sshd.port,
                "user": "root",
                "key": str(sshd.key),
                "known_hosts": str(sshd.known()),
            }
        )
        for name, more in (("node-01", DRIVER), ("node-02", TOOLKIT), ("node-03", DRIVER + TOOLKIT[9:])):
            text = f'ubuntu: "22.04"\nreboot: if-needed\nconnection: {connection}\n{more}'
            (site / "hosts" / f"{name}.yaml").write_text(text)
        plain = pyinfra("--json", "--dry", str(site), "deploys/gpu.py")
        ours = subprocess.run([sys.executable, "-c", PREPARE, str(site)], cwd=ROOT, capture_output=True, text=True)
    assert (plain.returncode, ours.returncode) == (0, 0), plain.stderr + ours.stderr
    rows = json.loads(plain.stdout)["plan"]
    order, by_host = json.loads(ours.stdout)
    assert [row["names"][0] for row in rows] == order
    assert len(order) == len(set(order)) > 5
    for name, operations in by_host.items():
        assert operations == [row["names"][0] for row in rows if name in row["hosts_with_change"]]
        assert operations
