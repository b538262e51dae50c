"""Ansible inventories in INI form: sections of hosts, of children and of variables."""

import ast
import re
import shlex
from collections.abc import Iterator

from fleet.ansible import pattern, ssh
from fleet.ansible.model import UNGROUPED, Inventory, Variables, wrong

SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
CHILD = re.compile(r"([^\[:\]\s]+)\s*(?:#.*)?")
KINDS = ("hosts", "children", "vars")


def parse(text: str, file: str) -> Inventory:
    """The inventory in an INI text. Raises RunError with the line that is wrong."""
    found = Inventory()
    known: set[str] = {"all", UNGROUPED}
    pending: dict[str, int] = {}
    group, kind = UNGROUPED, "hosts"
    for number, line in _lines(text, file):
        section = SECTION.fullmatch(line)
        if section:
            group, kind = section[1], section[2] or "hosts"
            if kind not in KINDS:
                message = f"the section [{group}:{kind}] is of no kind that Ansible has"
                raise wrong(file, number, message, "write [GROUP], [GROUP:children] or [GROUP:vars]")
            found.group(group)
            if kind == "vars":
                pending.setdefault(group, number)
            else:
                known.add(group)
        elif line.startswith("[") and line.endswith("]") and not pattern.is_address(line):
            raise wrong(file, number, f"{line!r} is no section", "a group's name has no spaces: [web]")
        else:
            _entry(found, group, kind, line, (file, number), known)
    for name, number in pending.items():
        if name not in known:
            message = f"variables of a group {name!r} that there is not"
            raise wrong(file, number, message, f"add a section [{name}], or delete [{name}:vars]")
    return found


def _lines(text: str, file: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > ssh.LONGEST:
            raise wrong(file, number, f"a line of {len(line)} characters; at most {ssh.LONGEST} are read", "shorten it")
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            yield number, stripped


def _entry(found: Inventory, group: str, kind: str, line: str, place: tuple[str, int], known: set[str]) -> None:
    """One line inside a section."""
    if kind == "vars":
        key, equals, value = line.partition("=")
        if not equals:
            raise wrong(*place, "a line that is no NAME=VALUE", "write NAME=VALUE under [GROUP:vars]")
        found.group(group).variables[key.strip()] = scalar(value.strip())
    elif kind == "children":
        child = CHILD.fullmatch(line)
        if child is None:
            raise wrong(*place, f"{line.split()[0]!r} is no group's name", "write one group in each line")
        found.group(child[1])
        known.add(child[1])
        if child[1] not in found.group(group).children:
            found.group(group).children.append(child[1])
    else:
        _host(found, group, line, place)


def _host(found: Inventory, group: str, line: str, place: tuple[str, int]) -> None:
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        # The line itself is not shown: it may hold a password.
        raise wrong(*place, f"quotes that do not end ({error})", "close the quotes") from error
    variables: Variables = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise wrong(
                *place, f"the word after {words[0]!r} is no NAME=VALUE", "write NAME=VALUE, with quotes around spaces"
            )
        variables[key] = scalar(value)
    try:
        names, port = pattern.hosts(words[0]) if words else ([], None)
    except ValueError as error:
        raise wrong(*place, f"{words[0]!r}: {error}", "write one name, or a range such as node[01:20]") from error
    for name in names:
        host = found.host(name, group)
        host.variables |= ({"ansible_port": port} if port is not None else {}) | variables


def scalar(text: str) -> object:
    """A value as Ansible reads it from INI: a Python literal where it is one, else the text."""
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return value if isinstance(value, str | int | float | bool | list | dict | tuple) or value is None else text
