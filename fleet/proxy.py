"""A command in the place of TCP: ssh_config's ProxyCommand."""

import contextlib
import os
import select
import shlex

import paramiko


class Command(paramiko.ProxyCommand):
    """paramiko 4's own takes no shell syntax, spins once its command has ended, and cannot be closed then."""

    def __init__(self, command: str) -> None:
        # As ssh runs it (ssh_config(5), ProxyCommand).
        super().__init__(f"/bin/sh -c {shlex.quote(f'exec {command}')}")

    def recv(self, size: int) -> bytes:
        """What there is, b"" at the end. Raises TimeoutError."""
        said = self.process.stdout
        if said is None or not select.select([said], [], [], self.timeout)[0]:
            raise TimeoutError("the command is silent")
        return os.read(said.fileno(), size)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            super().close()
        with contextlib.suppress(Exception):
            self.process.wait(1)
