"""`driver.branch: auto`: the branch that works on the host, else the long-lived one that suits all that is declared.

Long-lived are NVIDIA's long-term and production branches, kept up for three years and for one; what is kept up longest
comes first, so that a fleet has one branch for old and new GPUs and need not move soon. A new-feature branch, which
ends with the next one, comes only where none of these will do.
"""

import functools
from typing import TYPE_CHECKING

from schema import compat
from schema.choose import gpus, locked, needs, observed
from schema.choose.choice import Choice
from schema.choose.needs import Needs
from schema.model import version_key
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

NOT_MANAGED = Choice(value=None, reason="the driver is not managed", by="declared")


@once
def branch(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """The driver's branch, "580"."""
    managed = spec.managed_driver
    if managed is None:
        return NOT_MANAGED
    if managed.branch != "auto":
        return Choice(value=managed.branch, reason="", by="declared")
    if managed.version is not None:
        return Choice(value=str(version_key(managed.version)[0]), reason="that of driver.version", by="declared")
    chosen = locked.choice(spec, "driver.branch")
    if chosen is not None:
        return chosen
    wanted = needs.of(spec, managed, snapshot)
    for item in observed.drivers(snapshot):
        if needs.obstacle(item.branch, wanted, item.flavour, there=True) is None:
            return Choice(value=str(item.branch), reason=item.reason, by="observed")
    unknown = gpus.kinds(spec, snapshot).unknown
    if unknown:
        return Choice(
            value=None,
            reason=f"nothing is known of {' and '.join(unknown)}",
            hint="Write driver.branch and driver.modules yourself.",
        )
    chosen = by_rule(wanted)
    which = gpus.vague(spec) if chosen.value is None else None
    return chosen if which is None else chosen.model_copy(update={"hint": which})


@functools.lru_cache(maxsize=4096)
def by_rule(wanted: Needs) -> Choice:
    """The first branch in the order of preference that nothing speaks against, be it only that it was not seen."""
    order = compat.preferred_branches()
    anywhere = wanted._replace(mirrored=True)
    # A wheel that no driver for the GPUs can run is an environment's fault, and leaves the driver as it is.
    for one in (wanted, anywhere, anywhere._replace(wheels=())):
        found = next((number for number in order if needs.obstacle(number, one) is None), None)
        if found is not None:
            return Choice(value=str(found), reason=_reason(found, wanted))
    reason = f"no driver branch suits {_all(wanted)}: {_why(wanted)}"
    return Choice(value=None, reason=reason, hint="Put the GPUs into hosts of their own.")


def _reason(found: int, wanted: Needs) -> str:
    """What kind of branch it is, and why it is not the one that comes first."""
    last = dict.fromkeys(gpus.titled(kind) for kind in wanted.kinds if _last(kind) == found)
    if last:
        return f"last branch that drives {' and '.join(last)}"
    row, first = compat.branch(found), compat.preferred_branches()[0]
    reason = f"{row.state} branch" if row is not None else "branch"
    reason += f", kept up until {row.ends}" if row is not None and row.ends is not None else ""
    against = needs.obstacle(first, wanted) if found != first else None
    return reason if against is None else f"{reason}; {against}"


def _last(kind: gpus.Kind) -> int | None:
    row = compat.architecture(kind.generation)
    return row.last_branch if row is not None else None


def _all(wanted: Needs) -> str:
    names = list(dict.fromkeys(gpus.titled(kind) for kind in wanted.kinds))
    return " and ".join(names + [f"CUDA {version}" for version in wanted.toolkits])


def _why(wanted: Needs) -> str:
    """The two ends that do not meet, else what speaks against the branch that comes first."""
    lowest, highest = bounds(wanted)
    if lowest > highest:
        return f"at least {lowest} is needed and at most {highest} is possible"
    inside = [number for number in compat.preferred_branches() if lowest <= number <= highest]
    return next((text for number in inside if (text := needs.obstacle(number, wanted))), "there is none between")


def bounds(wanted: Needs) -> tuple[int, int]:
    """The least branch that is needed, and the greatest that is possible."""
    rows = [(row, kind) for kind in wanted.kinds if (row := compat.architecture(kind.generation)) is not None]
    floors = [version_key(least)[0] for item in wanted.toolkits if (least := needs.floor(item, wanted.policy))]
    floors += [first for row, kind in rows if (first := needs.first_branch(row, kind.compute)) is not None]
    newest = max(row.number for row in compat.branches())
    return max(floors, default=0), min([row.last_branch for row, _ in rows if row.last_branch], default=newest)
