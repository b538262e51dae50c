"""The declared kernel module flavour: whether the branch has it, and whether it drives the GPUs."""

from schema import compat
from schema.host import HostSpec
from schema.rules import advice, branch, cards, window
from schema.rules.breach import Breach, severity
from schema.rules.cards import Kind


def drives(spec: HostSpec) -> list[Breach]:
    """The declared flavour must drive every declared GPU."""
    driver = spec.managed_driver
    if driver is None or driver.modules == "auto" or not window.drivable(spec):
        return []

    def limit(kind: Kind) -> str | None:
        return None if driver.modules in kind.generation.flavours else f"only {kind.generation.flavours[0]} modules do"

    breaches = []
    for verdict in cards.against(spec, limit):
        message = f"{driver.modules} modules do not drive {verdict.names}; {verdict.reason}."
        other = "open" if driver.modules == "proprietary" else "proprietary"
        hint = f"Set driver.modules: {other}, or auto.{verdict.doubt}"
        code = {"code": "CMP002", "severity": severity(verdict.certain)}
        breaches.append(Breach(path="driver.modules", message=message, hint=hint, **code))
    return breaches


def published(spec: HostSpec) -> list[Breach]:
    """The declared flavour must exist in the branch: open from 515 on, proprietary before 615."""
    driver, number = spec.managed_driver, branch.number(spec)
    if driver is None or driver.modules == "auto" or number is None or driver.modules in compat.flavours(number):
        return []
    row = compat.branch(number)
    others = compat.flavours(number)
    message = f"branch {number} has no {driver.modules} modules, only {cards.joined(others)}."
    usable = cards.possible(spec, lambda kind: bool(set(others) & set(kind.generation.flavours)))
    hint = f"Set driver.modules: {others[0]}, or auto." if usable else advice.branch_hint(spec, number)
    sure = (row is not None and row.confirmed) or (driver.modules == "open" and number < _first_open())
    return [Breach(code="CMP003", path="driver.modules", message=message, hint=hint, severity=severity(sure))]


def _first_open() -> int:
    """The first branch with open modules, of those that are confirmed; no older one has them."""
    return min(row.number for row in compat.branches() if row.confirmed and "open" in row.flavours)
