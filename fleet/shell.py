"""Commands as they reach a host's shell: sudo by standard input, and what came back."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyinfra import logger
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.output import echo
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command

from fleet.errors import RunError
from fleet.secrets import Secret

# A command under sudo says this first, on standard error: without it, a failure is sudo's own, in any language.
MARKER = "gpufleet: sudo works"
FAILURE = "gpufleet_connection"
# Arguments of make_unix_command (pyinfra 3.10) that are sudo's, and are handled here.
SUDO_KEYS = ("_sudo", "_sudo_user", "_use_sudo_login", "_preserve_sudo_env", "_sudo_password", "_sudo_askpass_path")
CONTROL_KEYS = frozenset(
    {"_success_exit_codes", "_timeout", "_get_pty", "_stdin", "_retries", "_retry_delay", "_retry_until"}
)
# No command of ours is silent for longer, and none may keep a run waiting for ever.
TIMEOUT_SECONDS = 300
# What a host may send back for one command.
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Call:
    """A command line for the host's shell, its standard input, and what it is when shown."""

    line: str
    shown: str
    stdin: bytes
    sudo: bool
    password: bool


def call(host: Host, command: StringCommand, arguments: Mapping[str, object], stdin: bytes = b"") -> Call:
    """The command under pyinfra's arguments. A sudo password is the first line of standard input (sudo(8), -S): never
    in a command line, nor in an environment, where pyinfra's own way puts it. Raises RunError when it cannot be had.
    """
    if not isinstance(command, StringCommand):
        command = StringCommand(str(command))
    plain = {key: value for key, value in arguments.items() if key not in SUDO_KEYS}
    if not arguments.get("_sudo"):
        return _call(make_unix_command(command, **plain), stdin, sudo=False, password=False)
    password = _password(host, arguments)
    # A host that asks no password leaves the line unread: the command must not find it in its input.
    closed = "exec </dev/null;" if password and not stdin else ""
    inner = make_unix_command(StringCommand(f"echo '{MARKER}' >&2;", closed, command), **plain)
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
    """sudo's own part of the line: -k ignores cached credentials, so that a wrong password is found at once."""
    words: list[str | QuoteString] = ["sudo", "-H"]
    words += ["-S", "-k", "-p", "''"] if password else ["-n"]
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


def output(stdout: bytes, stderr: bytes) -> tuple[CommandOutput, bool]:
    """Lines as pyinfra wants them, and whether sudo's marker was among them (it is taken out)."""
    errors = _lines(stderr)
    marked = MARKER in errors
    return Output(_lines(stdout), [line for line in errors if line != MARKER]), marked


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return text.removesuffix("\n").split("\n") if text else []


def fail(host: Host, error: RunError) -> None:
    """Keep why a host cannot be worked with, for reports, and say it once."""
    if FAILURE not in host.connector_data:
        host.connector_data[FAILURE] = error
        for line in error.lines():
            host.log_styled(line, fg="red", log_func=logger.error)


def refused(host: Host, made: Call, found: CommandOutput) -> RunError:
    """Why sudo did not run the command. The password is not asked for again: sudo counts failures (faillock(8))."""
    evidence = "\n".join(found.stderr_lines[-4:])
    if made.password:
        return RunError(
            "RUN211",
            f"sudo on {host.name} did not take the password",
            evidence=evidence,
            state="nothing was run",
            hint="mend connection.sudo_password in the inventory, or give it once: fleet ... -K",
        )
    return RunError(
        "RUN210",
        f"sudo on {host.name} needs a password, or is not allowed",
        evidence=evidence,
        state="nothing was run",
        hint="give it once: fleet ... -K (pyinfra: --same-sudo-password), or declare connection.sudo_password",
    )


Runner = Callable[[Call, float, bool], tuple[int, bytes, bytes]]


def execute(
    host: Host,
    command: StringCommand,
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
        made = call(host, command, rest, _stdin(arguments.get("_stdin")))
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
        fail(host, refused(host, made, found))
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
