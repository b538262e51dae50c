"""The deep look: the probe, and one more command that has each idle GPU compute something."""

from collections.abc import Mapping

from facts import compute as facts
from fleet import look
from fleet.errors import RunError
from fleet.session import Session
from schema import choose, compute
from schema.host import HostSpec
from schema.snapshot import Snapshot

# The host ends the test itself; what comes later than this does not come.
WAIT_SECONDS = facts.LIMIT_SECONDS + 30


def looker(specs: Mapping[str, HostSpec], found: dict[str, compute.Compute]) -> look.Look:
    """A look that leaves each host's smoke test in `found`."""

    def observed(at: Session) -> Snapshot:
        seen = look.observed(at)
        found[at.name] = test(at, choose.settled(specs[at.name], seen), seen)
        return seen

    return observed


def test(at: Session, spec: HostSpec, seen: Snapshot) -> compute.Compute:
    """The smoke test of a connected host; a lost connection is one that was not seen. Raises nothing for its sake."""
    if why := compute.not_run(spec, seen):
        return compute.Compute(ran=False, why=why)
    request = compute.request(spec, seen)
    try:
        _, said, _ = at.run(facts.COMMAND, WAIT_SECONDS, facts.script(request).encode())
    except RunError as error:
        return compute.Compute(ran=False, seen=False, why=error.text())
    return compute.read(request, facts.parse(said), seen)
