"""What unattended-upgrades is told to leave alone and to take, from apt's configuration files (apt.conf(5))."""

import re

NAME = "Package-Blacklist"
ORIGINS = r"(?:Allowed-Origins|Origins-Pattern)"
LISTED = re.compile(r'"([^"\n]*)"')
# A list in braces, which a text in quotes may hold too: "${distro_id}:${distro_codename}-security".
BLOCK = r'\s*\{((?:[^"{}]|"[^"\n]*")*)'
DAYS = re.compile(r'APT::Periodic::(Unattended-Upgrade|Enable)\s+"([^"\n]*)"')


def parse(content: str) -> tuple[str, ...]:
    """The patterns in `Unattended-Upgrade::Package-Blacklist`, in order, each once; `#clear` empties it."""
    return _items(content, NAME)


def origins(content: str) -> tuple[str, ...]:
    """The entries of `Allowed-Origins` ("Ubuntu:noble-security") and of `Origins-Pattern` ("origin=*")."""
    return _items(content, ORIGINS)


def days(content: str) -> int:
    """Every how many days upgrades run; 0: never, which is apt's own default (apt.systemd.daily)."""
    found = dict(DAYS.findall(_without_comments(content)))
    if found.get("Enable") == "0":
        return 0
    said = re.match(r"([0-9]{1,6})", found.get("Unattended-Upgrade", "0"))
    # "always", and hours as "12h".
    return int(said[1]) if said else 1


def _items(content: str, name: str) -> tuple[str, ...]:
    """Three forms are read: a list in braces, on one line or more, and single items, `...-Blacklist:: "nvidia-";`."""
    plain = _without_comments(content)
    found: list[str] = []
    for match in re.finditer(rf"(#clear\s+\S*)?{name}(?:\s*::\s*\"([^\"\n]*)\"|{BLOCK})?", plain):
        clear, single, block = match.groups()
        if clear is not None:
            found.clear()
        found += [single] if single else LISTED.findall(block or "")
    return tuple(dict.fromkeys(found))


def _without_comments(content: str) -> str:
    """apt.conf(5): `//` and `#` to the end of a line, except the directives that start with `#`; `/* */` over lines."""
    # By hand: an expression would look for the end anew from each start that has none.
    kept, place = [], 0
    while (start := content.find("/*", place)) >= 0 and (end := content.find("*/", start + 2)) >= 0:
        kept.append(content[place:start])
        place = end + 2
    lines = (re.sub(r"^\s*#(?!clear).*|//.*", "", line) for line in "".join([*kept, content[place:]]).splitlines())
    return "\n".join(lines)
