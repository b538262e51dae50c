"""One step of an apply: a function that runs in pyinfra's execute phase and can fail cleanly for its host alone."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.operations import python

from schema.host import HostSpec
from schema.plan import Plan
from schema.snapshot import Snapshot

UNTOUCHED = "nothing was changed on the host by this step"
FAILURE = "gpufleet_failure"


class StepError(Exception):
    """A step could not do its work: the code, what was found, in which state the host is, and what to type.

    Raised by steps only; `run` turns it into log lines and a failed host, never into a traceback.
    """

    def __init__(self, code: str, message: str, *, evidence: str = "", state: str = UNTOUCHED, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.evidence = evidence
        self.state = state
        self.hint = hint

    def lines(self) -> list[str]:
        """The message as it is shown: code, evidence line by line, state of the host, and `next:`."""
        evidence = [f"  | {line}" for line in self.evidence.splitlines()]
        return [f"{self.code} {self.message}", *evidence, f"  host: {self.state}", f"  next: {self.hint}"]


@dataclass
class Work:
    """What the steps of one host share. `shown` is the plan the user saw, `seen` the newest look at the host."""

    host: Host
    spec: HostSpec
    shown: Plan
    seen: Snapshot
    force: bool = False
    done: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.spec.name


Function = Callable[[Work], None]


def fail(host: Host, error: StepError) -> None:
    """Log why the host fails, and keep it where `fleet apply` finds it (`host.connector_data`)."""
    host.connector_data[FAILURE] = error
    for line in error.lines():
        host.log_styled(line, fg="red", log_func=logger.error)


def run(work: Work, function: Function) -> bool:
    try:
        function(work)
    except StepError as error:
        fail(work.host, error)
        return False
    return True


def add(name: str, function: Function, work: Work, *, parallel: int = 0) -> None:
    """Add one operation. A function of `(state, host)` that returns False fails the host without a traceback
    (pyinfra 3.10, `api/command.py`, FunctionCommand); `parallel` hosts at a time, 0 for all.
    """

    def operation(state: State, host: Host) -> bool:
        return run(work, function)

    if parallel:
        python.call(name=name, function=operation, _parallel=parallel)
    else:
        python.call(name=name, function=operation)
