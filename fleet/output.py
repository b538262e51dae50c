"""Where a report goes: standard output, or a file that is whole or not there."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from fleet.errors import RunError


def emit(text: str, file: Path | None, *, colours: bool = False, mode: int | None = None) -> None:
    """Print a report, or write it to `file` by rename. Raises RunError when the file cannot be written.

    With `colours` those in it stay, also where standard output is no terminal. `mode`: the file's permissions; None:
    those of any file that this user makes.
    """
    # Names of files may hold bytes that are no UTF-8; in JSON and in text they are shown as escapes.
    text = text.encode("utf-8", "backslashreplace").decode()
    if file is None:
        click.echo(text, color=colours or None)
        return
    try:
        _write(file, f"{text}\n".encode(), mode)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError("RUN230", f"cannot write {file}: {reason}", hint="give another file with -o") from error


def _write(file: Path, content: bytes, mode: int | None) -> None:
    """By rename in the same folder; a link stays one, and a device or a pipe is written to as it is. Raises OSError."""
    file = file.resolve()
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as partial:
        made = Path(partial.name)
        try:
            partial.write(content)
            partial.flush()
            # Temporary files are readable by their owner alone.
            made.chmod(_usual_mode() if mode is None else mode)
            made.replace(file)
        except OSError:
            made.unlink(missing_ok=True)
            raise


def _usual_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def dumps(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def progress(text: str) -> None:
    """A line that the next one replaces, on a terminal only."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", err=True, nl=False)


def progress_end() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)


def counter(names: Iterable[str]) -> Callable[[str, object], None]:
    """A function to call as each host is done: it shows how many are, and which are waited for."""
    left = dict.fromkeys(names)
    total = len(left)

    def told(name: str, _result: object) -> None:
        left.pop(name, None)
        waiting = f"; waiting for {', '.join(list(left)[:3])}" if left else ""
        progress(f"{total - len(left)} of {total} looked at{waiting}")

    return told
