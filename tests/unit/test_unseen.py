"""A look that broke off, or lacks a section, claims nothing that the whole look would not: no drift, no ailment."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from deploys import look
from deploys.step import Work
from facts import probe, snapshot
from schema import load, plan
from schema.choose import branches
from schema.host import HostSpec
from schema.plan import Plan

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "captures" / "lab"
CAPTURES = [
    ("desk-changed-by-hand", "desk"),
    ("desk-unprivileged", "desk"),
    ("node-bare", "node"),
    ("node-running", "node"),
]
AUTO = {"branch": "auto", "version": None, "modules": "auto"}


def specs(name: str) -> Iterator[HostSpec]:
    """The shipped host, and the same with a driver that the look itself chooses."""
    shipped = load.fleet(ROOT / "inventory").hosts[name]
    yield shipped
    yield shipped.model_copy(update={"driver": shipped.managed_driver.model_copy(update=AUTO)})  # type: ignore[union-attr]


def blocks(lines: list[str]) -> list[list[str]]:
    """The capture's head, then each section with its end."""
    found: list[list[str]] = [[lines[0]]]
    mark = f"@@{lines[0].split(' ')[-1]} "
    block: list[str] = []
    for line in lines[1:]:
        block.append(line)
        if line.startswith(mark):
            found.append(block)
            block = []
    return found


def diff(spec: HostSpec, parts: list[list[str]]) -> Plan:
    return plan.diff(spec, snapshot.parse(probe.sections([line for part in parts for line in part])))


def claims(found: Plan) -> set[tuple[str | None, ...]]:
    changes = {(item.concern, item.item, item.observed, item.desired) for item in found.changes}
    return changes | {(item.code, item.message) for item in (*found.findings, *found.refusals)}


@pytest.mark.parametrize(("capture", "host"), CAPTURES)
def test_what_was_not_seen_is_not_claimed(capture: str, host: str) -> None:
    parts = blocks((FOLDER / f"{capture}.txt").read_text().splitlines())
    for spec in specs(host):
        whole = claims(diff(spec, parts))
        for number in range(1, len(parts)):
            name = parts[number][-1].split(" ")[1]
            for words, kept in (("cut off at", parts[:number]), ("without", parts[:number] + parts[number + 1 :])):
                seen = diff(spec, kept)
                assert name in seen.not_seen
                assert not claims(seen) - whole, f"{words} {name}"


def test_a_declared_concern_that_was_not_seen_is_not_in_sync() -> None:
    spec = next(specs("node"))
    parts = blocks((FOLDER / "node-running.txt").read_text().splitlines())
    for number in range(1, len(parts)):
        seen = diff(spec, parts[:number])
        assert plan.status(seen) != "in-sync", parts[number][-1]


@pytest.mark.parametrize("noise", ["9" * 32_000, "9." * 16_000, "a" * 32_000, "-" * 32_000, "\u202e<b>%s"])
def test_a_look_with_any_line_in_any_section_can_be_compared(noise: str) -> None:
    """Each kind of line of a section, with something else behind its first word."""
    parts = blocks((FOLDER / "node-running.txt").read_text().splitlines())
    for spec in specs("node"):
        for number in range(1, len(parts)):
            firsts = dict.fromkeys(line.partition(" ")[0] for line in parts[number][:-1])
            lines = [f"{first} {noise}" for first in list(firsts)[:40]]
            changed = [*parts[number][:-1], *lines, parts[number][-1]]
            diff(spec, [*parts[:number], changed, *parts[number + 1 :]])


def test_an_nvidia_smi_that_hangs_does_not_choose_another_driver() -> None:
    """`auto` follows the driver that works; one that cannot be asked is still the one in memory."""
    spec = list(specs("node"))[1]
    text = (FOLDER / "node-running.txt").read_text().replace("580.95.05", "570.195.03")
    hung = re.sub(r"(?m)^(@@\S+ gpu/smi) 0$", r"\1 124", text)
    for said in (text, hung):
        seen = snapshot.parse(probe.sections(said.splitlines()))
        assert ("gpu/smi" in seen.not_seen) == (said is hung)
        assert branches.branch(spec, seen).value == "570"


@pytest.mark.parametrize(
    "name", ["host/texts", "gpu/devices", "driver/loaded", "repository/packages", "repository/files"]
)
def test_an_apply_is_not_begun_on_what_was_not_seen(name: str) -> None:
    spec = next(specs("node"))
    parts = blocks((FOLDER / "node-running.txt").read_text().splitlines())
    whole = snapshot.parse(probe.sections([line for part in parts for line in part]))
    kept = [part for part in parts if f" {name} " not in part[-1]]
    seen = snapshot.parse(probe.sections([line for part in kept for line in part]))
    work = cast("Work", SimpleNamespace(name="node", spec=spec))
    assert look.unseen(work, whole) is None
    stopped = look.unseen(work, seen)
    assert stopped is not None
    assert (stopped.code, stopped.evidence) == ("RUN441", f"not seen: {name}")
