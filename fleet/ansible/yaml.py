"""Ansible inventories and variable files in YAML, with its tags `!vault` and `!unsafe`."""

import yaml

from fleet.ansible import pattern
from fleet.ansible.model import ALL, Inventory, Secret, Variables, wrong
from schema import shallow

HINT = "each group holds the keys hosts, children and vars, each a mapping"


class Loader(shallow.Loader):
    """PyYAML's safe loader, bounded; what a vault holds stays closed."""


def _secret(_loader: yaml.Loader, _node: yaml.Node) -> Secret:
    return Secret()


def _plain(loader: Loader, _suffix: str, node: yaml.Node) -> object:
    """A tag that says nothing about the inventory: the value below it."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


for tag in ("!vault", "!vault-encrypted"):
    Loader.add_constructor(tag, _secret)
Loader.add_multi_constructor("!", _plain)


def load(text: str, file: str) -> object:
    """The document, values by PyYAML's safe types. Raises RunError with the line that is wrong."""
    try:
        # A safe loader: a subclass of yaml.CSafeLoader.
        return yaml.load(text, Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        message = f"this is no YAML: {error.problem or 'it cannot be read'}"
        raise wrong(file, mark.line + 1 if mark else None, message, "mend the line; quotes help") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise wrong(file, None, "this is no YAML", "save the file as UTF-8 text") from error


def parse(document: object, file: str) -> Inventory:
    """The inventory in a document of YAML. Raises RunError with the path that is wrong."""
    if not isinstance(document, dict) or not document:
        raise wrong(
            file, None, "the file holds no groups", f"begin with all:, and below it hosts: or children:; {HINT}"
        )
    found = Inventory()
    for name, content in document.items():
        _group(found, str(name), content, file, ())
    return found


def _group(found: Inventory, name: str, content: object, file: str, above: tuple[str, ...]) -> None:
    path = ".".join([*above, name])
    if name in above:
        raise wrong(file, None, f"{path}: a group inside itself", "remove one of the two")
    group = found.group(name)
    for key, value in _mapping(content, path, file).items():
        if key == "vars":
            group.variables |= {str(item): one for item, one in _mapping(value, f"{path}.vars", file).items()}
        elif key == "children":
            for child, inner in _mapping(value, f"{path}.children", file).items():
                _group(found, str(child), inner, file, (*above, name))
                if str(child) not in group.children:
                    group.children.append(str(child))
        elif key == "hosts":
            for host, variables in _mapping(value, f"{path}.hosts", file).items():
                _host(found, name, str(host), _mapping(variables, f"{path}.hosts.{host}", file), file)
        else:
            found.left_out.append((f"{path}.{key}", "Ansible reads only hosts, children and vars here"))


def _host(found: Inventory, group: str, text: str, variables: dict[object, object], file: str) -> None:
    try:
        names, port = pattern.hosts(text)
    except ValueError as error:
        raise wrong(file, None, f"{text!r}: {error}", "write one name, or a range such as node[01:20]") from error
    own: Variables = {str(key): value for key, value in variables.items()}
    for name in names:
        found.host(name, group).variables |= ({"ansible_port": port} if port is not None else {}) | own


def _mapping(value: object, path: str, file: str) -> dict[object, object]:
    """A mapping, {} for nothing; one text is a mapping of it, as Ansible has it for hosts and children."""
    if value is None:
        return {}
    if isinstance(value, str) and value and path.rpartition(".")[2] in {"hosts", "children"}:
        return {value: None}
    if not isinstance(value, dict):
        kind = "list" if isinstance(value, list) else "text" if isinstance(value, str) else "value"
        raise wrong(file, None, f"{path} is a {kind}, not a mapping", f"write a colon after each name; {HINT}")
    return value


__all__ = ["ALL", "load", "parse"]
