"""Commands as they reach a host's shell: sudo by standard input, and what came back."""

import functools
from collections.abc import Callable, Mapping

from pyinfra import logger
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.output import echo
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command

from fleet import command, received
from fleet.command import MARKER, Call
from fleet.errors import RunError
from fleet.secrets import Secret

FAILURE = "gpufleet_connection"
# Arguments of make_unix_command (pyinfra 3.10) that are sudo's, and are handled here.
SUDO_KEYS = ("_sudo", "_sudo_user", "_use_sudo_login", "_preserve_sudo_env", "_sudo_password", "_sudo_askpass_path")
CONTROL_KEYS = frozenset(
    {"_success_exit_codes", "_timeout", "_get_pty", "_stdin", "_retries", "_retry_delay", "_retry_until"}
)
# No command of ours is silent for longer, and none may keep a run waiting for ever.
TIMEOUT_SECONDS = 300


def call(host: Host, given: StringCommand, arguments: Mapping[str, object], stdin: bytes = b"") -> Call:
    """The command under pyinfra's arguments. A sudo password is the first line of standard input (sudo(8), -S): never
    in a command line, nor in an environment, where pyinfra's own way puts it. Raises RunError when it cannot be had.
    """
    if not isinstance(given, StringCommand):
        given = StringCommand(str(given))
    plain = {key: value for key, value in arguments.items() if key not in SUDO_KEYS}
    if not arguments.get("_sudo"):
        return _call(make_unix_command(given, **plain), stdin, sudo=False, password=False)
    password = _password(host, arguments)
    # A host that asks no password leaves the line unread: the command must not find it in its input.
    closed = "exec </dev/null;" if password and not stdin else ""
    inner = make_unix_command(StringCommand(f"echo '{MARKER}' >&2;", closed, given), **plain)
    line = StringCommand(*_sudo(arguments, password=bool(password)), inner)
    return _call(line, f"{password}\n".encode() + stdin if password else stdin, sudo=True, password=bool(password))


def _call(line: StringCommand, stdin: bytes, *, sudo: bool, password: bool) -> Call:
    return Call(line.get_raw_value(), str(line), stdin, sudo, password)


def _password(host: Host, arguments: Mapping[str, object]) -> str:
    """The inventory's reference, or what pyinfra's own flags (--same-sudo-password) asked for; "" for none."""
    secret = host.data.get("sudo_password")
    if isinstance(secret, Secret):
        return secret.reveal()
    return str(arguments.get("_sudo_password") or "")


def _sudo(arguments: Mapping[str, object], *, password: bool) -> list[str | QuoteString]:
    words: list[str | QuoteString] = [*command.sudo_words(password=password)]
    if arguments.get("_use_sudo_login"):
        words.append("-i")
    if arguments.get("_preserve_sudo_env"):
        words.append("-E")
    if user := arguments.get("_sudo_user"):
        words += ["-u", QuoteString(str(user))]
    return words


class Output(CommandOutput):
    """pyinfra's, with its object for each line made when one is asked for: a look prints a thousand, and a run over
    many hosts spends a tenth of its time on them.
    """

    def __init__(self, stdout: list[str], stderr: list[str]) -> None:
        self._stdout, self._stderr = stdout, stderr

    @functools.cached_property
    def combined_lines(self) -> list[OutputLine]:  # type: ignore[override]
        out = [OutputLine("stdout", line) for line in self._stdout]
        return out + [OutputLine("stderr", line) for line in self._stderr]

    @property
    def stdout_lines(self) -> list[str]:
        return self._stdout

    @property
    def stderr_lines(self) -> list[str]:
        return self._stderr


def output(stdout: bytes | bytearray, stderr: bytes | bytearray) -> tuple[CommandOutput, bool]:
    """Lines as pyinfra wants them, and whether sudo's marker was among them (it is taken out)."""
    errors, marked = command.marked(stderr)
    return Output(received.lines(stdout), errors), marked


def fail(host: Host, error: RunError) -> None:
    """Keep why a host cannot be worked with, for reports, and say it once."""
    if FAILURE not in host.connector_data:
        host.connector_data[FAILURE] = error
        for line in error.lines():
            host.log_styled(line, fg="red", log_func=logger.error)


Runner = Callable[[Call, float, bool], tuple[int, bytearray, bytearray]]


def execute(
    host: Host,
    given: StringCommand,
    arguments: Mapping[str, object],
    runner: Runner,
    show: tuple[bool, bool],
) -> tuple[bool, CommandOutput]:
    """What pyinfra's connectors' `run_shell_command` does, through `runner(call, timeout_seconds, pty)`.
    `show`: whether to print what is run, and what it says.

    It never asks anything, and a host whose sudo failed is not tried again: (False, nothing).
    """
    if FAILURE in host.connector_data:
        return False, CommandOutput([])
    rest = {key: value for key, value in arguments.items() if key not in CONTROL_KEYS}
    try:
        made = call(host, given, rest, _stdin(arguments.get("_stdin")))
    except RunError as error:
        fail(host, error)
        return False, CommandOutput([])
    if show[0]:
        echo(f"{host.print_prefix}>>> {made.shown}", err=True)
    timeout = arguments.get("_timeout")
    seconds = float(timeout) if isinstance(timeout, int | float) and timeout else float(TIMEOUT_SECONDS)
    pty = bool(arguments.get("_get_pty"))
    code, stdout, stderr = runner(made, seconds, pty)
    found, marked = output(stdout, stderr)
    if show[1]:
        echo("\n".join(f"{host.print_prefix}{line}" for line in found.output_lines), err=True)
    if made.sudo and not marked and code and not pty:
        fail(host, command.refused(host.name, made, found.stderr_lines))
        return False, found
    wanted = arguments.get("_success_exit_codes") or [0]
    return code in wanted if isinstance(wanted, list | tuple | set) else code == 0, found


def _stdin(value: object) -> bytes:
    """pyinfra's `_stdin`: text, lines, or something with `readlines`; each line ends with a newline."""
    if value is None or value == "":
        return b""
    lines = value.readlines() if hasattr(value, "readlines") else value
    lines = lines if isinstance(lines, list | tuple) else [lines]
    return "".join(line if str(line).endswith("\n") else f"{line}\n" for line in lines).encode()
