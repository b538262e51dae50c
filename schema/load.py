"""Reads an inventory folder into a Fleet, or says everything that is wrong with it at once."""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from schema import build, choose, content, document, folder, groups, merge, names, rules, spelling
from schema.document import Node, Refused
from schema.errors import InvalidInventory, Problem
from schema.fleet import Fleet, judge
from schema.folder import Folder
from schema.host import HostSpec
from schema.lock import answers as locks
from schema.report import EnoughError, Report


def fleet(path: str | Path, limit: Iterable[str] | None = None, today: date | None = None) -> Fleet:
    """The fleet in the folder at `path`, or of one host for a NAME.yaml; its `problems` are the warnings that remain.

    Raises InvalidInventory with all problems when there is an error in fleet.yaml or in a host that `limit` (host
    names, groups and globs; None: all) selects, when there is no host, and when a part of `limit` matches none.
    """
    found = read(path, today)
    chosen = None
    problems = list(found.problems)
    if limit is not None:
        selected, missed = found.select(limit)
        chosen = frozenset(selected)
        problems += [unmatched(pattern, path, found) for pattern in missed]
    judged = judge(problems, chosen)
    if any(problem.severity == "error" for problem in judged):
        raise InvalidInventory(judged, str(path), found.root)
    return _with(found, judged)


def unmatched(pattern: str, path: str | Path, found: Fleet) -> Problem:
    """The problem of a limit that selects nothing."""
    hint = f"Hosts: {', '.join(found.names[:20]) or 'none'}. Groups: {', '.join(found.groups) or 'none'}."
    return Problem(code="INV029", file=str(path), message=f"the limit {pattern!r} matches no host.", hint=hint)


def _with(found: Fleet, problems: list[Problem]) -> Fleet:
    return Fleet(**{**found.__dict__, "problems": tuple(problems)})


def read(path: str | Path, today: date | None = None, *, locked: bool = True) -> Fleet:
    """Everything that can be read at `path`, with every problem; never raises for what the inventory says.

    Without `locked` fleet.lock is not read, and nothing is said of it: that is for those who write it.
    """
    with _without_collector():
        try:
            found, problems = folder.listed(path)
        except Refused as refused:
            return Fleet(
                root=str(path), name=Path(path).name, hosts={}, names=(), groups={}, problems=(refused.problem,)
            )
        return _read(found, problems, today or date.today(), locked)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Cyclic collections while thousands of nodes are made cost more than the reading (measured: twice as long).

    What was read has no cycles and lives on; frozen, it is not looked through again by each collection that follows.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


def _read(found: Folder, problems: list[Problem], today: date, locked: bool) -> Fleet:
    policy, report, reader = groups.Policy(), Report(), content.Reader(found.root)
    if found.has_fleet:
        tree = _tree(reader, "fleet.yaml", problems)
        with contextlib.suppress(EnoughError):
            policy = groups.policy(tree, report) if tree is not None else policy
    problems += report.problems + _later(found)
    files = names.listed(found, policy, problems)
    if not files:
        hint = "Add hosts/NAME.yaml; 'fleet init DIR' makes a commented one."
        problems.append(Problem(code="INV020", file="hosts", message="the inventory has no host.", hint=hint))
    lock = locks.Answers.read(found.root, policy.require_lock, problems) if locked else None
    read = {name: _host(name, file, policy, reader, today, problems, lock) for name, file in files.items()}
    hosts = {name: host.spec for name, host in read.items() if host.spec is not None}
    trees = {name: host.tree for name, host in read.items() if host.tree is not None}
    problems += rules.across(hosts, trees) + folder.strays(found, reader.used)
    problems += rules.accept.unused(hosts, trees, problems, today)
    invalid = {problem.host for problem in problems if problem.severity == "error"}
    return Fleet(
        root=found.root,
        name=found.name,
        hosts={name: spec for name, spec in hosts.items() if name not in invalid},
        names=tuple(files),
        groups={group: tuple(name for name, host in read.items() if group in host.groups) for group in policy.groups},
        problems=tuple(problems),
        rollout=policy.rollout,
        requires=policy.requires,
        require_lock=policy.require_lock,
        locked=lock is not None and lock.there,
        trees=trees,
        layers=policy.layers,
    )


def _tree(reader: content.Reader, file: str, problems: list[Problem], host: str | None = None) -> Node | None:
    """The mapping in a file; None, reported, when there is none."""
    try:
        tree, wrong = document.parse(reader.files.read(file), file)
    except Refused as refused:
        tree, wrong = None, [refused.problem]
    if tree is None and not wrong and host is not None:
        hint = 'Write at least ubuntu: "24.04".'
        wrong.append(Problem(code="INV010", file=file, line=1, column=1, message="the file is empty.", hint=hint))
    if tree is not None and not isinstance(tree.value, dict):
        place = {"file": file, "line": tree.line, "column": tree.column}
        message = "the file holds no mapping of KEY: VALUE lines."
        wrong.append(Problem(code="INV010", message=message, hint='Begin with ubuntu: "24.04".', **place))
        tree = None
    problems += [problem.model_copy(update={"host": host}) for problem in wrong]
    return tree


def _later(found: Folder) -> list[Problem]:
    later = {"held.yaml": "rollbacks"}
    return [
        Problem(
            code="INV090",
            file=file,
            message=f"{file} is here, but {what} are not yet supported and the file would not be obeyed.",
            hint="Move it out of the folder, and write exact versions in the host files.",
        )
        for file, what in later.items()
        if (Path(found.root) / file).exists()
    ]


class _Host(NamedTuple):
    """What was made of one host file: as much as could be."""

    spec: HostSpec | None = None
    tree: Node | None = None
    groups: tuple[str, ...] = ()


def _host(
    name: str,
    file: str,
    policy: groups.Policy,
    reader: content.Reader,
    today: date,
    problems: list[Problem],
    lock: locks.Answers | None,
) -> _Host:
    own = _tree(reader, file, problems, name)
    if own is None:
        return _Host()
    report = Report(host=name)
    try:
        return _made(own, name, policy, reader, today, report, lock)
    except EnoughError:
        return _Host()
    finally:
        problems += report.problems


def _made(
    own: Node,
    name: str,
    policy: groups.Policy,
    reader: content.Reader,
    today: date,
    report: Report,
    lock: locks.Answers | None,
) -> _Host:
    """The host in `own` on its groups and the defaults; raises EnoughError where it has too many problems."""
    whole, listed = groups.resolved(own, policy, report)
    spelt = spelling.written_out(whole)
    spec, failed = build.host(spelt, name, report)
    if spec is not None:
        whole_spec = content.filled(spec, spelt, reader, report)
        said = lock.of(whole_spec, own.file, report) if lock is not None else None
        if said is not None:
            spec, whole_spec = (one.model_copy(update={"locked": said}) for one in (spec, whole_spec))
        spec, whole_spec = choose.settled(spec, None), choose.settled(whole_spec, None)
        for breach in [*rules.broken(spec, own, failed, today), *rules.whole(whole_spec, failed, today)]:
            node = merge.find(spelt, breach.path)
            node = content.place(node, breach.quotes, reader) if breach.quotes is not None else node
            text, level = (breach.message, breach.hint), breach.severity
            report.add(breach.code, node, breach.path, *text, severity=level, accepted=breach.accepted)
        spec = rules.accept.marked(whole_spec, spelt)
    return _Host(spec, spelt, listed)
