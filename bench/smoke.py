"""`python -m bench smoke FOLDER [--nvcc PATH] [--environment NAME=PREFIX]...`: the smoke test on a machine with GPUs.

Runs what `fleet drift --deep` runs on a host, on this machine and as this user, shows what it came to, and keeps the
raw answer and `nvidia-smi -q -x` in FOLDER, with UUIDs, serial numbers and the host's name taken out: captures for
tests, and evidence of what rates real boards reach.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from facts import compute, probe, snapshot
from fleet.report import compute as told
from schema.compute import Request, Torch, read

UUID = re.compile(r"\b(GPU|MIG)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
SERIAL = re.compile(r"(<(?:serial|board_serial_number|pdi|hostname)>)[^<]*")


def said(command: str, stdin: str = "") -> str:
    """The standard output of a shell command; no machine of ours is changed by it."""
    done = subprocess.run(["sh", "-c", command], input=stdin, capture_output=True, text=True, check=False)
    return done.stdout


def scrubbed(text: str) -> str:
    """The text with each UUID by a number of its own, and no serial."""
    names: dict[str, str] = {}
    for match in UUID.finditer(text):
        names.setdefault(match[0], f"{match[1]}-00000000-0000-0000-0000-{len(names):012d}")
    return SERIAL.sub(r"\g<1>0", UUID.sub(lambda match: names[match[0]], text))


def main(arguments: list[str]) -> None:
    """Exits with 0 where every part passed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench smoke", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nvcc", help="a toolkit's compiler, /usr/local/cuda-12.9/bin/nvcc")
    parser.add_argument("--environment", action="append", default=[], metavar="NAME=PREFIX")
    options = parser.parse_args(arguments)
    pairs = [text.partition("=") for text in options.environment]
    environments = tuple(Torch(name=name, prefix=prefix) for name, _, prefix in pairs)
    request = Request(nvcc=options.nvcc, environments=environments)
    options.folder.mkdir(parents=True, exist_ok=True)
    seen = snapshot.parse(probe.sections(said(probe.script()).splitlines()))
    answer = said(compute.COMMAND, compute.script(request))
    (options.folder / "answer.txt").write_text(scrubbed(answer))
    (options.folder / "nvidia-smi-qx.xml").write_text(scrubbed(said("nvidia-smi -q -x 2>/dev/null")))
    made = read(request, compute.parse(answer.splitlines()), seen)
    (options.folder / "results.json").write_text(scrubbed(made.model_dump_json(indent=2)))
    lines = [
        *told.lines(made),
        *(f"    {item.device}: {item.rate_tflops} TFLOPS" for item in made.results if item.share),
    ]
    sys.stdout.write("\n".join([*lines, f"    kept in {options.folder}", ""]))
    sys.exit(0 if made.results and all(item.outcome == "passed" for item in made.results) else 1)
