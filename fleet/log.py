"""Where what does not belong on the terminal goes: a log file in the user's state folder."""

import datetime
import logging
import os
import sys
from pathlib import Path

import click

KEPT = 20


def state_folder() -> Path:
    """$XDG_STATE_HOME/gpufleet, ~/.local/state/gpufleet without (XDG Base Directory Specification 0.8)."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/gpufleet, ~/.cache/gpufleet without (XDG Base Directory Specification 0.8)."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def _xdg(variable: str, default: str) -> Path:
    set_to = os.environ.get(variable, "")
    # The specification lets relative paths be ignored.
    return (Path(set_to) if set_to.startswith("/") else Path.home() / default) / "gpufleet"


def open_file(verb: str) -> Path | None:
    """Start this run's log, 0600, and drop all but the newest of earlier ones; None where none can be written."""
    folder = state_folder() / "log"
    stamp = datetime.datetime.now(tz=datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{stamp}-{verb}-{os.getpid()}.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        for old in sorted(folder.glob("*.log"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


class Terminal(logging.Handler):
    """pyinfra's progress on standard error, while standard output stays the report's."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(record.getMessage(), err=True)


def start(verb: str, *, progress: bool) -> Path | None:
    """Send pyinfra's log to this run's file, and with `progress` to the terminal as well."""
    logger = logging.getLogger("pyinfra")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    path = open_file(verb)
    if path is not None:
        handler = logging.FileHandler(path, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
    logger.addHandler(Terminal() if progress else logging.NullHandler())
    return path


def unexpected(error: BaseException, path: Path | None) -> None:
    """Write a traceback to the log, and one line about it to the terminal."""
    if path is None:
        path = open_file("error")
    if path is not None:
        import traceback

        with path.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    where = f" The traceback is in {path}." if path is not None else ""
    click.echo(f"RUN200 unexpected: {type(error).__name__}: {error}.{where}", err=True)
    click.echo("  next: run the same command again; if it stays, report it with the log", err=True)
    sys.stderr.flush()
