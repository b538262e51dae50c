"""conda's own history of its environments: when which command changed which package."""

import itertools
import re
from collections.abc import Iterable
from datetime import tzinfo

from facts import clock
from schema.environments.model import requirement_name
from schema.history import Action, Move, Transaction
from schema.model import version_key

# conda/history.py: "==> 2026-11-14 09:30:00 <==" in local time, "# cmd: ...", then what went and what came.
HEAD = re.compile(r"==> ([0-9-]{10} [0-9:]{8}) <==")
CHANGE = re.compile(r"([-+])(.+)-([^-]+)-[^-]+")
LINES, WIDTH = 4000, 400


def parse(lines: Iterable[str], zone: tzinfo) -> dict[str, tuple[Transaction, ...]]:
    """The revisions by the environment's name, newest first; () where its lines cannot be taken apart."""
    found: dict[str, list[list[str]]] = {}
    revisions: list[list[str]] = []
    for line in itertools.islice(lines, LINES):
        if line.startswith("environment /"):
            revisions = found.setdefault(line.rsplit("/", 1)[-1], [])
        elif HEAD.fullmatch(line):
            revisions.append([line])
        elif revisions:
            revisions[-1].append(line)
    return {name: tuple(_revisions(listed, zone)) for name, listed in found.items()}


def _revisions(listed: list[list[str]], zone: tzinfo) -> list[Transaction]:
    made: list[Transaction] = []
    before = None
    for head, *lines in reversed(listed):
        match = HEAD.fullmatch(head)
        time = clock.local(match.group(1), zone, before) if match else None
        if time is None:
            continue
        before = time
        command = next((line.removeprefix("# cmd: ")[:WIDTH] for line in lines if line.startswith("# cmd: ")), None)
        by = command.split(" ", 1)[0].rsplit("/", 1)[-1] if command else "conda"
        made.append(Transaction(time=time, command=command, by=by, changes=tuple(_moves(lines))))
    return made[::-1]


def _moves(lines: list[str]) -> list[Move]:
    """Of "-numpy-2.2.6-py312_0" and "+numpy-2.1.3-py312_0": what both name moved, the rest came or went."""
    versions: dict[str, dict[str, str]] = {}
    for line in lines:
        if match := CHANGE.fullmatch(line):
            sign, name, version = match.groups()
            versions.setdefault(requirement_name(name), {})[sign] = version
    return [
        Move(name=name, action=_action(found.get("-"), found.get("+")), old=found.get("-"), new=found.get("+"))
        for name, found in versions.items()
        if name
    ]


def _action(old: str | None, new: str | None) -> Action:
    if old is None or new is None:
        return "install" if old is None else "remove"
    if old == new:
        return "reinstall"
    return "downgrade" if version_key(new) < version_key(old) else "upgrade"
