"""What each simulated host answers, from recorded outputs of the probe: no two alike, and some that are of no use."""

import functools
import re
from pathlib import Path

CAPTURES = Path(__file__).resolve().parent.parent / "tests" / "captures" / "lab"
RECORDED = ("node-running", "node-running", "node-running", "desk-unprivileged", "desk-changed-by-hand", "node-bare")
# One host in twenty each: half of a rack in one piece whose packets are dropped, and hosts here and there that refuse.
DEAD_SHARE = 20


def kind(number: int, hosts: int) -> str:
    """ "dropped", "refused", "noise", "sudo", or the name of a recording. The dropped are neighbours."""
    first = hosts // 3
    if first <= number < first + hosts // DEAD_SHARE:
        return "dropped"
    if number % DEAD_SHARE == 1:
        return "refused"
    if number % 100 == 2:
        return "noise"
    if number % 100 == 3:
        return "sudo"
    return RECORDED[number % len(RECORDED)]


@functools.cache
def recorded(name: str) -> str:
    return (CAPTURES / f"{name}.txt").read_text(errors="replace")


def answer(number: int, hosts: int) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of a host's probe under sudo."""
    name = kind(number, hosts)
    if name == "sudo":
        return 1, b"", b"sudo: a password is required\n"
    marker = b"gpufleet: sudo works\n"
    if name == "noise":
        return 0, bytes(number % 251 for _ in range(65536)), marker
    return 0, distinct(recorded(name), number).encode(), marker


def distinct(text: str, number: int) -> str:
    """A recording as another host would have said it: names, identifiers of boot and GPU, and each package's version
    differ, so that nothing that is remembered of one host helps with the next."""
    text = re.sub(r"^hostname .*$", f"hostname sim{number:05}", text, flags=re.MULTILINE)
    text = re.sub(r"GPU-[0-9a-f-]{36}", f"GPU-{number:08x}-0000-4000-8000-000000000000", text)
    text = re.sub(r"^boot_id .*$", f"boot_id {number:08x}-0000-4000-8000-000000000000", text, flags=re.MULTILINE)
    return re.sub(r"(\t[0-9][^\t\n]*-[0-9]+)(?=\t)", rf"\g<1>.{number}", text)
