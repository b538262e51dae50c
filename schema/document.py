"""A YAML document as a tree whose every value knows its file, line and column, and is text as it was written.

A strict subset of YAML 1.1 (libyaml): one document, no tags, no anchors, aliases or merge keys, no duplicate keys, no
tabs before a value. Only plain `true` and `false` are booleans: `no`, 12.10, 0755 and 24.04 stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml
from yaml import events

from schema import syntax
from schema.errors import Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# Control characters, and the bidirectional ones that make a text look like another (https://trojansource.codes).
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
TAB = re.compile(r"^ *\t[ \t]*(?=[^ \t\r\n#])", re.MULTILINE)

Value = str | bool | None | list["Node"] | dict[str, "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands, counted from 1; None is YAML's null. `key_*`: where the key before it stands.

    `made`: not written by the user but put there for a short spelling.
    """

    value: Value
    file: str
    line: int
    column: int
    key_line: int
    key_column: int
    made: bool = False

    def like(self, value: Value, made: bool = False) -> Node:
        """Another value at the same place."""
        return Node(value, self.file, self.line, self.column, self.key_line, self.key_column, made)


class Refused(Exception):  # noqa: N818 - named after what it says.
    """Raised inside this module and its readers with the one problem that ends the reading of a file."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.text())


def parse(data: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """The document in `data`, or None; and what is wrong with it. `file` is named in positions and problems."""
    problems: list[Problem] = []
    try:
        return _build(_text(data, file), file, problems), problems
    except Refused as refused:
        return None, [*problems, refused.problem]
    except yaml.YAMLError as error:
        return None, [*problems, syntax.problem(error, data, file)]


def _text(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise Refused(_problem("INV002", file, None, f"the file has {len(data)} bytes; at most {MAX_BYTES} are read."))
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8", "replace"))
        hint = "Save the file as UTF-8."
        raise Refused(_problem("INV004", file, place, f"byte {data[error.start]:#04x} is not UTF-8.", hint)) from None
    bad = FORBIDDEN.search(text)
    if bad is not None:
        message = f"the invisible character U+{ord(bad.group()):04X} is not allowed."
        raise Refused(_problem("INV004", file, _place(text[: bad.start()]), message, "Delete it."))
    tab = TAB.search(text)
    if tab is not None:
        place = _place(text[: tab.start() + tab.group().index("\t")])
        raise Refused(_problem("INV005", file, place, "a tab stands where YAML wants spaces.", "Indent with spaces."))
    return text


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _problem(code: str, file: str, place: tuple[int, int] | None, message: str, hint: str | None = None) -> Problem:
    line, column = place or (None, None)
    return Problem(code=code, file=file, line=line, column=column, message=message, hint=hint)


class _Open:
    """A mapping or list whose end was not seen yet; `key` is the one that waits for its value."""

    __slots__ = ("key", "key_place", "node", "places")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.key: str | None = None
        self.key_place = (0, 0)
        self.places: dict[str, int] = {}


def _build(text: str, file: str, problems: list[Problem]) -> Node | None:
    parser, stack, root, documents = yaml.CSafeLoader(text), list[_Open](), None, 0
    while (event := parser.get_event()) is not None and not isinstance(event, events.StreamEndEvent):
        mark = event.start_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        if isinstance(event, events.DocumentStartEvent):
            documents += 1
            if documents > 1:
                message = "a second document begins here; an inventory file holds one."
                raise Refused(_problem("INV007", file, place, message, "Split it into files, or delete the '---'."))
        elif isinstance(event, events.MappingEndEvent | events.SequenceEndEvent):
            stack.pop()
        elif isinstance(event, events.NodeEvent):
            _refuse_extras(event, file, place)
            node = _node(event, file, place, stack, problems)
            root = node if root is None else root
            if node is not None and isinstance(node.value, dict | list):
                _refuse_depth(stack, file, place)
                stack.append(_Open(node))
    return root


def _refuse_extras(event: events.NodeEvent, file: str, place: tuple[int, int]) -> None:
    if event.anchor is not None:
        kind = "alias" if isinstance(event, events.AliasEvent) else "anchor"
        hint = "Write the value out, or put it in a group of fleet.yaml."
        raise Refused(_problem("INV009", file, place, f"the {kind} {event.anchor!r}: anchors are not read.", hint))
    tag = getattr(event, "tag", None)
    if tag is not None:
        message = f"the tag {tag.replace('tag:yaml.org,2002:', '!!')!r} is not allowed; values are read as written."
        raise Refused(_problem("INV008", file, place, message, "Delete the tag."))


def _refuse_depth(stack: list[_Open], file: str, place: tuple[int, int]) -> None:
    if len(stack) >= MAX_DEPTH:
        raise Refused(_problem("INV011", file, place, f"nested deeper than {MAX_DEPTH} levels."))


def _node(
    event: events.NodeEvent, file: str, place: tuple[int, int], stack: list[_Open], problems: list[Problem]
) -> Node | None:
    """The value of `event`, put where it belongs; None where it is a key."""
    parent = stack[-1] if stack else None
    container = parent.node.value if parent is not None else None
    if parent is not None and isinstance(container, dict) and parent.key is None:
        parent.key, parent.key_place = _key(event, file, place), place
        return None
    key_place = parent.key_place if parent is not None and isinstance(container, dict) else place
    node = Node(_value(event), file, *place, *key_place)
    if isinstance(container, list):
        container.append(node)
    elif isinstance(container, dict) and parent is not None and parent.key is not None:
        _put(container, parent, node, problems)
    return node


def _put(container: dict[str, Node], parent: _Open, node: Node, problems: list[Problem]) -> None:
    key, place, parent.key = str(parent.key), parent.key_place, None
    if key in container:
        message = f"the key {key!r} stands here a second time; the first is in line {parent.places[key]}."
        problems.append(_problem("INV006", node.file, place, message, "Delete one of the two."))
        return
    container[key], parent.places[key] = node, place[0]


def _key(event: events.NodeEvent, file: str, place: tuple[int, int]) -> str:
    if not isinstance(event, events.ScalarEvent):
        message = "a key has to be one word; here is a list or a mapping."
        raise Refused(_problem("INV005", file, place, message, "Put a text with { or [ in quotes."))
    if event.implicit[0] and event.value == "<<":
        hint = "Put what is common in a group of fleet.yaml."
        raise Refused(_problem("INV009", file, place, "merge keys ('<<') are not read.", hint))
    if event.implicit[0] and event.value in NULLS:
        raise Refused(_problem("INV005", file, place, "a key is missing before the ':'."))
    return str(event.value)


def _value(event: events.NodeEvent) -> Value:
    if isinstance(event, events.MappingStartEvent):
        return {}
    if isinstance(event, events.SequenceStartEvent):
        return []
    text = str(getattr(event, "value", ""))
    plain = isinstance(event, events.ScalarEvent) and event.implicit[0]
    if plain and text in NULLS:
        return None
    return text == "true" if plain and text in {"true", "false"} else text
