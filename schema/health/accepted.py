"""Findings that the inventory accepts until a day, with a reason; expired and unused entries warn.

CMP codes are accepted where they are found, when the inventory is read: `schema.rules.accept`.
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from schema.errors import Finding

if TYPE_CHECKING:
    from schema.host import Accepted, HostSpec

# Codes of the smoke test: a plain look cannot tell whether their acceptance is needed.
COMPUTE = ("GPU26", "GPU27")


def accept(spec: "HostSpec", findings: Iterable[Finding], today: date | None) -> list[Finding]:
    """The findings, accepted ones marked; then one for each entry of `accept` that expired or accepts nothing.

    Without `today` no entry expires. An entry that several hosts share may be for another of them, so that one look
    cannot tell whether it is needed; `fleet drift`, which looks at all of them, can.
    """
    found = list(findings)
    codes = {item.code for item in found}
    entries = [entry for entry in spec.accept if entry.code.startswith("GPU")]
    expired = [entry for entry in entries if today is not None and entry.until < today]
    valid = {entry.code for entry in entries if entry not in expired}
    marked = [item.model_copy(update={"accepted": True}) if item.code in valid else item for item in found]
    for entry in entries:
        if entry in expired:
            marked.append(_expired(entry))
        elif entry.code not in codes and not entry.shared and not entry.code.startswith(COMPUTE):
            marked.append(unused(entry))
    return marked


def _expired(entry: "Accepted") -> Finding:
    return Finding(
        code="GPU180",
        severity="warning",
        message=f"the acceptance of {entry.code} has expired",
        evidence=f"until {entry.until}: {entry.reason}",
        hint=f"mend what {entry.code} says, or set a later day in accept",
    )


def unused(entry: "Accepted", where: str = "") -> Finding:
    """The finding for an entry that nothing needs; `where` says of a shared one which hosts were looked at."""
    return Finding(
        code="GPU181",
        severity="warning",
        message=f"{entry.code} is accepted and was not found{where}",
        evidence=f"until {entry.until}: {entry.reason}",
        hint=f"remove the entry {entry.code} from accept",
    )
