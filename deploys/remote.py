"""Run a shell script on a host through pyinfra, with the host's own global arguments, and never wait without end."""

import time

import gevent  # type: ignore[import-untyped]
from paramiko import SSHException
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments
from pyinfra.api.command import StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput, clear_askpass_cache

from deploys.step import UNTOUCHED, StepError

# A command that says nothing for this long is taken for a dead connection: paramiko 4 has no limit of its own
# (`Channel.recv_exit_status` blocks), and TCP gives up after about 15 minutes (tcp(7), tcp_retries2).
TIMEOUT_SECONDS = 120
LAST_LINES = 12


class LostError(Exception):
    """The connection broke, or the command did not end in time; what it did on the host is not known."""


def run(
    host: Host, script: str, *, timeout_seconds: int = TIMEOUT_SECONDS, stdin: str | None = None
) -> tuple[bool, CommandOutput]:
    """Run `script` with the host's `sh`, `stdin` as its input; True when it exits with 0.

    The global arguments (sudo, shell, environment) come from the host's data as for facts. Raises LostError.
    """
    arguments, _ = pop_global_arguments(host.state, host, {})
    connector = {key: value for key, value in arguments.items() if key in CONNECTOR_ARGUMENT_KEYS}
    connector["_timeout"] = timeout_seconds
    if stdin is not None:
        connector["_stdin"] = stdin
    try:
        # Opening a channel on a dead connection is not covered by pyinfra's own `_timeout`.
        with gevent.Timeout(timeout_seconds + 15, TimeoutError(f"no answer within {timeout_seconds} s")):
            return host.run_shell_command(
                StringCommand(script),
                print_output=host.state.print_output,
                print_input=host.state.print_input,
                **connector,
            )
    except (TimeoutError, OSError, EOFError, SSHException) as error:
        raise LostError(str(error) or type(error).__name__) from error


def last_lines(text: str, count: int = LAST_LINES) -> str:
    return "\n".join([line for line in text.splitlines() if line.strip()][-count:])


def checked(
    host: Host,
    script: str,
    doing: str,
    *,
    code: str = "RUN124",
    state: str = UNTOUCHED,
    hint: str = "",
    timeout_seconds: int = TIMEOUT_SECONDS,
) -> str:
    """Run `script` and give its standard output; raises StepError with its exit code and last lines when it fails.

    `doing` names the work for the message: "write gpufleet's files".
    """
    wrapped = f'(\n{script}\n)\nrc=$?; [ "$rc" = 0 ] || echo "exit code $rc" >&2; exit "$rc"'
    again = hint or f"run the same command again when the cause is mended; look: fleet plan --limit {host.name}"
    try:
        ok, output = run(host, wrapped, timeout_seconds=timeout_seconds)
    except LostError as error:
        raise lost(host, doing, error) from error
    if not ok:
        evidence = last_lines(output.output)
        raise StepError(code, f"could not {doing}", evidence=evidence, state=state, hint=again)
    return output.stdout


def lost(host: Host, doing: str, error: LostError) -> StepError:
    return StepError(
        "RUN115",
        f"lost the connection to {host.name} while trying to {doing}",
        evidence=str(error),
        state="not known beyond this step; what the host had begun on its own goes on there",
        hint="run the same command again when the host answers: it waits for unfinished work and goes on from there",
    )


def reconnect(host: Host, within_seconds: float) -> bool:
    """Open the connection anew; False when the host did not answer in time (a real clock, not attempts)."""
    deadline = time.monotonic() + within_seconds
    clear_askpass_cache(host)
    while True:
        close = getattr(getattr(host.connector, "client", None), "close", None)
        if close is not None:
            close()
        host.connected = False
        host.connect(show_errors=False)
        if host.connected or time.monotonic() >= deadline:
            return bool(host.connected)
        time.sleep(1)
