"""What unattended-upgrades is told to leave alone, from apt's configuration files (apt.conf(5))."""

import re

NAME = "Package-Blacklist"
LISTED = re.compile(r'"([^"\n]*)"')


def parse(content: str) -> tuple[str, ...]:
    """The patterns in `Unattended-Upgrade::Package-Blacklist`, in order, each once; `#clear` empties it.

    Three forms are read: a list in braces, on one line or more, and single items, `...Package-Blacklist:: "nvidia-";`.
    """
    plain = _without_comments(content)
    patterns: list[str] = []
    for match in re.finditer(rf"(#clear\s+\S*)?{NAME}(?:\s*::\s*\"([^\"\n]*)\"|\s*\{{([^}}]*)\}}?)?", plain):
        clear, single, block = match.groups()
        if clear is not None:
            patterns.clear()
        patterns += [single] if single else LISTED.findall(block or "")
    return tuple(dict.fromkeys(patterns))


def _without_comments(content: str) -> str:
    """apt.conf(5): `//` and `#` to the end of a line, except the directives that start with `#`; `/* */` over lines."""
    content = re.sub(r"/\*.*?\*/", "", content, flags=re.DOTALL)
    lines = (re.sub(r"^\s*#(?!clear).*|//.*", "", line) for line in content.splitlines())
    return "\n".join(lines)
