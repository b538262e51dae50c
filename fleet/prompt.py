"""Questions, at a terminal only: without one nothing is asked, and one line says which flag to give."""

import sys

import click

from fleet import secrets
from fleet.errors import RunError
from fleet.secrets import Secret


def at_terminal() -> bool:
    return sys.stdin.isatty()


def needed(why: str, hint: str) -> None:
    """Raises RunError without a terminal: the question that is to come could not be asked."""
    if not at_terminal():
        raise RunError("RUN234", why, hint=hint)


def confirmed(question: str) -> bool:
    return bool(click.confirm(question, default=False, err=True))


def sudo_password(wanted: bool) -> Secret | None:
    """The password asked for with -K, once, or None. Raises RunError without a terminal."""
    if not wanted:
        return None
    hint = "declare it: connection.sudo_password: {env: NAME}, {file: PATH} or {command: [...]}"
    needed("there is no terminal to ask at for the sudo password", hint)
    return secrets.given(click.prompt("sudo password", hide_input=True, err=True))
