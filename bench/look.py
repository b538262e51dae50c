"""python -m bench [look] [-n HOSTS] [--repeat TIMES] [--no-ansible]: each way as a table, with ratios to OpenSSH."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import measure, site, ways
from bench.measure import Cost
from bench.ways import Way

ANSIBLE_MOST = 50


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench look", description=__doc__)
    parser.add_argument("-n", "--hosts", type=int, default=50, help=f"hosts, at most {site.LIMIT} [50]")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each way; slow ones run once [3]")
    parser.add_argument("--no-ansible", action="store_true", help="leave Ansible out")
    chosen = parser.parse_args(given)
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


def weigh(way: Way, folder: Path) -> Cost:
    """One run. Ends the program when it does not do what it should, such as a host that is not in sync."""
    cost = measure.cost(way.command, ways.CHECKOUT, ways.environment(folder), way.stdin)
    if cost.code not in way.expected:
        sys.exit(f"{way.name} ended with {cost.code}:\n{cost.tail}")
    cpu, wall = cost.per_host(way.hosts)
    site.say(f"{way.name}: {cpu:.1f} ms CPU, {wall:.1f} ms wall per host; load {os.getloadavg()[0]:.1f}")
    return cost


def main(given: Sequence[str]) -> None:
    if shutil.which("ssh") is None:
        sys.exit("the benchmark needs OpenSSH's client. Type: apt-get install openssh-client")
    chosen = arguments(given)
    with tempfile.TemporaryDirectory(prefix="gpufleet-bench-") as name:
        folder = Path(name)
        with site.site(chosen.hosts, folder) as place:
            site.say(ways.proof(place, folder))
            ways.warm(place, folder)
            listed = [ways.openssh(place, folder), *ways.ours(place), ways.one_by_one(place, folder)]
            program = None if chosen.no_ansible else ansible(folder)
            if program is not None:
                listed.append(ways.ansible(place, folder, program, ANSIBLE_MOST))
            report(rounds(listed, chosen.repeat, folder))


def rounds(listed: list[Way], repeat: int, folder: Path) -> dict[Way, list[Cost]]:
    """The ways in turn, `repeat` times over: a machine that has other work slows all of them alike."""
    found: dict[Way, list[Cost]] = {way: [] for way in listed}
    for number in range(repeat):
        for way in listed:
            if number == 0 or not way.slow:
                found[way].append(weigh(way, folder))
    return found


def report(found: dict[Way, list[Cost]]) -> None:
    """Medians; the ratio is the median of each round's own, to OpenSSH in the same round."""
    floor = next(iter(found.items()))
    base = [cost.per_host(floor[0].hosts)[0] for cost in floor[1]]
    print(f"{'way':46} {'hosts':>5} {'runs':>4} {'CPU ms/host':>12} {'wall ms/host':>13} {'CPU / OpenSSH':>14}")
    for way, costs in found.items():
        pairs = [cost.per_host(way.hosts) for cost in costs]
        cpu, wall = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(pair[0] / floor_cpu for pair, floor_cpu in zip(pairs, base, strict=False))
        print(f"{way.name:46} {way.hosts:5} {len(costs):4} {cpu:12.1f} {wall:13.1f} {ratio:14.2f}")
