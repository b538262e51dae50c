"""SSH as an inventory declares it: strict host keys, bounded waits, sudo passwords unseen, errors with a code."""

from collections.abc import Callable
from socket import gaierror

import gevent  # type: ignore[import-untyped]
from paramiko import AuthenticationException, BadHostKeyException, Channel, SSHException
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.util import CommandOutput

from fleet import dial, shell
from fleet.endpoint import Endpoint
from fleet.errors import RunError
from fleet.hostkeys import UnknownHostKey

READ_BYTES = 1 << 18


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
            self.client = dial.dial(  # type: ignore[assignment]
                self.state, endpoint, self.data["ssh_password"] or "", self.data["ssh_key_password"] or ""
            )
        except (SSHException, OSError, EOFError, PyinfraError, RunError, ValueError) as error:
            failure = described(self.host.name, endpoint, error)
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

    def _run(self, call: shell.Call, timeout_seconds: float, pty: bool) -> tuple[int, bytes, bytes]:
        transport = self.client.get_transport() if self.client is not None else None
        if transport is None:
            raise SSHException("the connection is closed")
        with gevent.Timeout(timeout_seconds, TimeoutError(f"no end within {timeout_seconds:.0f} s")):
            channel = transport.open_session(timeout=timeout_seconds)
            try:
                return _talk(channel, call, pty)
            finally:
                channel.close()


def _talk(channel: Channel, call: shell.Call, pty: bool) -> tuple[int, bytes, bytes]:
    """Run a command in a channel to its end. Standard error is read beside, or a full window would stop both."""
    if pty:
        channel.get_pty()
    channel.exec_command(call.line.encode())
    if call.stdin:
        channel.sendall(call.stdin)
    channel.shutdown_write()
    errors = gevent.spawn(_read, channel.recv_stderr)
    try:
        stdout = _read(channel.recv)
        stderr = errors.get()
        code = channel.recv_exit_status()
    finally:
        errors.kill()
    if code == -1:
        raise SSHException("the connection was lost, or the command was killed, before its end")
    return code, stdout, stderr


def _read(receive: Callable[[int], bytes]) -> bytes:
    parts = []
    size = 0
    while part := receive(READ_BYTES):
        parts.append(part)
        size += len(part)
        if size > shell.LARGEST:
            raise SSHException(f"the host sent more than {shell.LARGEST >> 20} MiB for one command")
    return b"".join(parts)


def described(name: str, endpoint: Endpoint, error: Exception) -> RunError:
    """Why a host could not be connected to, with a code and what to type."""
    place = endpoint.hostname + (f":{endpoint.port}" if endpoint.port else "")
    where = name if name == place else f"{name} ({place})"
    if isinstance(error, RunError):
        return error
    if isinstance(error, UnknownHostKey):
        return _unknown_key(where, error)
    if isinstance(error, BadHostKeyException):
        return RunError(
            "RUN203",
            f"{where} shows another host key than the one on file",
            evidence=f"on file: {error.expected_key.fingerprint}\nshown:   {error.key.fingerprint}",
            state="nothing was sent to it",
            hint=f"find out why it changed; if it was reinstalled: ssh-keygen -R {error.hostname}",
        )
    if isinstance(error, AuthenticationException):
        user = endpoint.user or "the user of ssh_config, or yours"
        return RunError(
            "RUN204",
            f"{where} does not let {user} log in: {error}",
            state="nothing was run",
            hint=f"try it by hand: ssh -v {_command(endpoint)}; declare connection.user and connection.key",
        )
    reason = _reason(error, endpoint)
    return RunError("RUN201", f"{where} could not be reached: {reason}", state="unknown", hint=_try(endpoint))


def _unknown_key(where: str, error: UnknownHostKey) -> RunError:
    words = "is revoked" if error.revoked else "is not known here"
    return RunError(
        "RUN202",
        f"the host key of {where} {words}",
        evidence=f"{error.kind} {error.fingerprint}\nlooked in {error.file}",
        state="nothing was sent to it",
        hint="compare the fingerprint on its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then log in "
        "once with ssh, or declare host_keys: accept-new",
    )


def _reason(error: Exception, endpoint: Endpoint) -> str:
    if isinstance(error, gaierror):
        return f"the name {endpoint.hostname!r} does not resolve"
    if isinstance(error, TimeoutError):
        return f"no answer within {endpoint.timeout} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _try(endpoint: Endpoint) -> str:
    return f"try it by hand: ssh {_command(endpoint)}; then run the same command again"


def _command(endpoint: Endpoint) -> str:
    port = f"-p {endpoint.port} " if endpoint.port else ""
    user = f"{endpoint.user}@" if endpoint.user else ""
    return f"{port}{user}{endpoint.hostname}"
