"""This machine under its own name in the inventory: commands without SSH."""

from pyinfra.api.command import StringCommand
from pyinfra.connectors.local import LocalConnector
from pyinfra.connectors.util import CommandOutput

from fleet import process, shell
from fleet.command import Call


class Local(LocalConnector):
    """pyinfra's local connector with our way of sudo passwords, bounded waits, and no prompt."""

    def run_shell_command(
        self,
        command: StringCommand,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: object,
    ) -> tuple[bool, CommandOutput]:
        """Exit code in the wanted ones (0), and the output. Raises TimeoutError."""
        return shell.execute(self.host, command, arguments, self._run, (print_input, print_output))

    def _run(self, call: Call, timeout_seconds: float, pty: bool) -> tuple[int, bytearray, bytearray]:
        return process.run(call, timeout_seconds)
