"""apt preferences of others that outrank ours, so that apt takes another version or source than is declared."""

import fnmatch
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schema import preferences
from schema.errors import Finding
from schema.health.gpu import finding
from schema.model import version_key
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# That of our exact pins.
PRIORITY = 1001
MAIN = "/etc/apt/preferences"


def outranked(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Stanzas by name that move the candidate of a package that is pinned here.

    Each version has the priority of the first stanza that names its package and matches it; the highest wins, and of
    equal ones the newest version (apt-pkg/policy.cc, apt_preferences(5)). Rules for all packages come after those.
    """
    ours = preferences.own(snapshot)
    lines, files = list[str](), list[str]()
    for file in snapshot.apt.preferences:
        first = file.path == MAIN or file.path < preferences.PATH
        for packages, pin, priority in _stanzas(file.content):
            names = (name for name in ours if _names(packages, name))
            if any(_decides(pin, priority, ours[name], first) for name in names):
                lines.append(f"{file.path}: Package: {packages}; Pin: {pin}; Pin-Priority: {priority}")
                files.append(file.path)
    if not lines:
        return []
    message = "another preferences file decides over packages that are pinned here"
    hint = f"take those lines out of {', '.join(dict.fromkeys(files))}; see: apt-cache policy {shlex.quote(min(ours))}"
    return [finding("GPU220", "warning", message, lines, hint)]


def _decides(pin: str, priority: int, version: str, first: bool) -> bool:
    """Whether a stanza takes the candidate away from our version; `first`: it is read before ours."""
    kind, _, pattern = pin.partition(" ")
    if kind == "version" and not fnmatch.fnmatchcase(version, pattern):
        newer = version_key(pattern) > version_key(upstream(version))
        return priority > PRIORITY or (priority == PRIORITY and newer)
    # It gives our version another priority, and other versions of its origin the same.
    return priority < PRIORITY if first else kind != "version" and priority > PRIORITY


def _stanzas(content: str) -> Iterator[tuple[str, str, int]]:
    """Package, Pin and Pin-Priority of each stanza that has the three (apt_preferences(5))."""
    for paragraph in re.split(r"\n\s*\n", content):
        parts = (line.partition(":") for line in paragraph.splitlines())
        fields = {key.strip().lower(): value.strip() for key, colon, value in parts if colon}
        priority = fields.get("pin-priority", "")
        if fields.get("package") and fields.get("pin") and re.fullmatch(r"[+-]?\d{1,6}", priority):
            yield fields["package"], re.sub(r"\s+", " ", fields["pin"]), int(priority)


def _names(packages: str, name: str) -> bool:
    """Whether a stanza's list names the package itself; "*" alone is a rule for all, which one by name outranks."""
    bare = name.split(":")[0]
    for spelled in packages.split():
        word = spelled if spelled.startswith("/") else spelled.split(":")[0]
        if word == "*" or len(word) > 200:
            continue
        if word.startswith("/") and word.rstrip("i").endswith("/") and len(word) > 2:
            # A POSIX expression of a file on the host: only plain ones are tried, so that none can be made to run long.
            body = word.rstrip("i").strip("/")
            if re.fullmatch(r"\^?[a-z0-9+.-]+(\.\*)?\$?", body) and re.search(body, bare):
                return True
        elif fnmatch.fnmatchcase(bare, word):
            return True
    return False
