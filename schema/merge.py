"""Merging defaults, groups and a host: mappings merge, all else replaces; every value keeps its place of origin."""

from collections.abc import Iterator

from schema.document import Node, Value

Plain = str | bool | list["Plain"] | dict[str, "Plain"] | None


def merge(base: Node, over: Node) -> Node:
    """`over` on `base`; a value of another kind replaces whole."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged: dict[str, Node] = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return over.like(merged)


def plain(node: Node) -> Plain:
    """The values alone."""
    value: Value = node.value
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    return [plain(child) for child in value] if isinstance(value, list) else value


def find(root: Node, path: str) -> Node:
    """The node at the dotted `path`, or the nearest of its parents that is there."""
    node = root
    for part in path.split(".") if path else ():
        child = _child(node, part)
        if child is None:
            return node
        node = child
    return node


def leaves(root: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every value that is neither a mapping nor a list of mappings, with its dotted path."""
    value = root.value
    nested = isinstance(value, list) and any(isinstance(child.value, dict) for child in value)
    if not isinstance(value, dict) and not nested:
        yield path, root
        return
    children = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else [])
    for key, child in children:
        yield from leaves(child, f"{path}.{key}" if path else str(key))


def _child(node: Node, part: str) -> Node | None:
    value: Value = node.value
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None
