"""python -m bench [look] [-n HOSTS ...] [--repeat TIMES] [--no-ansible]: each way, with its ratios to OpenSSH."""

import argparse
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
    most = f"hosts, at most {site.LIMIT}; several counts make one table [10 50 200]"
    parser.add_argument("-n", "--hosts", type=int, nargs="+", default=[10, 50, 200], help=most)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each way; slow ones run once [3]")
    parser.add_argument("--no-ansible", action="store_true", help="leave Ansible out")
    chosen = parser.parse_args(given)
    for hosts in chosen.hosts:
        if not 1 <= hosts <= site.LIMIT:
            parser.error(f"-n {hosts}: between 1 and {site.LIMIT} hosts, the addresses of one /24")
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
    cost = measure.cost(way.command, ways.CHECKOUT, ways.environment(folder) | dict(way.extra), way.stdin)
    if cost.code not in way.expected:
        sys.exit(f"{way.name} ended with {cost.code}:\n{cost.tail}")
    cpu, wall = cost.per_host(way.hosts)
    site.say(f"{way.hosts} hosts, {way.name}: {cpu:.1f} ms CPU, {wall:.1f} ms wall per host; load {cost.load:.1f}")
    return cost


def main(given: Sequence[str]) -> None:
    if shutil.which("ssh") is None:
        sys.exit("the benchmark needs OpenSSH's client. Type: apt-get install openssh-client")
    chosen = arguments(given)
    with tempfile.TemporaryDirectory(prefix="gpufleet-bench-") as name:
        folder = Path(name)
        with site.site(max(chosen.hosts), folder) as place:
            site.say(ways.proof(place, folder))
            ways.warm(place, folder)
            program = None if chosen.no_ansible else ansible(folder)
            head()
            for hosts in chosen.hosts:
                part = site.smaller(place, hosts, folder / f"first-{hosts}")
                listed = [ways.openssh(part, folder), *ways.ours(part), ways.one_by_one(part, folder)]
                if program is not None and hosts <= ANSIBLE_MOST:
                    listed.append(ways.ansible(part, folder, program, ANSIBLE_MOST))
                report(rounds(listed, chosen.repeat, folder))


def rounds(listed: list[Way], repeat: int, folder: Path) -> dict[Way, list[Cost]]:
    """The ways in turn, `repeat` times over: a machine that has other work slows all of them alike."""
    found: dict[Way, list[Cost]] = {way: [] for way in listed}
    for number in range(repeat):
        for way in listed:
            if number == 0 or not way.slow:
                found[way].append(weigh(way, folder))
    return found


COLUMNS = ("hosts", "runs", "CPU ms/host", "wall ms/host", "CPU / OpenSSH", "wall / OpenSSH", "load")
WIDTHS = (5, 4, 12, 13, 14, 15, 5)


def head() -> None:
    print(f"{'way':46}" + "".join(f" {name:>{width}}" for name, width in zip(COLUMNS, WIDTHS, strict=True)))


def report(found: dict[Way, list[Cost]]) -> None:
    """Medians; a ratio is the median of each round's own, to OpenSSH in the same round."""
    floor = next(iter(found.items()))
    base = [cost.per_host(floor[0].hosts) for cost in floor[1]]
    for way, costs in found.items():
        pairs = [cost.per_host(way.hosts) for cost in costs]
        cpu, wall = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = [
            statistics.median(pair[column] / other[column] for pair, other in zip(pairs, base, strict=False))
            for column in (0, 1)
        ]
        load = statistics.median(cost.load for cost in costs)
        shown = f"{cpu:12.1f} {wall:13.1f} {ratios[0]:14.2f} {ratios[1]:15.2f} {load:5.1f}"
        print(f"{way.name:46} {way.hosts:5} {len(costs):4} {shown}", flush=True)
