"""gpufleet's own apt preferences as a text: exact pins of the installed set, read back as the reference versions."""

import re
from typing import TYPE_CHECKING

from schema.once import once

if TYPE_CHECKING:
    from schema.snapshot import Snapshot

PATH = "/etc/apt/preferences.d/gpufleet"
STANZA = re.compile(r"^Package: ([a-z0-9][a-z0-9+.:-]+)\nPin: version ([0-9][A-Za-z0-9.+:~-]*)$", re.MULTILINE)


def read(text: str) -> dict[str, str]:
    """Exact versions by package name; stanzas of any other form, the rules of origin among them, are passed over."""
    return {match[1]: match[2] for match in STANZA.finditer(text)}


@once
def own(snapshot: "Snapshot") -> dict[str, str]:
    """The pins in our own file on the host, {} where it is not there."""
    file = snapshot.apt.files.get(PATH)
    return read(file.content) if file is not None else {}
