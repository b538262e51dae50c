"""Ansible's templates, as far as they only name other variables: `{{ inventory_hostname }}.example.org`."""

import re

from fleet.ansible.model import Variables

NAME = re.compile(r"\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*)\s*-?\}\}")
MARKS = ("{{", "{%")
DEEPEST = 5


def templated(value: object) -> bool:
    return isinstance(value, str) and any(mark in value for mark in MARKS)


def filled(text: str, host: str, variables: Variables) -> str | None:
    """The text with the variables it names in it; None where it takes more than names to know it."""
    own = {"inventory_hostname": host, "inventory_hostname_short": host.split(".")[0]}
    known = {**variables, **own}
    for _ in range(DEEPEST):
        if not templated(text):
            return text
        names = NAME.findall(text)
        if not names or any(not isinstance(known.get(name), str | int) for name in names):
            return None
        text = NAME.sub(lambda match: str(known[match[1]]), text)
    return None


def environment(value: object) -> str | None:
    """The variable that `{{ lookup('env', 'NAME') }}` reads."""
    found = re.fullmatch(
        r"\{\{\s*(?:lookup|query)\(\s*['\"](?:ansible\.builtin\.)?env['\"]\s*,\s*['\"]([A-Za-z_][A-Za-z0-9_]*)['\"]\s*\)"
        r"\s*(?:\|\s*\w+\s*)*\}\}",
        value if isinstance(value, str) else "",
    )
    return found[1] if found else None
