"""The hosts of an inventory folder as they are known before they are valid: names, connections, and what is missing."""

from pathlib import Path
from typing import NamedTuple

import yaml

from schema import build, load, shallow
from schema.document import Node
from schema.fleet import Fleet
from schema.host import HostSpec
from schema.report import Report

# What a machine tells and its file needs: without the first it is not valid, without the second no driver is kept.
NEEDED = ("ubuntu", "gpus")
# A look needs a connection and nothing else; the release stands in until the machine has told its own.
STAND_IN = "24.04"


class Known(NamedTuple):
    """`fleet`: its hosts only say how they are reached, except those that are valid. `files`: host files by name;
    `declared`: the top-level keys that each says or inherits; `prefixes`: declared ones of conda; `defaults`: the keys
    that every host inherits.
    """

    fleet: Fleet
    files: dict[str, str]
    declared: dict[str, frozenset[str]]
    prefixes: dict[str, str]
    defaults: frozenset[str] = frozenset()

    def incomplete(self) -> list[str]:
        return [name for name in self.fleet.names if not self.declared.get(name, frozenset()).issuperset(NEEDED)]


def read(root: Path) -> Known:
    """The folder at `root`; nothing is known of one that is not there."""
    if not (root / "hosts").is_dir():
        return Known(Fleet(root=str(root), name=root.name, hosts={}, names=(), groups={}), {}, {}, {})
    found = load.read(root)
    files = {path.stem: str(path.relative_to(root)) for path in sorted((root / "hosts").rglob("*.yaml"))}
    trees = {name: found.trees.get(name) for name in found.names}
    hosts = {name: spec for name in found.names if (spec := found.hosts.get(name) or _reached(name, trees[name]))}
    declared = {name: frozenset(_mapping(tree)) for name, tree in trees.items()}
    prefixes = {name: prefix for name, tree in trees.items() if (prefix := _prefix(tree)) is not None}
    defaults = frozenset(plain(root / "fleet.yaml", "defaults"))
    return Known(Fleet(**{**found.__dict__, "hosts": hosts}), files, declared, prefixes, defaults)


def plain(file: Path, key: str | None = None) -> dict[str, object]:
    """What a file says at its top, or below one key of it, as plain values; {} where that cannot be read."""
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), shallow.Loader)  # noqa: S506 - a safe loader.
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    part = content.get(key) if isinstance(content, dict) and key is not None else content
    return {str(name): value for name, value in part.items()} if isinstance(part, dict) else {}


def _mapping(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _reached(name: str, tree: Node | None) -> HostSpec | None:
    """A declaration of the connection alone; None where that is wrong. An empty file is a host by its name."""
    if tree is None:
        return HostSpec(name=name, ubuntu=STAND_IN)
    kept = {key: node for key, node in _mapping(tree).items() if key == "connection"}
    report = Report(host=name)
    spec, _ = build.host(tree.like({**kept, "ubuntu": tree.like(STAND_IN)}), name, report)
    return spec if not report.problems else None


def _prefix(tree: Node | None) -> str | None:
    value = _mapping(_mapping(tree).get("conda")).get("prefix")
    return value.value if value is not None and isinstance(value.value, str) else None
