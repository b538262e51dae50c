"""A command line for a host's shell, with sudo's password on standard input; and why sudo refused it."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from fleet import received
from fleet.errors import RunError

# A command under sudo says this first, on standard error: without it, a failure is sudo's own, in any language.
MARKER = "gpufleet: sudo works"


@dataclass(frozen=True)
class Call:
    """A command line for the host's shell, its standard input, and what it is when shown."""

    line: str
    shown: str
    stdin: bytes
    sudo: bool
    password: bool


def call(script: str, *, sudo: bool, password: str, stdin: bytes = b"") -> Call:
    """One of our scripts as the login shell gets it, byte for byte as through pyinfra (`fleet.shell.call`).

    A script with a `stdin` of its own has to skip what stands before it: a password that nobody asked for.
    """
    if not sudo:
        line = f"sh -c {shlex.quote(script)}"
        return Call(line, line, stdin, sudo=False, password=False)
    # A host that asks no password leaves the line unread: the command must not find it in its input.
    closed = "exec </dev/null;" if password and not stdin else ""
    inner = f"echo '{MARKER}' >&2; {closed} {script}"
    line = " ".join([*sudo_words(password=bool(password)), "sh", "-c", shlex.quote(inner)])
    given = f"{password}\n".encode() + stdin if password else stdin
    return Call(line, line, given, sudo=True, password=bool(password))


def sudo_words(*, password: bool) -> list[str]:
    """sudo's own part of the line: -k ignores cached credentials, so that a wrong password is found at once."""
    return ["sudo", "-H", *(["-S", "-k", "-p", "''"] if password else ["-n"])]


def marked(stderr: bytes | bytearray) -> tuple[list[str], bool]:
    """The lines of standard error, and whether sudo's marker was among them (it is taken out)."""
    found = received.lines(stderr)
    return [line for line in found if line != MARKER], MARKER in found


def refused(name: str, made: Call, said: Iterable[str]) -> RunError:
    """Why sudo did not run the command. The password is not asked for again: sudo counts failures (faillock(8))."""
    evidence = "\n".join(list(said)[-4:])
    if made.password:
        return RunError(
            "RUN211",
            f"sudo on {name} did not take the password",
            evidence=evidence,
            state="nothing was run",
            hint="mend connection.sudo_password in the inventory, or give it once: fleet ... -K",
        )
    return RunError(
        "RUN210",
        f"sudo on {name} needs a password, or is not allowed",
        evidence=evidence,
        state="nothing was run",
        hint="give it once: fleet ... -K (pyinfra: --same-sudo-password), or declare connection.sudo_password",
    )
