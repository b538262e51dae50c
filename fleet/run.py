"""The one place that owns pyinfra's API mode: connect, look, apply. Callers have gevent's monkey patches in place.

Looks alone take `fleet.look`.
"""

from collections.abc import Callable, Iterable

import gevent.pool  # type: ignore[import-untyped]
from paramiko import SSHException
from pyinfra.api.command import StringCommand
from pyinfra.api.config import Config
from pyinfra.api.host import Host
from pyinfra.api.state import State, StateStage
from pyinfra.connectors.util import CommandOutput
from pyinfra.context import ctx_host, ctx_state

from facts.snapshot import HostSnapshot
from fleet import gate, look, shell, translate
from fleet.errors import RunError
from fleet.look import Seen, Told, nothing
from fleet.secrets import Secret
from fleet.session import LOOK_SECONDS
from schema.fleet import Fleet
from schema.snapshot import Snapshot


def state_of(fleet: Fleet, names: Iterable[str], *, asked: Secret | None = None, force: str = "") -> State:
    """pyinfra's state for some hosts, before anything was connected; `force` names hosts, with commas between."""
    made = translate.build(fleet, names, {"force": force} if force else {}, asked)
    state = State(made, Config(), check_for_changes=False)  # type: ignore[no-untyped-call]
    state.set_stage(StateStage.Connect)
    return state


def each(state: State, function: Callable[[Host], Seen], told: Told = nothing) -> dict[str, Seen]:
    """`function` of each host, many at a time; results in the inventory's order."""
    found: dict[str, Seen] = {}

    def one(host: Host) -> None:
        ctx_host.set(host)  # type: ignore[no-untyped-call]
        found[host.name] = guarded(function, host)
        told(host.name, found[host.name])

    # Wider than pyinfra's own pool, for hosts that do not answer; the logins are bounded where they are made.
    pool = gevent.pool.Pool(gate.width(gate.raised_files()))
    with ctx_state.use(state):
        gevent.joinall([pool.spawn(one, host) for host in state.inventory], raise_error=True)
    return {host.name: found[host.name] for host in state.inventory}


def guarded(function: Callable[[Host], Seen], host: Host) -> Seen:
    """A host's own trouble stays its own, even one that nobody thought of."""
    try:
        return function(host)
    except RunError as error:
        return error
    except Exception as error:
        return look.unexpected(host.name, error)


def connect(host: Host) -> None:
    """Raises RunError, with its reason, when the host cannot be connected to."""
    host.connect(show_errors=False)
    if not host.connected:
        raise failure(host) or RunError("RUN201", f"{host.name} could not be reached", hint="try it by hand with ssh")


def failure(host: Host) -> RunError | None:
    """Why a connection or sudo failed, as our connectors kept it."""
    kept = host.connector_data.get(shell.FAILURE)
    return kept if isinstance(kept, RunError) else None


def snapshot(host: Host, prefix: str | None = None) -> Snapshot:
    """The probe on a connected host, conda's prefix the one given or the declared one. Raises RunError."""
    fact = HostSnapshot()
    ok, output = asked(host, fact.command(prefix))
    if known := failure(host):
        raise known
    seen = fact.process(output.stdout_lines) if ok else None
    if seen is None or not seen.kernel.running:
        raise RunError(
            "RUN208",
            f"the look at {host.name} brought nothing",
            evidence="\n".join(output.output_lines[-8:]),
            state="nothing was changed",
            hint=f"log in and see whether a shell works there: ssh {host.name} true",
        )
    return seen


def asked(host: Host, script: str) -> tuple[bool, CommandOutput]:
    """One of our scripts on a connected host: whether it ended well, and what it printed. Raises RunError."""
    # Of pyinfra's global arguments only sudo is in our hosts' data; collecting them all costs a millisecond per host.
    sudo = bool(host.data.get("_sudo"))
    try:
        return host.run_shell_command(StringCommand(script), _sudo=sudo, _timeout=LOOK_SECONDS)
    except (TimeoutError, OSError, EOFError, SSHException) as error:
        raise RunError(
            "RUN207",
            f"lost the connection to {host.name} while looking at it: {str(error) or type(error).__name__}",
            state="nothing was changed",
            hint="run the same command again when the host answers",
        ) from error
