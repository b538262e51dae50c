"""Fleet: an inventory folder, read: its hosts, their groups, how large moves go, and where each value came from."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from schema import merge, ranges, report
from schema.document import Node
from schema.errors import Problem
from schema.host import HostSpec
from schema.model import Model


class Rollout(Model):
    """`max_unavailable`: how many hosts a plain run may reboot at a time."""

    max_unavailable: int = Field(default=1, ge=1, le=10_000)


class Origin(Model):
    """Where a value was written; `file` is relative to the inventory folder, line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True)
class Fleet:
    """`hosts`: the valid ones by name, sorted; `names`: all, with those that have errors; `root`: the folder's path.

    `locked`: a fleet.lock was read.

    `groups`: the names of the hosts in each group of fleet.yaml. `problems`: errors and warnings, one per host.
    `layers`: where the defaults and each group begin in fleet.yaml.
    """

    root: str
    name: str
    hosts: dict[str, HostSpec]
    names: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()
    rollout: Rollout = field(default_factory=Rollout)
    requires: str | None = None
    require_lock: bool = False
    locked: bool = False
    trees: dict[str, Node] = field(default_factory=dict, repr=False, compare=False)
    layers: tuple[tuple[int, int, str], ...] = field(default=(), repr=False, compare=False)

    def origin(self, host: str, path: str) -> Origin | None:
        """Where the value at a dotted path ("driver.branch") of a host was written; None for a default."""
        tree = self.trees.get(host)
        node = exact(tree, path) if tree is not None else None
        return None if node is None else Origin(file=node.file, line=node.line, column=node.column)

    def layer(self, origin: Origin) -> str | None:
        """ "defaults" or "group h100" for a place in fleet.yaml; None for one in a host's own file."""
        before = [name for line, column, name in self.layers if (line, column) <= (origin.line, origin.column)]
        return before[-1] if origin.file == "fleet.yaml" and before else None

    def select(self, patterns: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Hosts that any of `patterns` (names, groups, globs, `node[01-17,20]`) matches, and those that match none."""
        chosen: set[str] = set()
        unmatched = []
        for pattern in patterns:
            # In a glob [1-35] would be one of four characters; with numbers in it a bracket is a range of them.
            match = ranges.matches if ranges.is_range(pattern) else fnmatch.fnmatchcase
            hit = {name for name in self.names if match(name, pattern)}
            hit |= {
                name for group, names in self.groups.items() if fnmatch.fnmatchcase(group, pattern) for name in names
            }
            hit |= set(self.names) if pattern in {"all", self.name} else set()
            chosen |= hit
            unmatched += [] if hit else [pattern]
        return tuple(name for name in self.names if name in chosen), tuple(unmatched)


def exact(tree: Node, path: str) -> Node | None:
    """The node at a dotted path, None where nothing was written there."""
    short = report.written(path)
    for candidate in (path, short):
        node = merge.find(tree, candidate)
        if node is not tree and node is not merge.find(tree, candidate.rpartition(".")[0]):
            return node
    return None


def judge(problems: Iterable[Problem], hosts: Iterable[str] | None) -> list[Problem]:
    """The problems as they count for a run on `hosts` (None: all), each place once.

    An error of another host becomes a warning; one without a host, as in fleet.yaml, stays. A problem that several
    hosts have by one and the same value is told once, with their number; one that stands in another file than its
    host's own names the host.
    """
    chosen = None if hosts is None else frozenset(hosts)
    together: dict[tuple[object, ...], list[Problem]] = {}
    known = list(problems)
    general = {_place(problem) for problem in known if problem.host is None}
    for problem in known:
        if problem.host is not None and problem.line is not None and _place(problem) in general:
            continue
        foreign = chosen is not None and problem.host is not None and problem.host not in chosen
        seen = problem.model_copy(update={"severity": "warning"}) if foreign else problem
        key = (seen.code, seen.severity, seen.file, seen.line, seen.column, seen.path, seen.message, seen.hint)
        together.setdefault(key, []).append(seen)
    return sorted((_one(same) for same in together.values()), key=_order)


def _place(problem: Problem) -> tuple[str, str, int | None, int | None]:
    return problem.code, problem.file, problem.line, problem.column


def _one(same: list[Problem]) -> Problem:
    first = same[0]
    names = sorted({problem.host for problem in same if problem.host is not None})
    if any(problem.host is None for problem in same):
        return first.model_copy(update={"host": None})
    if len(names) < 2:
        return _of_host(first, names[0]) if names else first
    others = f"{names[0]} and {len(names) - 1} more" if len(names) > 3 else ", ".join(names)
    return first.model_copy(update={"message": _naming(first.message, f"hosts: {others}"), "host": None})


def _of_host(problem: Problem, name: str) -> Problem:
    """The problem with its host in words, where the file does not say it."""
    if problem.line is None or Path(problem.file).stem == name or problem.message.endswith(f"(host: {name})."):
        return problem
    return problem.model_copy(update={"message": _naming(problem.message, f"host: {name}")})


def _naming(message: str, hosts: str) -> str:
    return f"{message.rstrip('.')} ({hosts})."


def _order(problem: Problem) -> tuple[bool, str, int, int, str]:
    fleet_first = problem.file != "fleet.yaml"
    return fleet_first, problem.file, problem.line or 0, problem.column or 0, problem.code
