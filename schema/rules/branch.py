"""The driver branch and the exact version: against the GPUs, and against what was published."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import advice, cards, window
from schema.rules.breach import Breach, severity
from schema.rules.cards import Kind


def number(spec: HostSpec) -> int | None:
    """The declared branch, from `version` where only that is given; None for auto and for no driver of ours."""
    driver = spec.managed_driver
    if driver is None:
        return None
    if driver.branch != "auto":
        return int(driver.branch)
    return version_key(driver.version)[0] if driver.version else None


def path(spec: HostSpec) -> str:
    driver = spec.managed_driver
    return "driver.version" if driver is not None and driver.branch == "auto" and driver.version else "driver.branch"


def drives(spec: HostSpec) -> list[Breach]:
    """The declared branch must drive every declared GPU; one that drives them all is named.

    GPUs that no branch drives together are another rule's (mixture), and no branch mends that.
    """
    branch = number(spec)
    if branch is None or not window.drivable(spec):
        return []

    def limit(kind: Kind) -> str | None:
        one = window.of(kind)
        if one.last is not None and branch > one.last:
            return f"the last branch that does is {one.last}"
        return f"the first branch that does is {one.first}" if branch < one.first else None

    breaches = []
    for verdict in cards.against(spec, limit):
        message = f"branch {branch} does not drive {verdict.names}; {verdict.reason}."
        hint = advice.branch_hint(spec, branch) + verdict.doubt
        found = Breach(code="CMP001", path=path(spec), message=message, hint=hint, severity=severity(verdict.certain))
        breaches.append(found)
    return breaches


def known(spec: HostSpec) -> list[Breach]:
    """A branch that the data does not know is a warning: there may be no package of it."""
    branch = number(spec)
    if branch is None or compat.branch(branch) is not None:
        return []
    rows = sorted(compat.branches(), key=lambda row: (abs(row.number - branch), row.number))
    near = ", ".join(str(number) for number in sorted(row.number for row in rows[:3]))
    message = f"{branch} is not a driver branch that gpufleet knows; apt may find no package of it."
    hint = f"The nearest that are known: {near}."
    return [Breach(code="CMP010", path=path(spec), message=message, hint=hint, severity="warning")]


def mixture(spec: HostSpec) -> list[Breach]:
    """GPUs that no driver drives together are refused, with the pair that excludes one another."""
    if spec.managed_driver is None or window.drivable(spec):
        return []
    known = [card for card in cards.of(spec) if card.kinds]
    pair = next(
        ((one, other) for index, one in enumerate(known) for other in known[index + 1 :] if not _together(one, other)),
        (known[0], known[-1]),
    )
    said = cards.joined(f"{card.name} ({_needs(card)})" for card in pair)
    certain = all(kind.generation.confirmed for card in pair for kind in card.kinds)
    message = f"no driver branch drives {said} together."
    hint = f"Put the {pair[0].name} and the {pair[1].name} into hosts of their own, or take one of them out."
    breach = Breach(code="CMP006", path="gpus", message=message, hint=hint, severity=severity(certain))
    return [breach.model_copy(update={"undecided": number(spec) is None})]


def _together(one: cards.Card, other: cards.Card) -> bool:
    return any(
        window.drives(mine, row.number, flavour) and window.drives(its, row.number, flavour)
        for row in compat.branches()
        for flavour in row.flavours
        for mine in one.kinds
        for its in other.kinds
    )


def _needs(card: cards.Card) -> str:
    """ "Pascal: branches up to 580, proprietary modules"."""
    kind = card.kinds[0]
    one = window.of(kind)
    since, until = f"from {one.first} on" if one.first else "", f"up to {one.last}" if one.last is not None else ""
    span = f"{one.first} to {one.last}" if since and until else since or until
    modules = f"{next(iter(one.flavours))} modules only" if len(one.flavours) == 1 else "open or proprietary modules"
    return f"{kind.generation.title}: branches {span}, {modules}"
