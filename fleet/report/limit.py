"""A report of one host that has an end, whatever the host made of itself."""

from fleet.report.model import HostReport
from schema.errors import Finding

# A whole environment of conda's that differs is a thousand changes; a host that invents packages could have any number.
MOST = 2_000


def limited(made: HostReport) -> HostReport:
    """The first changes and findings, and a finding that says how many are left out."""
    changes, findings = len(made.changes) - MOST, len(made.findings) - MOST
    if changes <= 0 and findings <= 0:
        return made
    more = Finding(
        code="GPU286",
        severity="warning",
        message=f"{max(changes, 0)} changes and {max(findings, 0)} findings are left out of the report",
        evidence=f"{len(made.changes)} changes, {len(made.findings)} findings",
        hint=f"log in and look: no host that works differs so much; fleet plan --limit {made.host} lists all",
    )
    return made.model_copy(update={"changes": made.changes[:MOST], "findings": (*made.findings[:MOST], more)})
