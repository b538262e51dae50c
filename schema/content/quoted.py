"""Where a text stands in a file that a host names: what a rule says of a requirement is told at its own line."""

import posixpath
import re

from schema.content.reader import Reader
from schema.document import Node, Refused

INCLUDE = re.compile(r"\s*(?:-r|--requirement)[ =]*(\S+)")


def place(node: Node, text: str, reader: Reader) -> Node:
    """`text` in the file that `node` names, or in those it includes with -r; `node` itself where it is not found."""
    wanted = re.compile(rf"(?<![\w.-]){re.escape(text)}(?![\w.])")
    waiting = [node.value] if isinstance(node.value, str) else []
    done: set[str] = set()
    while waiting:
        file = waiting.pop(0)
        if file in done:
            continue
        done.add(file)
        try:
            lines = reader.text(file).splitlines()
        except Refused:
            continue
        for number, line in enumerate(lines, 1):
            match = None if line.lstrip().startswith("#") else wanted.search(line)
            if match:
                column = match.start() + 1
                return Node(text, file, number, column, number, column)
            include = INCLUDE.match(line)
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(file), include[1]))] if include else []
    return node
