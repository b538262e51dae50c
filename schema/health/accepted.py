"""Findings that the inventory accepts until a day, with a reason; expired and unused entries warn."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from schema.errors import Finding

if TYPE_CHECKING:
    from schema.host import Accepted, HostSpec


def accept(spec: "HostSpec", findings: Iterable[Finding], today: date | None) -> list[Finding]:
    """The findings, accepted ones marked; then one for each entry of `accept` that expired or accepts nothing.

    Without `today` no entry expires.
    """
    found = list(findings)
    codes = {item.code for item in found}
    expired = {entry.code for entry in spec.accept if today is not None and entry.until < today}
    valid = {entry.code for entry in spec.accept} - expired
    marked = [item.model_copy(update={"accepted": True}) if item.code in valid else item for item in found]
    for entry in spec.accept:
        if entry.code in expired:
            marked.append(_expired(entry))
        elif entry.code not in codes:
            marked.append(_unused(entry))
    return marked


def _expired(entry: "Accepted") -> Finding:
    return Finding(
        code="GPU180",
        severity="warning",
        message=f"the acceptance of {entry.code} has expired",
        evidence=f"until {entry.until}: {entry.reason}",
        hint=f"mend what {entry.code} says, or set a later day in accept",
    )


def _unused(entry: "Accepted") -> Finding:
    return Finding(
        code="GPU181",
        severity="warning",
        message=f"{entry.code} is accepted and was not found",
        evidence=f"until {entry.until}: {entry.reason}",
        hint=f"remove the entry {entry.code} from accept",
    )
