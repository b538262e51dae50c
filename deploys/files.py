"""Write gpufleet's own files: whole, atomically, with their modes, in as few commands as fit."""

import base64
import posixpath
from collections.abc import Iterable, Iterator
from shlex import quote

from deploys import remote
from deploys.step import Work
from schema import plan
from schema.repository import OwnedFile
from schema.snapshot import Snapshot

PREFERENCES = "/etc/apt/preferences.d/gpufleet"
# Linux refuses a single argument over 128 KiB (execve(2), MAX_ARG_STRLEN), and a script is one argument of `sh -c`.
# Single quotes cost up to three bytes more each when sudo wraps the script, so half of it is kept free.
SCRIPT_BYTES = 64 * 1024
CHUNK_BYTES = 24 * 1024


def temporary(path: str) -> str:
    """Beside the file, so that `mv` is a rename; hidden, so that apt, modprobe and systemd do not read it."""
    return posixpath.join(posixpath.dirname(path), f".gpufleet-new-{posixpath.basename(path)}")


def _lines(file: OwnedFile) -> Iterator[str]:
    """Commands that put the content beside its place; the last of them makes it whole."""
    target = quote(temporary(file.path))
    yield f"mkdir -p {quote(posixpath.dirname(file.path))} && rm -f {target} && (umask 077; : > {target})"
    content = (file.content or "").encode()
    for start in range(0, len(content), CHUNK_BYTES):
        chunk = base64.b64encode(content[start : start + CHUNK_BYTES]).decode()
        yield f"echo {chunk} | base64 -d >> {target}"
    yield f"chmod {quote(file.mode)} {target}"


def _moves(files: Iterable[OwnedFile]) -> Iterator[str]:
    for file in files:
        path = quote(file.path)
        yield f"rm -f {path}" if file.content is None else f"mv -f {quote(temporary(file.path))} {path}"


def scripts(files: tuple[OwnedFile, ...]) -> list[str]:
    """The scripts that write and remove `files`; all renames are in the last one. One script for ordinary sizes."""
    lines = [line for file in files if file.content is not None for line in _lines(file)]
    result: list[str] = []
    for line in [*lines, "\n".join(_moves(files))]:
        if result and len(result[-1]) + len(line) < SCRIPT_BYTES:
            result[-1] += f"\n{line}"
        else:
            result.append(f"set -e\n{line}")
    return result if files else []


def write(work: Work, files: tuple[OwnedFile, ...]) -> None:
    """Write those of `files` given, and remove those without content."""
    for script in scripts(files):
        remote.checked(work.host, script, f"write {', '.join(file.path for file in files)}", code="RUN127")


def stale(snapshot: Snapshot, wanted: tuple[OwnedFile, ...]) -> tuple[OwnedFile, ...]:
    """Those of `wanted` whose content or mode differs on the host; files to remove only where they are there."""
    return tuple(file for file in wanted if differs(snapshot, file))


def differs(snapshot: Snapshot, file: OwnedFile) -> bool:
    there = snapshot.apt.files.get(file.path)
    if file.content is None or there is None:
        return (file.content is None) != (there is None)
    return there.content != file.content or int(there.mode, 8) != int(file.mode, 8) or there.owner != "root"


def wanted(work: Work) -> tuple[OwnedFile, ...]:
    return plan.owned_files(work.spec, work.seen)
