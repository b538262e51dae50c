"""The probe: one POSIX sh script from the fragments beside this file, and what it prints taken apart again.

What it prints: a line `@@gpufleet 1 MARK`, then sections, each ended by a line `@@MARK NAME STATUS`. MARK is drawn anew
by each run, so that no text on the host can look like the end of a section; a section without its end was cut off.
"""

import functools
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from facts.text import clean
from schema.conda import CondaSpec
from schema.host import HostSpec

PREFIX = "/opt/conda"
FOLDER = Path(__file__).parent / "probe"

# Each concern's sections, in the order of the script: what may wait for a dead file system comes last.
SECTIONS = {
    "host": ("host/system", "host/texts"),
    "gpu": ("gpu/devices", "gpu/smi", "gpu/nodes", "gpu/holders"),
    "kernel": ("kernel/releases", "kernel/secure-boot", "kernel/keyring", "kernel/modprobe"),
    "driver": (
        "driver/loaded",
        "driver/modules",
        "driver/dkms",
        "driver/libraries",
        "driver/services",
        "driver/managers",
        "driver/loader",
    ),
    "log": ("log/kernel",),
    "container": ("container/runtime",),
    "cuda": ("cuda/toolkits", "cuda/owners", "cuda/default"),
    "cudnn": ("cudnn/headers", "cudnn/libraries"),
    "repository": (
        "repository/packages",
        "repository/dpkg",
        "repository/sources",
        "repository/exclusions",
        "repository/keys",
        "repository/files",
        "repository/modes",
    ),
    "history": ("history/clock", "history/packages"),
    "conda": ("conda/prefix",),
    "environments": ("environments/packages", "environments/pip", "environments/kernels"),
    "revisions": ("history/environments",),
    "disks": ("host/disks",),
}

START = "@@gpufleet 1 "
# Of a line this much is looked at: an expression that has to try much takes its time with the square of the length.
# The longest that means something, a transaction of apt's, the probe itself keeps below 20,000.
LONGEST = 1 << 15

# The outermost shell: it ends the whole after a minute, passes on what was said until then, at most 4 MB of it, and
# prints that at once (iconv reads to the end first), as the UTF-8 that pyinfra 3.10 insists on (`read_buffer`).
# `head` alone holds iconv's pipe: a child that no signal ends (a dead disk, a hung GPU) cannot hold the answer.
FRAME = """timeout -k 2 60 sh <<'@@' 2>/dev/null | iconv -c -f UTF-8 -t UTF-8 2>/dev/null
{{
{body}
}} </dev/null 2>/dev/null | head -c 4000000
@@
exit 0"""


def prefix(given: str | None) -> str:
    """conda's prefix: the one given, else the one that the host at hand declares, else Miniforge's usual place here."""
    if given is not None:
        return given
    from pyinfra import context

    spec = context.host.data.get("spec") if context.ctx_host.isset() else None  # type: ignore[no-untyped-call]
    return spec.conda.prefix if isinstance(spec, HostSpec) and isinstance(spec.conda, CondaSpec) else PREFIX


@functools.cache
def script(concerns: tuple[str, ...] = tuple(SECTIONS), prefix: str = PREFIX) -> str:
    """The script that reads `concerns`; `prefix` is where conda stands. It writes nothing and always exits with 0."""
    fragments = [_fragment("begin"), f"prefix={shlex.quote(prefix)}", *(_fragment(concern) for concern in concerns)]
    return FRAME.format(body="\n".join(fragments))


def _fragment(name: str) -> str:
    """A fragment without its comments: they are for readers, and would cross the network with every run."""
    lines = (FOLDER / f"{name}.sh").read_text().splitlines()
    return "\n".join(line.strip() if not line.endswith("\\") else line for line in lines if not _is_comment(line))


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


class Texts(NamedTuple):
    """Files that one section holds: their text by path, and the paths of those that this user may not read."""

    files: dict[str, str]
    denied: frozenset[str]


@dataclass(frozen=True)
class Sections:
    """What one run printed: the lines and the status of each section that was finished, by its name.

    `taken` are the sections of files that were taken apart already: several concerns ask for the same ones.
    """

    lines: dict[str, tuple[str, ...]]
    status: dict[str, str]
    taken: dict[str, Texts] = field(default_factory=dict)

    def of(self, name: str) -> tuple[str, ...]:
        return self.lines.get(name, ())

    def words(self, name: str) -> list[list[str]]:
        """The section's lines, each split at its first space: `["running", "6.8.0-51-generic"]`."""
        return [line.split(" ", 1) for line in self.of(name) if " " in line]

    def value(self, name: str, key: str) -> str | None:
        """What follows `key` in the first line that starts with it."""
        return next((rest.strip() for word, rest in self.words(name) if word == key), None)

    def unseen(self, concerns: Iterable[str]) -> frozenset[str]:
        """The sections that could not be read: cut off, out of time, failed, or not this user's to read."""
        wanted = [name for concern in concerns for name in SECTIONS[concern]]
        return frozenset(name for name in wanted if self.status.get(name) not in {"0", "absent", "unloaded"})


def sections(output: Iterable[str]) -> Sections:
    """Take apart what the script printed. Whatever the text, nothing is raised; what a shell said before is skipped.

    What moves a terminal's cursor or cannot be seen is in escapes from here on.
    """
    lines = [clean(line[:LONGEST]) for line in output]
    result = Sections({}, {})
    # A prompt or a message without a line end may stand before the mark on its line.
    starts = (number for number, line in enumerate(lines) if START in line and re.search(f"{START}[0-9a-f-]+$", line))
    begin = next(starts, len(lines)) + 1
    mark = f"@@{lines[begin - 1].split(' ')[-1]} " if begin <= len(lines) else ""
    for number in [number for number in range(begin, len(lines)) if lines[number].startswith(mark)]:
        if end := re.fullmatch(r"([a-z/-]+) (\w+)", lines[number][len(mark) :]):
            # The end mark starts a line of its own, so a line feed precedes it that is not the section's.
            last = number - 1 if number > begin and not lines[number - 1] else number
            result.lines[end.group(1)] = tuple(lines[begin:last])
            result.status[end.group(1)] = end.group(2)
            begin = number + 1
    return result


def texts(found: Sections, name: str) -> Texts:
    """The files in a section made by `grep -H`: lines `PATH:LINE`, and `denied PATH`. Paths hold no colon here."""
    section = found.of(name)
    if name not in found.taken:
        found.taken[name] = _texts(section)
    return found.taken[name]


def _texts(section: tuple[str, ...]) -> Texts:
    gathered: dict[str, list[str]] = {}
    denied = set()
    before, lines = "\n", list[str]()
    for line in section:
        # Most lines are of the same file as the one before.
        if line.startswith(before):
            lines.append(line[len(before) :])
            continue
        path, colon, rest = line.partition(":")
        if colon and path.startswith("/"):
            before, lines = f"{path}:", gathered.setdefault(path, [])
            lines.append(rest)
        elif line.startswith("denied /"):
            denied.add(line.removeprefix("denied "))
    return Texts({path: "\n".join(lines) + "\n" for path, lines in gathered.items()}, frozenset(denied))
