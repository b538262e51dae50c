"""SSH as an inventory declares it: strict host keys, bounded waits, sudo passwords unseen, errors with a code."""

from gevent.lock import BoundedSemaphore  # type: ignore[import-untyped]
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.util import CommandOutput

from fleet import channel, dial, gate, shell, unreached
from fleet.command import Call
from fleet.endpoint import Endpoint
from fleet.errors import RunError

# A login costs this machine CPU, and a login that waits for it times out.
LOGINS = BoundedSemaphore(gate.LOGINS)


class Ssh(SSHConnector):
    """pyinfra's connector (files, rsync) with connecting and commands of our own."""

    def endpoint(self) -> Endpoint:
        """The inventory's endpoint; pyinfra's own flags and data (--ssh-user, --data ssh_hostname=...) come first."""
        declared = self.host.data.get("endpoint")
        endpoint = declared if isinstance(declared, Endpoint) else Endpoint(hostname=self.host.name)
        given = {
            "hostname": self.data["ssh_hostname"],
            "port": self.data["ssh_port"],
            "user": self.data["ssh_user"],
            "key": self.data["ssh_key"],
        }
        return endpoint.model_copy(update={key: value for key, value in given.items() if value})

    def connect(self) -> None:
        """Raises ConnectError; why, with a code, is kept in the host's `connector_data`."""
        earlier = self.host.connector_data.get(shell.FAILURE)
        if isinstance(earlier, RunError) and earlier.code < "RUN210":
            del self.host.connector_data[shell.FAILURE]
        endpoint = self.endpoint()
        try:
            link = dial.reach(self.state, endpoint, dial.place(endpoint))
            secrets = (self.data["ssh_password"] or "", self.data["ssh_key_password"] or "")
            with LOGINS:
                self.client = dial.dial(self.state, endpoint, *secrets, link)  # type: ignore[assignment]
        except unreached.ERRORS as error:
            failure = unreached.described(self.host.name, endpoint, error)
            self.host.connector_data[shell.FAILURE] = failure
            raise ConnectError(failure.text()) from error

    def disconnect(self) -> None:
        super().disconnect()
        if self.client is not None:
            self.client.close()

    def run_shell_command(
        self,
        command: StringCommand,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: object,
    ) -> tuple[bool, CommandOutput]:
        """Whether the exit code is a wanted one (0), and the output. Raises TimeoutError, and SSHException when the
        connection breaks before the command's end."""
        return shell.execute(self.host, command, arguments, self._run, (print_input, print_output))

    def _run(self, call: Call, timeout_seconds: float, pty: bool) -> tuple[int, bytearray, bytearray]:
        return channel.run(self.client, call, timeout_seconds, pty)
