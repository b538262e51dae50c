"""python -m bench [-n HOSTS] [--repeat TIMES] [--no-ansible]: what each way costs, as a table and ratios to OpenSSH."""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import measure, site, ways
from bench.measure import Cost
from bench.ways import Way

ANSIBLE_MOST = 50


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("-n", "--hosts", type=int, default=50, help=f"hosts, at most {site.LIMIT} [50]")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each way; the median counts [3]")
    parser.add_argument("--no-ansible", action="store_true", help="leave Ansible out")
    chosen = parser.parse_args()
    if not 1 <= chosen.hosts <= site.LIMIT:
        parser.error(f"-n {chosen.hosts}: between 1 and {site.LIMIT} hosts, the addresses of one /24")
    return chosen


def ansible(folder: Path) -> Path | None:
    """ansible-playbook in an environment of its own: it is compared with, and no part of gpufleet."""
    say = site.say
    try:
        subprocess.run([sys.executable, "-m", "venv", folder / "ansible"], check=True)
        pip = folder / "ansible" / "bin" / "pip"
        subprocess.run([pip, "install", "-q", "ansible-core==2.19.14"], check=True, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        say("ansible-core could not be installed; left out")
        return None
    return folder / "ansible" / "bin" / "ansible-playbook"


def weigh(way: Way, repeat: int) -> Cost:
    """The run with the median controller CPU. Ends the program when a run does not do what it should."""
    costs = []
    for _ in range(repeat):
        cost = measure.cost(way.command, ways.CHECKOUT, ways.environment(), way.stdin)
        if cost.code not in way.expected:
            sys.exit(f"{way.name} ended with {cost.code}:\n{cost.tail}")
        costs.append(cost)
    middle = statistics.median_low([cost.cpu for cost in costs])
    return next(cost for cost in costs if cost.cpu == middle)


def main() -> None:
    chosen = arguments()
    with tempfile.TemporaryDirectory(prefix="gpufleet-bench-") as name:
        folder = Path(name)
        with site.site(chosen.hosts, folder) as place:
            listed = [ways.openssh(place, folder), *ways.ours(place), ways.one_by_one(place, folder)]
            program = None if chosen.no_ansible else ansible(folder)
            if program is not None:
                listed.append(ways.ansible(place, folder, program, ANSIBLE_MOST))
            report(listed, chosen.repeat)


def report(listed: list[Way], repeat: int) -> None:
    print(f"{'way':46} {'hosts':>5} {'CPU ms/host':>12} {'wall ms/host':>13} {'CPU / OpenSSH':>14}")
    floor = 0.0
    for way in listed:
        cpu, wall = weigh(way, repeat if way.hosts > ANSIBLE_MOST or "ansible" not in way.name else 1).per_host(
            way.hosts
        )
        floor = floor or cpu
        print(f"{way.name:46} {way.hosts:5} {cpu:12.1f} {wall:13.1f} {cpu / floor:14.2f}", flush=True)


if __name__ == "__main__":
    if shutil.which("ssh") is None:
        sys.exit("the benchmark needs OpenSSH's client. Type: apt-get install openssh-client")
    main()
