"""A change and a finding as lines of text, for every verb that shows them."""

from schema.change import Change
from schema.errors import Finding


def change(item: Change) -> str:
    """ "driver libnvidia-compute-580: 580.95.05-0ubuntu1 -> absent (reboot)"."""
    disruption = "" if item.disruption == "none" else f" ({item.disruption})"
    return f"{item.concern} {item.item}: {item.observed or 'absent'} -> {item.desired or 'absent'}{disruption}"


def finding(item: Finding) -> list[str]:
    accepted = " (accepted)" if item.accepted else ""
    lines = [f"    {item.code} {item.severity}{accepted}: {item.message}"]
    if item.severity == "info" or item.accepted:
        return lines
    lines += [f"      | {line}" for line in item.evidence.splitlines()[:6]]
    return [*lines, f"      next: {item.hint}"] if item.hint else lines
