"""apt preferences of others that come before ours, so that apt takes another version or source than is declared."""

import fnmatch
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schema import preferences
from schema.errors import Finding
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

MAIN = "/etc/apt/preferences"


def outranked(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Stanzas by name that apt reads before ours: of several for one package the first counts (apt-pkg/policy.cc)."""
    ours = preferences.own(snapshot)
    lines, files = list[str](), list[str]()
    for file in snapshot.apt.preferences:
        if file.path != MAIN and file.path > preferences.PATH:
            continue
        for packages, pin, priority in _stanzas(file.content):
            hit = next((name for name in ours if _names(packages, name)), None)
            if hit is not None and not (pin == f"version {ours[hit]}" and priority > 0):
                lines.append(f"{file.path}: Package: {packages}; Pin: {pin}; Pin-Priority: {priority}")
                files.append(file.path)
    if not lines:
        return []
    message = "another preferences file decides over packages that are pinned here"
    hint = f"take those lines out of {', '.join(dict.fromkeys(files))}; see: apt-cache policy {shlex.quote(min(ours))}"
    return [finding("GPU220", "warning", message, lines, hint)]


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
