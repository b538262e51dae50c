"""A host's text as the page shows it: what would not be seen, or would reorder what is seen, stands as an escape."""

import json
import re

from schema.errors import printable

# Stand-ins within the page's data, from the private use area: no text of a host holds them, `text` escapes them there.
HOST, REPEATED = "\ue000", "\ue001"
# Of one text of a host the page has so many characters: two thousand hosts of ill will are still a page.
LONGEST = 4000
# What could end a script element or begin a comment in it (HTML, 13.2.5.4 "Script data state"), and what JavaScript
# before 2019 took for the end of a line.
ESCAPES = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


def text(value: str) -> str:
    """`value` with line ends and tabs as they are; control, bidirectional and undecodable characters as escapes."""
    if value.isascii() and value.isprintable():
        return value
    lines = value.replace("\r\n", "\n").split("\n")
    return "\n".join(printable(line.expandtabs()) for line in lines)


def cut(value: str) -> str:
    """`value`, or the first LONGEST characters of it and how many there are more: the JSON has them."""
    more = len(value) - LONGEST
    return f"{value[:LONGEST]}\n... {more:,} more characters, in the JSON" if more > 0 else value


def without(name: str, value: str) -> str:
    """`value` with HOST for each whole word that is the host's name: what is said of many hosts reads the same then."""
    if not name or name not in value:
        return value
    return re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", HOST, value)


def embedded(value: object) -> str:
    """JSON for a script element: it holds none of < > &, so nothing in it can end the element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
