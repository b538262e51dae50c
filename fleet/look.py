"""Look at hosts, many at a time: connect, one command, disconnect. pyinfra takes no part, and is not even imported.

Callers have gevent's monkey patches in place.
"""

import logging
from collections.abc import Callable, Iterable

import gevent.pool  # type: ignore[import-untyped]
from paramiko import SSHClient

from facts import probe, snapshot
from fleet import access, dial, received, unreached
from fleet.endpoint import Endpoint
from fleet.errors import RunError
from fleet.gate import Gate
from fleet.received import BrokenOff
from fleet.secrets import Secret
from fleet.session import Session
from schema.conda import CondaSpec
from schema.fleet import Fleet
from schema.snapshot import Snapshot

Seen = Snapshot | RunError
Told = Callable[[str, Seen], None]
Began = Callable[[str], None]
Look = Callable[[Session], Snapshot]


def nothing(_name: str, _seen: Seen | None = None) -> None:
    """The progress of a run that shows none."""


def snapshots(
    fleet: Fleet, names: Iterable[str], look: Look, *, asked: Secret | None = None, told: Told = nothing
) -> dict[str, Seen]:
    """A look at each host: its snapshot, or why there is none, in their order. All are kept: see `each`."""
    listed = list(names)
    found: dict[str, Seen] = {}

    def keep(name: str, seen: Seen) -> None:
        found[name] = seen
        told(name, seen)

    each(fleet, listed, look, keep, asked=asked)
    return {name: found[name] for name in listed}


def each(
    fleet: Fleet,
    names: Iterable[str],
    look: Look,
    told: Told,
    *,
    asked: Secret | None = None,
    began: Began = nothing,
) -> None:
    """`look` at each host, `told` as soon as it is done: a snapshot, or why there is none. Nothing is kept.

    Never raises for a host's sake. `began` is called as each host's turn comes. A connection is open only while its
    host is looked at.
    """
    gate = Gate()
    pool = gevent.pool.Pool(gate.wide)
    run = Run(fleet, gate, asked)

    def one(name: str) -> None:
        told(name, guarded(run, name, look, began))

    try:
        for name in names:
            pool.spawn(one, name)
        pool.join(raise_error=True)
    finally:
        pool.kill()
        dial.close(run)


class Run:
    """What the looks of one run share: the connections to jump hosts are the run's own (`fleet.dial`)."""

    def __init__(self, fleet: Fleet, gate: Gate, asked: Secret | None) -> None:
        self.fleet, self.gate, self.asked = fleet, gate, asked


def guarded(run: Run, name: str, look: Look, began: Began) -> Seen:
    """A host's own trouble stays its own, even one that nobody thought of."""
    reached = local if run.fleet.hosts[name].connection.local else remote
    try:
        return reached(run, name, look, began)
    except RunError as error:
        return error
    except Exception as error:
        return unexpected(name, error)


def unexpected(name: str, error: Exception) -> RunError:
    """What nobody thought of, as one host's failure; the traceback goes to the log."""
    logging.getLogger("pyinfra").error("unexpected on %s", name, exc_info=error)
    return RunError(
        "RUN200",
        f"unexpected on {name}: {type(error).__name__}: {error}",
        state="unknown",
        hint="run the same command again; if it stays, report it with the log",
    )


def local(run: Run, name: str, look: Look, began: Began) -> Snapshot:
    with run.gate.looks:
        began(name)
        return look(session(run, name, None))


def remote(run: Run, name: str, look: Look, began: Began) -> Snapshot:
    """Reach, log in, look, disconnect. Raises RunError."""
    endpoint = access.endpoint_of(run.fleet, name)
    try:
        with run.gate.young_place() as leave:
            began(name)
            link = dial.reach(run, endpoint, dial.place(endpoint), leave)
            run.gate.looks.acquire()
    except unreached.ERRORS as error:
        raise unreached.described(name, endpoint, error) from error
    try:
        client = login(run, name, endpoint, link)
        try:
            return look(session(run, name, client))
        finally:
            client.close()
    finally:
        run.gate.looks.release()


def login(run: Run, name: str, endpoint: Endpoint, link: dial.Link) -> SSHClient:
    with run.gate.logins:
        try:
            return dial.dial(run, endpoint, link=link)
        except unreached.ERRORS as error:
            raise unreached.described(name, endpoint, error) from error


def session(run: Run, name: str, client: SSHClient | None) -> Session:
    conda = run.fleet.hosts[name].conda
    return Session(
        name=name,
        client=client,
        local=client is None,
        sudo=access.needs_sudo(run.fleet, name),
        password=access.sudo_password(run.fleet, name, run.asked),
        prefix=conda.prefix if isinstance(conda, CondaSpec) else None,
    )


def observed(at: Session, prefix: str | None = None) -> Snapshot:
    """The probe on a connected host; conda's prefix is the one given, else the declared one. Raises RunError."""
    try:
        ok, said, errors = at.run(probe.script(prefix=prefix or at.prefix or probe.PREFIX))
    except RunError as error:
        return _as_far_as(error)
    seen = snapshot.parse(probe.sections(said)) if ok else None
    if seen is None or not seen.kernel.running:
        raise RunError(
            "RUN208",
            f"the look at {at.name} brought nothing",
            evidence="\n".join([*said, *errors][-8:]),
            state="nothing was changed",
            hint=f"log in and see whether a shell works there: ssh {at.name} true",
        )
    return seen


def _as_far_as(error: RunError) -> Snapshot:
    """The sections that came whole before a look broke off; what did not come is not seen. Raises the error else."""
    broken = error.__cause__
    if not isinstance(broken, BrokenOff):
        raise error
    seen = snapshot.parse(probe.sections(received.lines(broken.received.stdout)))
    if not seen.kernel.running:
        raise error
    return seen.model_copy(update={"broken_off": str(broken)})
