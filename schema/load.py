"""Reads an inventory folder into a Fleet, or says everything that is wrong with it at once."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from schema import build, content, document, folder, groups, merge, rules, spelling
from schema.document import Node, Refused
from schema.errors import InvalidInventory, Problem
from schema.fleet import Fleet, judge
from schema.folder import Folder
from schema.host import HostSpec
from schema.report import Report


def fleet(path: str | Path, limit: Iterable[str] | None = None, today: date | None = None) -> Fleet:
    """The fleet in the folder at `path`, or of one host for a NAME.yaml; its `problems` are the warnings that remain.

    Raises InvalidInventory with all problems when there is an error in fleet.yaml or in a host that `limit` (host
    names, groups and globs; None: all) selects, when there is no host, and when a part of `limit` matches none.
    """
    found = read(path, today)
    chosen = None
    problems = list(found.problems)
    if limit is not None:
        names, missed = found.select(limit)
        chosen = frozenset(names)
        problems += [unmatched(pattern, path, found) for pattern in missed]
    judged = judge(problems, chosen)
    if any(problem.severity == "error" for problem in judged):
        raise InvalidInventory(judged)
    return _with(found, judged)


def unmatched(pattern: str, path: str | Path, found: Fleet) -> Problem:
    """The problem of a limit that selects nothing."""
    hint = f"Hosts: {', '.join(found.names[:20]) or 'none'}. Groups: {', '.join(found.groups) or 'none'}."
    return Problem(code="INV029", file=str(path), message=f"the limit {pattern!r} matches no host.", hint=hint)


def _with(found: Fleet, problems: list[Problem]) -> Fleet:
    return Fleet(**{**found.__dict__, "problems": tuple(problems)})


def read(path: str | Path, today: date | None = None) -> Fleet:
    """Everything that can be read at `path`, with every problem; never raises for what the inventory says."""
    with _without_collector():
        try:
            found, problems = folder.listed(path)
        except Refused as refused:
            return Fleet(
                root=str(path), name=Path(path).name, hosts={}, names=(), groups={}, problems=(refused.problem,)
            )
        return _read(found, problems, today or date.today())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Cyclic collections while thousands of nodes are made cost more than the reading (measured: twice as long)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(found: Folder, problems: list[Problem], today: date) -> Fleet:
    policy, report = groups.Policy(), Report()
    if found.has_fleet:
        tree = _tree(found, "fleet.yaml", problems)
        policy = groups.policy(tree, report) if tree is not None else policy
    problems += report.problems + _later(found)
    names = _names(found, policy, problems)
    if not names:
        hint = "Add hosts/NAME.yaml; 'fleet init DIR' makes a commented one."
        problems.append(Problem(code="INV020", file="hosts", message="the inventory has no host.", hint=hint))
    reader = content.Reader(found.root)
    hosts, trees, members = {}, {}, {group: list[str]() for group in policy.groups}
    for name, file in names.items():
        spec, whole, listed = _host(found, name, file, policy, reader, today, problems)
        for group in listed:
            members[group].append(name)
        if whole is not None:
            trees[name] = whole
        if spec is not None:
            hosts[name] = spec
    problems += rules.across(hosts, trees) + folder.strays(found, reader.used)
    invalid = {problem.host for problem in problems if problem.severity == "error"}
    return Fleet(
        root=found.root,
        name=found.name,
        hosts={name: spec for name, spec in hosts.items() if name not in invalid},
        names=tuple(names),
        groups={group: tuple(dict.fromkeys(listed)) for group, listed in members.items()},
        problems=tuple(problems),
        rollout=policy.rollout,
        requires=policy.requires,
        require_lock=policy.require_lock,
        trees=trees,
    )


def _tree(found: Folder, file: str, problems: list[Problem], host: str | None = None) -> Node | None:
    """The mapping in a file; None, reported, when there is none."""
    try:
        tree, wrong = document.parse(folder.read(found.root, file), file)
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
    later = {"fleet.lock": "locks", "held.yaml": "rollbacks"}
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


def _names(found: Folder, policy: groups.Policy, problems: list[Problem]) -> dict[str, str]:
    """Host file by host name, sorted by name; names that pyinfra or the fleet would misunderstand are reported."""
    names: dict[str, str] = {}
    for file in found.hosts:
        name = Path(file).stem
        message, hint = _name_problem(name, names, found, policy)
        if message:
            problems.append(Problem(code="INV018", file=file, host=name, message=message, hint=hint))
        names.setdefault(name, file)
    for group in policy.groups:
        if group in {"all", found.name}:
            message = f"a group cannot be named {group!r}: it would mean every host."
            node = policy.groups[group]
            place = {"file": node.file, "line": node.key_line, "column": node.key_column, "path": f"groups.{group}"}
            problems.append(Problem(code="INV018", message=message, hint="Rename the group.", **place))
    return dict(sorted(names.items()))


def _name_problem(name: str, names: dict[str, str], found: Folder, policy: groups.Policy) -> tuple[str, str]:
    if name in names:
        return f"the host {name!r} has two files; the other is {names[name]}.", "Rename or delete one of them."
    if not groups.is_name(name):
        return f"{name!r} cannot be a host's name; {groups.NAME_WORDS}", "Rename the file."
    if name == "all" or (name == found.name and not found.single):
        return f"a host cannot be named {name!r}: it would mean every host.", "Rename the file."
    if name in policy.groups:
        return f"{name!r} is a host and a group at once.", "Rename one of them."
    return "", ""


def _host(
    found: Folder,
    name: str,
    file: str,
    policy: groups.Policy,
    reader: content.Reader,
    today: date,
    problems: list[Problem],
) -> tuple[HostSpec | None, Node | None, tuple[str, ...]]:
    own = _tree(found, file, problems, name)
    if own is None:
        return None, None, ()
    report = Report(host=name)
    whole, listed = groups.resolved(own, policy, report)
    spelt = spelling.written_out(whole)
    spec, failed = build.host(spelt, name, report)
    if spec is not None:
        for breach in rules.broken(spec, own, failed, today):
            node = merge.find(spelt, breach.path)
            report.add(breach.code, node, breach.path, breach.message, breach.hint, severity=breach.severity)
        spec = content.filled(spec, spelt, reader, report)
    problems += report.problems
    return spec, spelt, listed
