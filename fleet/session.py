"""A host that commands can be run on for a look: over SSH or, for this machine, in a shell of its own."""

from typing import NamedTuple

import paramiko

from fleet import channel, command, process, received
from fleet.errors import RunError
from fleet.received import BrokenOff, TooMuch
from fleet.secrets import Secret

# Each of the probe's commands has a time limit of its own; together they stay below this.
LOOK_SECONDS = 120


class Session(NamedTuple):
    """`client` is None for this machine. `prefix` is where its declaration has conda, None without one."""

    name: str
    client: paramiko.SSHClient | None
    local: bool
    sudo: bool
    password: Secret | None
    prefix: str | None = None

    def run(self, script: str, seconds: float | None = None, stdin: bytes = b"") -> tuple[bool, list[str], list[str]]:
        """Whether a script ended with 0, and the lines that it said on standard output and error. Raises RunError.

        It is waited for `seconds`, LOOK_SECONDS without.
        """
        limit = LOOK_SECONDS if seconds is None else seconds
        secret = self.password.reveal() if self.sudo and self.password is not None else ""
        call = command.call(script, sudo=self.sudo, password=secret, stdin=stdin)
        try:
            if self.local:
                code, said, complained = process.run(call, limit)
            else:
                code, said, complained = channel.run(self.client, call, limit)
        except BrokenOff as error:
            raise broken_off(self.name, error) from error
        except (TimeoutError, OSError, EOFError, paramiko.SSHException) as error:
            raise lost(self.name, error) from error
        errors, marked = command.marked(complained)
        if self.sudo and not marked and code:
            raise command.refused(self.name, call, errors)
        return code == 0, received.lines(said), errors


def broken_off(name: str, error: BrokenOff) -> RunError:
    """The error of a command that did not come to its end; what it had said stays with its cause."""
    if not isinstance(error, TooMuch):
        return lost(name, error)
    return RunError(
        "RUN440",
        f"{name} says more than a look can hold: {error}",
        evidence="\n".join(line[:200] for line in received.lines(error.received.stdout[:2000])[:6]),
        state="nothing was changed",
        hint=f"see what its shell prints: ssh {name} true | head -c 1000; look at its ~/.bashrc and /etc/profile.d",
    )


def lost(name: str, error: Exception) -> RunError:
    return RunError(
        "RUN207",
        f"lost the connection to {name} while looking at it: {str(error) or type(error).__name__}",
        state="nothing was changed",
        hint="run the same command again when the host answers",
    )
