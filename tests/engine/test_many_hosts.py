"""Hundreds of hosts, some dead: a process of its own with a transport made up below the login (bench/simulated.py)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import answers, simulate

ROOT = Path(__file__).resolve().parents[2]
# A run in which waits for dead hosts are counted: how many go on at once, and how many logins.
COUNTED = """
import sys
from bench import simulated
from fleet import start
start.networked()
from bench import simulated
from fleet import cli, dial, gate, tcp
simulated.PROBE = 0.02
simulated.replaced(int(sys.argv[2]))
now = {"connect": 0, "dial": 0}
most = dict(now)
def counted(name, inner):
    def outer(*given, **named):
        now[name] += 1
        most[name] = max(most[name], now[name])
        try:
            return inner(*given, **named)
        finally:
            now[name] -= 1
    return outer
tcp.connect, dial.dial = counted("connect", tcp.connect), counted("dial", dial.dial)
code = cli.run(["drift", sys.argv[1], "-o", sys.argv[3]])
import json, resource
print(json.dumps(most | {"code": code, "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0]}))
"""


def test_dead_hosts_wait_together_and_hold_up_nobody(tmp_path: Path) -> None:
    hosts = 600
    simulate.site(tmp_path / "site", hosts, timeout=3)
    dead = [number for number in range(hosts) if answers.kind(number, hosts) == "dropped"]
    report = tmp_path / "report.json"
    command = [sys.executable, "-c", COUNTED, str(tmp_path / "site"), str(hosts), str(report)]
    limited = ["sh", "-c", 'ulimit -S -n 256; exec "$@"', "sh", *command]
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    rows = {row["host"]: row for row in json.loads(report.read_text())["hosts"]}
    kinds = {f"sim{number:05}": answers.kind(number, hosts) for number in range(hosts)}
    assert {name for name, row in rows.items() if row["status"] == "unreachable"} == {
        name for name, kind in kinds.items() if kind in {"dropped", "refused"}
    }
    assert {name for name, row in rows.items() if row["error"] and row["error"]["code"] == "RUN210"} == {
        name for name, kind in kinds.items() if kind == "sudo"
    }
    # All of the dead at one time, beside those that live; and never more logins than the gate lets through.
    assert counted["connect"] >= len(dead) > 20
    assert counted["dial"] <= 48
    assert counted["files"] > 256


def test_a_drift_check_does_not_import_pyinfra() -> None:
    heavy = "{'pyinfra', 'pyinfra_cli', 'invoke', 'requests'}"
    code = (
        "from fleet import start; start.networked()\nimport fleet.verbs.drift, sys\n"
        f"print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", sorted(set(answers.RECORDED)))
def test_no_two_simulated_hosts_are_alike(name: str) -> None:
    assert answers.distinct(answers.recorded(name), 1) != answers.distinct(answers.recorded(name), 2)
