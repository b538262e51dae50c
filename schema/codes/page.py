"""docs/codes.md, made from the entries: `make docs`."""

import re
import sys

from schema import codes

HEAD = """# The codes

Made from `schema/codes/*.yaml` by `make docs`; a test fails when it is stale. `fleet explain CODE` prints one of these,
`fleet explain` a line of each. A code keeps its meaning for ever and is never used for another. Codes of CMP and most
of GPU can be accepted for a time: [Exceptions](inventory.md#exceptions).
"""
FOUND = {
    "INV": "Found while the inventory is read; nothing is connected to.",
    "CMP": "Found while the inventory is read; nothing is connected to.",
    "GPU": "Found by looking at a host: `fleet plan`, `fleet drift` and every apply.",
    "RUN": "Said when a command ends without having done all of its work.",
}
FIELDS = ("meaning", "recognised", "breaks", "mend", "source")


def page() -> str:
    """The whole page: a list of links for each family, then each code under a heading that is the code alone.

    So the anchor of CMP001 is `#cmp001`, whatever its title.
    """
    lines = [HEAD]
    for family, title in codes.FAMILIES.items():
        members = codes.of_family(family)
        lines += [f"## {family}: {title}", "", FOUND[family], ""]
        lines += [f"- [{entry.code}](#{entry.code.lower()}) {_plain(entry.title)}" for entry in members]
        for entry in members:
            lines += ["", f"### {entry.code}", "", f"**{_plain(entry.title)}**", "", *_listed(entry)]
        lines.append("")
    return "\n".join(lines)


def _listed(entry: codes.Entry) -> list[str]:
    return [f"- {field.capitalize()}: {_plain(str(getattr(entry, field)))}" for field in FIELDS]


def _plain(text: str) -> str:
    """One line of Markdown that reads as it stands: what would be a tag or emphasis is escaped, `code` is kept."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([*<>\[\]|\\])", r"\\\1", part) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(page())
