"""python -m bench fuzz [-n INPUTS] [--seed NUMBER] [-o FOLDER]: damaged inventories, and what becomes of each.

Each input is a sound inventory with one of its files damaged. It is loaded, judged and printed as `fleet validate`
does; one of Ansible's is imported. Whatever breaks a promise is kept in FOLDER as an inventory of its own.
"""

import argparse
import collections
import faulthandler
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import mutations, promises, sample

ALLOWED_SECONDS = 1.0


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench fuzz", description=__doc__)
    parser.add_argument("-n", "--inputs", type=int, default=10_000, help="[10000]")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same inputs [1]")
    parser.add_argument("--only", type=int, help="this one input of the seed")
    parser.add_argument("-o", "--output", type=Path, default=Path("fuzz-failures"), help="[fuzz-failures]")
    return parser.parse_args(given)


def damaged(seed: int, number: int) -> tuple[str, bytes]:
    """Which file of the sample is damaged in this input, and its bytes; host files most often."""
    dice, files = random.Random(f"{seed}-{number}"), everything()  # noqa: S311 - chosen by a seed on purpose.
    weights = [8 if name == "hosts/node.yaml" else 3 if name == "fleet.yaml" else 1 for name in files]
    name = dice.choices(list(files), weights)[0]
    return name, mutations.mutated(files[name], dice)


def everything() -> dict[str, bytes]:
    return sample.files() | {name: text.encode() for name, text in sample.FOREIGN.items()}


def main(given: Sequence[str]) -> None:
    chosen = arguments(given)
    # A crash of the interpreter prints where it was, and leaves the input in the temporary folder.
    faulthandler.enable()
    numbers = range(chosen.inputs) if chosen.only is None else [chosen.only]
    verdicts: collections.Counter[str] = collections.Counter()
    slowest, failures, started = (0.0, -1, ""), 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gpufleet-fuzz-") as name:
        folder, sound = Path(name) / "site", everything()
        sample.write(folder, sound)
        promises.outcome(folder)
        for number in numbers:
            file, data = damaged(chosen.seed, number)
            (folder / file).write_bytes(data)
            begun = time.process_time()
            verdict, broken = promises.imported(folder / file) if "foreign" in file else promises.outcome(folder)
            spent = time.process_time() - begun
            broken += [f"took {spent:.2f} s of CPU"] if spent > ALLOWED_SECONDS else []
            verdicts[verdict] += 1
            slowest = max(slowest, (spent, number, file))
            if broken:
                failures += 1
                kept = chosen.output / f"{chosen.seed}-{number}"
                shutil.copytree(folder, kept, dirs_exist_ok=True)
                print(f"input {number} ({file}): {'; '.join(broken)}\n  kept in {kept}", flush=True)
            (folder / file).write_bytes(sound[file])
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    print(f"{len(numbers)} inputs of seed {chosen.seed} in {time.monotonic() - started:.0f} s: {told}")
    print(f"slowest: input {slowest[1]} ({slowest[2]}), {1000 * slowest[0]:.0f} ms of CPU; {failures} broke a promise")
    sys.exit(1 if failures else 0)
