"""python -m bench simulate [-n HOSTS ...] [--ssh HOSTS] [--limit-files N]: a drift check of thousands of made-up hosts.

With `--ssh` hosts are reached over TCP and SSH on loopback addresses, with servers of our own in other processes; the
larger fleets of `-n` have everything above the login, and nothing below. One host in ten is unreachable.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import paramiko

from bench import answers, server, ways

PORT = 2222
SERVERS = 2
TIMEOUT = 10
# Of the addresses that no machine has, for benchmarks (RFC 2544). Their packets go to the loopback interface, which
# drops what is not for it.
DROPPED = "198.18"
OWN_NETWORK = "GPUFLEET_BENCH_OWN_NETWORK"
SPEC = """ubuntu: "24.04"
gpus: [H100 SXM]
driver: {branch: 580}
cuda: {toolkits: ["12.9"]}
"""


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench simulate", description=__doc__)
    parser.add_argument("-n", "--hosts", type=int, nargs="*", default=[1000, 5000, 10000], help="[1000 5000 10000]")
    parser.add_argument("--ssh", type=int, nargs="*", default=[250, 1000], help="hosts behind real servers [250 1000]")
    parser.add_argument("--limit-files", type=int, default=1024, help="ulimit -n of the command [1024]")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> None:
    chosen = arguments(given)
    if os.geteuid() == 0 and OWN_NETWORK not in os.environ:
        # Packets that vanish need a network of one's own (unshare(1)); nothing of it is left afterwards.
        command = ["unshare", "-n", sys.executable, "-m", "bench", "simulate", *given]
        sys.exit(subprocess.run(command, env=os.environ | {OWN_NETWORK: "1"}, check=False).returncode)
    if OWN_NETWORK in os.environ:
        for words in (("link", "set", "lo", "up"), ("route", "add", f"{DROPPED}.0.0/16", "dev", "lo")):
            subprocess.run(["ip", *words], check=True)
    elif chosen.ssh:
        sys.exit("real servers need root, for a network of their own. Type: python -m bench simulate --ssh")
    names = f"{'CPU ms/host':>12} {'wall s':>7} {'first s':>8} {'RSS MiB':>8} {'load':>5}"
    print(f"{'transport':10} {'hosts':>6} {names}  found", flush=True)
    for transport, counts in (("ssh", chosen.ssh), ("none", chosen.hosts)):
        for hosts in counts:
            with tempfile.TemporaryDirectory(prefix="gpufleet-bench-") as name:
                tell(transport, hosts, measured(transport, hosts, Path(name), chosen.limit_files))


def measured(transport: str, hosts: int, folder: Path, files: int) -> dict[str, object]:
    site(folder / "site", hosts)
    command = [
        sys.executable,
        "-m",
        "bench.simulated",
        transport,
        str(folder / "site"),
        str(hosts),
        str(folder / "r.json"),
    ]
    limited = ["sh", "-c", f'ulimit -S -n {files}; exec "$@"', "sh", *command]
    environment = ways.environment(folder) | {"XDG_STATE_HOME": str(folder / "state")}
    with servers(folder, hosts) if transport == "ssh" else contextlib.nullcontext():
        done = subprocess.run(limited, cwd=ways.CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        sys.exit(f"fleet drift ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return dict(json.loads(done.stdout))


def tell(transport: str, hosts: int, found: dict[str, object]) -> None:
    cpu, wall, first, rss = (float(str(found[key])) for key in ("cpu", "wall", "first", "rss"))
    counts = ", ".join(f"{status} {count}" for status, count in dict(found["summary"]).items() if count)  # type: ignore[call-overload]
    numbers = f"{1000 * cpu / hosts:12.1f} {wall:7.1f} {first:8.1f} {rss:8.0f} {os.getloadavg()[0]:5.1f}"
    print(f"{transport:10} {hosts:6} {numbers}  {counts}", flush=True)


def site(folder: Path, hosts: int, timeout: int = TIMEOUT) -> None:
    """An inventory, a login key, a host key, and a known_hosts file with a line for each host."""
    (folder / "hosts").mkdir(parents=True)
    for name in ("login", "server"):
        paramiko.ECDSAKey.generate().write_private_key_file(str(folder / name))
    key = paramiko.ECDSAKey.from_private_key_file(str(folder / "server"))
    with (folder / "known_hosts").open("w") as known:
        known.writelines(
            f"[{server.address(number)}]:{PORT} {key.get_name()} {key.get_base64()}\n" for number in range(hosts)
        )
    common = f"user: ubuntu, key: login, known_hosts: known_hosts, timeout: {timeout}, sudo: true"
    for number in range(hosts):
        kind, port = answers.kind(number, hosts), PORT
        address = server.address(number)
        if kind == "dropped":
            address = f"{DROPPED}.{number // 256}.{number % 256}"
        elif kind == "refused":
            port = 1
        reached = f"connection: {{address: {address}, port: {port}, {common}}}\n"
        (folder / "hosts" / f"sim{number:05}.yaml").write_text(SPEC + reached)


@contextlib.contextmanager
def servers(folder: Path, hosts: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.server", str(PORT), str(hosts), str(folder / "site" / "server")]
    running = [subprocess.Popen(command, cwd=ways.CHECKOUT) for _ in range(SERVERS)]
    try:
        time.sleep(3)
        yield
    finally:
        for process in running:
            process.terminate()
            process.wait(10)
