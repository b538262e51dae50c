"""apt sources in their two forms (sources.list(5)): one line each, and deb822 paragraphs."""

import re

from schema.repository import Source

# What apt takes for yes (apt-pkg/contrib/strutl.cc, StringToBool).
YES = {"yes", "true", "with", "on", "enable", "1"}


def parse(files: dict[str, str]) -> tuple[Source, ...]:
    """The binary sources in the files, by path; lines that are not of either form are passed over."""
    found: list[Source] = []
    for path, content in sorted(files.items()):
        found += _paragraphs(path, content) if path.endswith(".sources") else _lines(path, content)
    return tuple(found)


def _lines(path: str, content: str) -> list[Source]:
    """`deb [signed-by=PATH arch=amd64] URI SUITE COMPONENT...`."""
    found = []
    for line in content.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            options = dict(part.split("=", 1) for part in (match.group(1) or "").split() if "=" in part)
            found.append(
                Source(
                    file=path,
                    uris=(match[2],),
                    suites=(match[3],),
                    signed_by=options.get("signed-by") or None,
                    trusted=options.get("trusted") in YES or options.get("allow-insecure") in YES,
                )
            )
    return found


def _paragraphs(path: str, content: str) -> list[Source]:
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", content):
        fields = _fields(paragraph)
        if "deb" in fields.get("types", "").split() and fields.get("uris"):
            found.append(
                Source(
                    file=path,
                    uris=tuple(fields["uris"].split()),
                    suites=tuple(fields.get("suites", "").split()),
                    signed_by=fields.get("signed-by", "").strip() or None,
                    # sources.list(5): "no" and its like switch a paragraph off.
                    enabled=fields.get("enabled", "yes").strip().lower() not in {"no", "false", "without", "off", "0"},
                    trusted=bool({fields.get("trusted", ""), fields.get("allow-insecure", "")} & YES),
                )
            )
    return found


def _fields(paragraph: str) -> dict[str, str]:
    """Fields by their name in lower case; a line that starts with a blank goes on with the field before it."""
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        key, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and name:
            fields[name] += "\n" + line.strip()
        elif colon:
            name = key.strip().lower()
            fields[name] = value.strip()
    return fields
