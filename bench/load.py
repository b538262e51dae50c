"""python -m bench load [-n HOSTS ...] [--repeat TIMES]: what reading and checking an inventory costs, as a table."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import inventories, stages, ways

Sample = dict[str, float]
STEPS = ("import", *dict.fromkeys(step for step, _, _ in stages.STEPS))


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench load", description=__doc__)
    parser.add_argument("-n", "--hosts", type=int, nargs="+", default=[100, 1000, 10000], help="[100 1000 10000]")
    parser.add_argument("--repeat", type=int, default=5, help="rounds, each with every way once [5]")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> None:
    chosen = arguments(given)
    print(f"{'':14} {'bytes':>6} {'CPU ms per 1,000 hosts':^30} {'wall':>6} {'RSS':>5} {'CPU /':>7} {'CPU /':>9}")
    units = f"{'median':>10} {'least':>9} {'most':>9} {'ms':>6} {'MiB':>5} {'YAML':>7} {'pydantic':>9}"
    print(f"{'hosts':>14} {'/host':>6} {units}")
    for distinct in (False, True):
        for hosts in chosen.hosts:
            with tempfile.TemporaryDirectory(prefix="gpufleet-bench-") as name:
                folder = Path(name) / "site"
                folder.mkdir()
                size = inventories.write(folder, hosts, distinct=distinct)
                rounds = measured(folder, Path(name), chosen.repeat)
            tell(hosts, size, rounds, distinct=distinct)


def measured(folder: Path, kept: Path, repeat: int) -> dict[str, list[Sample]]:
    """Every way in turn, `repeat` times over, each in a process of its own; a first start, which compiles, is apart."""
    run("load", folder, kept)
    rounds: dict[str, list[Sample]] = {way: [] for way in stages.WAYS}
    for _ in range(repeat):
        for way, samples in rounds.items():
            samples.append(run(way, folder, kept))
    return rounds


def run(way: str, folder: Path, kept: Path) -> Sample:
    command = [sys.executable, "-m", "bench.stages", way, str(folder)]
    done = subprocess.run(command, cwd=ways.CHECKOUT, env=ways.environment(kept), check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def tell(hosts: int, size: int, rounds: dict[str, list[Sample]], *, distinct: bool) -> None:
    """One line for the whole and one for its steps; ratios are medians of each round's own."""
    whole = rounds["load"]
    each = sorted(1e6 * sample["total"] / hosts for sample in whole)
    wall, rss = (statistics.median(sample[key] for sample in whole) for key in ("wall", "rss"))
    ratios = [
        statistics.median(one["total"] / other["total"] for one, other in zip(whole, rounds[way], strict=True))
        for way in ("yaml", "pydantic")
    ]
    label = f"{hosts}{' distinct' if distinct else ''}"
    spread = f"{statistics.median(each):10.0f} {each[0]:9.0f} {each[-1]:9.0f}"
    print(f"{label:>14} {size / hosts:6.0f} {spread} {1000 * wall:6.0f} {rss:5.0f} {ratios[0]:7.2f} {ratios[1]:9.2f}")
    print(f"{'':15}{steps(hosts, rounds['stages'])}")
    print(
        f"{'':15}{whole[0]['errors']:.0f} hosts have errors; load of the machine {os.getloadavg()[0]:.1f}", flush=True
    )


def steps(hosts: int, samples: list[Sample]) -> str:
    """Medians of CPU in milliseconds per 1,000 hosts, the import in milliseconds."""
    middle = {step: statistics.median(sample.get(step, 0.0) for sample in samples) for step in (*STEPS, "total")}
    other = middle["total"] - sum(seconds for step, seconds in middle.items() if step not in {"import", "total"})
    parts = [f"{step} {1e6 * middle[step] / hosts:.0f}" for step in STEPS[1:]]
    return f"import {1000 * middle['import']:.0f} ms; {', '.join(parts)}, other {1e6 * other / hosts:.0f}"
