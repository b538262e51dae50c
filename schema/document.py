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
MAX_VALUES = 50_000
MAX_KEY = 256
MAX_TAG = 60
# A file with more is not one that somebody wrote; to describe fifty thousand mistakes takes many seconds.
MAX_PROBLEMS = 100
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
PLAIN: dict[str, bool | None] = {**dict.fromkeys(NULLS), "true": True, "false": False}
# Control characters, and the bidirectional ones that make a text look like another (https://trojansource.codes).
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
TAB = re.compile(r"^ *\t[ \t]*(?=[^ \t\r\n#])", re.MULTILINE)

Value = str | bool | None | list["Node"] | dict[str, "Node"]


@dataclass(slots=True)
class Node:
    """A value and where it stands, counted from 1; None is YAML's null. `key_*`: where the key before it stands.

    `made`: not written by the user but put there for a short spelling. Nobody changes one; `frozen` would say so, and
    costs more than all else that is done for a value (a quarter of the reading).
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


def _build(text: str, file: str, problems: list[Problem]) -> Node | None:
    source, root, documents = _Source(text, file, problems), None, 0
    while (event := source.next()) is not None:
        if isinstance(event, events.DocumentStartEvent):
            documents += 1
            if documents > 1:
                message = "a second document begins here; an inventory file holds one."
                raise source.refused("INV007", event, message, "Split it into files, or delete the '---'.")
        elif isinstance(event, events.NodeEvent):
            root = source.node(event, 0)
    return root


class _Source:
    """libyaml's events of one file, taken apart by recursion, which MAX_DEPTH bounds.

    This runs for every value of every file, and most of the time of reading an inventory is spent here.
    """

    __slots__ = ("file", "next", "problems", "values")

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self.next = yaml.CSafeLoader(text).get_event
        self.file, self.problems, self.values = file, problems, 0

    def node(self, event: events.Event | None, depth: int, key_line: int = 0, key_column: int = 0) -> Node:
        """The value that begins with `event`, and where the key before it stands, if there is one."""
        line, column = _start(event)
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.refused("INV002", event, f"the file has more than {MAX_VALUES} values.", "Split it.")
        value: Value
        if isinstance(event, events.ScalarEvent):
            if event.tag is not None or event.anchor is not None:
                raise self.unwanted(event)
            value = event.value
            if value in PLAIN and event.implicit[0]:
                value = PLAIN[value]
        else:
            value = self.collection(event, depth)
        return Node(value, self.file, line, column, key_line or line, key_column or column)

    def collection(self, event: events.Event | None, depth: int) -> Value:
        if not isinstance(event, events.CollectionStartEvent) or event.tag is not None or event.anchor is not None:
            raise self.unwanted(event)
        if depth >= MAX_DEPTH:
            raise self.refused("INV011", event, f"nested deeper than {MAX_DEPTH} levels.")
        if isinstance(event, events.MappingStartEvent):
            return self.mapping(depth + 1)
        found = []
        while not isinstance(inner := self.next(), events.SequenceEndEvent):
            found.append(self.node(inner, depth + 1))
        return found

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := self.next(), events.MappingEndEvent):
            key, (line, column) = self.key(event), _start(event)
            node = self.node(self.next(), depth, line, column)
            if key not in found:
                found[key] = node
                continue
            message = f"the key {key!r} stands here a second time; the first is in line {found[key].key_line}."
            self.problems.append(self.refused("INV006", event, message, "Delete one of the two.").problem)
            if len(self.problems) >= MAX_PROBLEMS:
                raise Refused(too_many(self.problems[-1]))
        return found

    def key(self, event: events.Event | None) -> str:
        if not isinstance(event, events.ScalarEvent):
            if not isinstance(event, events.CollectionStartEvent) or event.tag is not None or event.anchor is not None:
                raise self.unwanted(event)
            message = "a key has to be one word; here is a list or a mapping."
            raise self.refused("INV005", event, message, "Put a text with { or [ in quotes.")
        if event.tag is not None or event.anchor is not None:
            raise self.unwanted(event)
        if event.implicit[0] and event.value == "<<":
            hint = "Put what is common in a group of fleet.yaml."
            raise self.refused("INV009", event, "merge keys ('<<') are not read.", hint)
        if event.implicit[0] and event.value in NULLS:
            raise self.refused("INV005", event, "a key is missing before the ':'.")
        if len(event.value) > MAX_KEY:
            message = f"a key of {len(event.value)} characters; at most {MAX_KEY} are possible."
            raise self.refused("INV005", event, message, "Put a text with ': ' in quotes.")
        return event.value

    def unwanted(self, event: events.Event | None) -> Refused:
        """The problem of an anchor, an alias or a tag."""
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            kind = "alias" if isinstance(event, events.AliasEvent) else "anchor"
            hint = "Write the value out, or put it in a group of fleet.yaml."
            return self.refused("INV009", event, f"the {kind} {anchor!r}: anchors are not read.", hint)
        tag = str(getattr(event, "tag", None)).replace("tag:yaml.org,2002:", "!!")
        tag = tag if len(tag) <= MAX_TAG else f"{tag[:MAX_TAG]}..."
        message = f"the tag {tag!r} is not allowed; values are read as written."
        return self.refused("INV008", event, message, "Delete the tag.")

    def refused(self, code: str, event: events.Event | None, message: str, hint: str | None = None) -> Refused:
        return Refused(_problem(code, self.file, _start(event), message, hint))


def too_many(last: Problem) -> Problem:
    """What is said instead of the problems after MAX_PROBLEMS, at the place of the next."""
    message = f"the file has {MAX_PROBLEMS} problems or more; the others are told when these are mended."
    return last.model_copy(update={"code": "INV080", "severity": "error", "message": message, "hint": None})


def _start(event: events.Event | None) -> tuple[int, int]:
    """Line and column, counted from 1."""
    mark = event.start_mark if event is not None else None
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
