"""fleet.lock as text: read strictly, with every fault at its line, and what each host takes of it."""

import collections
import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from schema import shallow
from schema.errors import Problem
from schema.lock.model import Lock
from schema.model import Model

NAME = "fleet.lock"
# A thousand hosts with environments of their own are some MiB.
LARGEST = 64 * 1024 * 1024
REMEDY = "Restore it (git checkout fleet.lock), or make a new one: mv fleet.lock fleet.lock.old; fleet lock INVENTORY."
CONFLICT = re.compile(rb"^(<{7}|={7}|>{7}|\|{7})( |\r?$)", re.MULTILINE)
# fleet lock writes no anchors and no aliases; only what looks like one is worth a slower look.
ALIAS = re.compile(rb"(?:^|[\s\[{,])[&*][A-Za-z0-9_]", re.MULTILINE)


class Broken(Exception):  # noqa: N818 - named after what it says.
    """Raised with the one problem for which a fleet.lock cannot be used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.text())


class Loader(shallow.Loader):
    """YAML's plain types; a key that stands twice is an error, as a merge of two locks leaves it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        found: dict[object, object] = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            times = collections.Counter(str(key.value) for key, _ in node.value)
            twice = next((key for key, _ in node.value if times[str(key.value)] > 1), node)
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {getattr(twice, 'value', '')!r} stands here twice", node.start_mark
            )
        return found


def load(root: str | Path) -> Lock | None:
    """The lock in the inventory folder `root`, None where there is none. Raises Broken."""
    path = Path(root) / NAME
    try:
        if not path.exists():
            return None
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise Broken(_problem("is no regular file of at most 64 MiB.", None))
        data = path.read_bytes()
    except OSError as error:
        raise Broken(_problem(f"cannot be read: {error.strerror}.", None)) from error
    return parse(data)


def parse(data: bytes) -> Lock:
    """The lock in a text. Raises Broken."""
    if conflict := CONFLICT.search(data):
        line = data.count(b"\n", 0, conflict.start()) + 1
        hint = "Take either side (git checkout --ours fleet.lock), then type: fleet lock INVENTORY."
        raise Broken(_problem("holds an unfinished merge.", line, hint))
    try:
        if ALIAS.search(data) and _aliases(data):
            raise Broken(_problem("holds a YAML alias, which fleet lock does not write.", None))
        document = yaml.load(data, Loader=Loader)  # noqa: S506 - a subclass of CSafeLoader.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Broken(_problem(f"is no YAML: {error.problem}.", mark.line + 1 if mark else None)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(_problem(f"is no YAML: {str(error).splitlines()[0][:120]}.", None)) from error
    return _made(document, data)


def _aliases(data: bytes) -> bool:
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, yaml.CSafeLoader))


def _made(document: object, data: bytes) -> Lock:
    if not isinstance(document, dict):
        raise Broken(_problem("is empty." if document is None else "holds no mapping.", 1))
    version = document.get("version")
    if version != 1 or isinstance(version, bool):
        message = f"has version {version!r}; this gpufleet reads version 1."
        hint = "Use the gpufleet that wrote it, or make a new one: mv fleet.lock fleet.lock.old; fleet lock INVENTORY."
        raise Broken(_problem(message, _line(data, ("version",)), hint))
    try:
        lock = Lock.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Broken(_problem(f"{place}: {first['msg']}.", _line(data, first["loc"]))) from error
    return _whole(lock, data)


def _whole(lock: Lock, data: bytes) -> Lock:
    """Every name that a host takes must be there. Raises Broken."""
    seen: set[str] = set()
    for index, group in enumerate(lock.hosts):
        at: tuple[str | int, ...] = ("hosts", index)
        if twice := seen.intersection(group.hosts):
            raise Broken(_problem(f"the host {min(twice)} stands in two groups.", _line(data, at)))
        seen |= set(group.hosts)
        for repository, names in group.sets.items():
            there: object = lock.repositories.get(repository)
            sets = getattr(there, "sets", {})
            if missing := [name for name in names if name not in sets]:
                place = _line(data, (*at, "sets"))
                raise Broken(_problem(f"there is no set {missing[0]!r} of repository {repository!r}.", place))
        wanted: list[tuple[str | None, dict[str, Model]]] = [(group.installer, dict(lock.installers))]
        wanted += [(name, dict(lock.environments)) for name in group.environments.values()]
        for name, entries in wanted:
            if name is not None and name not in entries:
                raise Broken(_problem(f"there is no entry {name!r}.", _line(data, at)))
    return lock


def _line(data: bytes, path: tuple[str | int, ...]) -> int | None:
    """The line at which the deepest part of `path` that there is stands."""
    try:
        node = yaml.compose(data, Loader=shallow.Loader)
    except yaml.YAMLError:
        return None
    line = node.start_mark.line + 1 if node is not None else None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            pair = (node.value[part], node.value[part])
        else:
            pair = None
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def _problem(message: str, line: int | None, hint: str = REMEDY) -> Problem:
    return Problem(code="INV050", file=NAME, line=line, message=f"the lock {message}", hint=hint)
