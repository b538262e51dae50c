"""Secrets: read from where the inventory says, when they are needed, and never shown."""

import functools
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from fleet.errors import RunError
from schema.connection import SecretReference

COMMAND_SECONDS = 60
LARGEST = 4096


class Secret:
    """A secret that is read once, at its first use, and prints as asterisks wherever it is shown.

    It is a class because host data is copied (pyinfra 3.10, `HostData.__getattr__`) and printed by `debug-inventory`,
    which calls `to_json`.
    """

    def __init__(self, read: Callable[[], str], origin: str) -> None:
        self._read = read
        self._value: str | None = None
        self._lock = threading.Lock()
        self.origin = origin

    def reveal(self) -> str:
        """The secret itself. Raises RunError when it cannot be had."""
        with self._lock:
            if self._value is None:
                self._value = _checked(self._read(), self.origin)
            return self._value

    def __copy__(self) -> "Secret":
        return self

    def __repr__(self) -> str:
        return "********"

    def to_json(self) -> str:
        return "********"


@functools.cache
def of(reference: SecretReference, folder: Path) -> Secret:
    """The secret behind a reference; the same object for hosts that share it, so that a command runs once."""
    if reference.env is not None:
        return Secret(functools.partial(_environment, reference.env), f"environment variable {reference.env}")
    if reference.file is not None:
        path = folder / Path(reference.file).expanduser()
        return Secret(functools.partial(_file, path), f"file {path}")
    command = reference.command or ()
    return Secret(functools.partial(_command, command), f"command {command[0] if command else ''}")


def given(value: str) -> Secret:
    """A secret that was typed at a prompt."""
    return Secret(lambda: value, "the prompt")


def _checked(value: str, origin: str) -> str:
    if not value or len(value) > LARGEST or any(character in value for character in "\n\r\0"):
        raise RunError(
            "RUN221",
            f"the secret from {origin} is empty, too long, or more than one line",
            hint=f"let {origin} hold exactly one line",
        )
    return value


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise RunError(
            "RUN220", f"the environment variable {name} is not set", hint=f"export {name}, then run it again"
        )
    return value


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RunError("RUN220", f"cannot read the secret file {path}: {reason}", hint=f"ls -l {path}") from error


def _command(command: tuple[str, ...]) -> str:
    """The first line a command prints. Its standard error goes to the terminal: a password store may ask there."""
    hint = f"run it yourself to see: {' '.join(command[:1])} ..."
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RunError("RUN220", f"the secret command {command[:1]} did not run: {_why(error)}", hint=hint) from None
    if done.returncode:
        raise RunError("RUN220", f"the secret command {command[:1]} ended with exit code {done.returncode}", hint=hint)
    return done.stdout.decode("utf-8", "replace").split("\n", 1)[0]


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no end within {COMMAND_SECONDS} s"
    return error.strerror or "" if isinstance(error, OSError) else "invalid argument"
