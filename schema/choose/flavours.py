"""`driver.modules: auto`: the kernel module flavour that works on the host, else the one that suits all GPUs."""

from typing import TYPE_CHECKING

from schema import compat
from schema.choose import branches, gpus, locked, needs, observed
from schema.choose.choice import Choice
from schema.choose.needs import Needs
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


@once
def modules(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """The flavour of the kernel modules, "open" or "proprietary"."""
    managed = spec.managed_driver
    if managed is None:
        return branches.NOT_MANAGED
    if managed.modules != "auto":
        return Choice(value=managed.modules, reason="", by="declared")
    chosen = locked.choice(spec, "driver.modules")
    if chosen is not None:
        return chosen
    decided = branches.branch(spec, snapshot)
    if decided.value is None:
        return decided
    number, wanted = int(decided.value), needs.of(spec, managed, snapshot)
    for item in observed.drivers(snapshot):
        if item.flavour is not None and item.flavour in needs.possible(number, wanted):
            return Choice(value=item.flavour, reason=item.reason, by="observed")
    return Choice(value=compat.rule_modules(_generations(wanted), number), reason=_reason(number, wanted))


def _generations(wanted: Needs) -> tuple[str, ...]:
    return tuple(kind.generation for kind in wanted.kinds)


def _reason(number: int, wanted: Needs) -> str:
    """Why: one GPU takes no other flavour, the branch has no other, or it is the one that the branch prefers."""
    flavours = compat.flavours(number)
    if len(flavours) == 1:
        return f"{number} has no other"
    for kind in wanted.kinds:
        row = compat.architecture(kind.generation)
        if row is not None and len(row.flavours) == 1:
            return f"{gpus.titled(kind)} is driven by {row.flavours[0]} modules only"
    return f"the flavour that {number} installs by default"
