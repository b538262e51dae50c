"""A change, a finding and a list of hosts as lines of text, for every form and verb that shows them."""

from collections.abc import Iterable

from schema import ranges
from schema.change import Change
from schema.errors import Finding, printable

# What one host has to say in one line, and of one finding: a page of a broken host's own text tells nobody anything.
LONGEST_LINE = 600
EVIDENCE_LINES = 6


def change(item: Change) -> str:
    """ "driver libnvidia-compute-580: 580.95.05-0ubuntu1 -> absent (reboot)"."""
    disruption = "" if item.disruption == "none" else f" ({item.disruption})"
    moved = f"{item.observed or 'absent'} -> {item.desired or 'absent'}"
    return plain(f"{item.concern} {item.item}: {moved}{disruption}")


def finding(item: Finding) -> list[str]:
    """The finding in one line; its evidence and what to do below it, unless it is information, or accepted."""
    lines = [f"    {headline(item)}"]
    if item.severity == "info" or item.accepted:
        return lines
    lines += [f"      | {line}" for line in evidence(item.evidence)]
    return [*lines, f"      next: {plain(item.hint)}"] if item.hint else lines


def headline(item: Finding) -> str:
    """ "GPU120 error (accepted): the module and the libraries differ"."""
    accepted = " (accepted)" if item.accepted else ""
    return plain(f"{item.code} {item.severity}{accepted}: {item.message}")


def evidence(text: str) -> list[str]:
    """Its first lines, and how many more there are: the JSON has them all."""
    lines = text.splitlines()
    more = len(lines) - EVIDENCE_LINES
    shown = [plain(line) for line in lines[:EVIDENCE_LINES]]
    return [*shown, f"... {more} more line{'s' if more > 1 else ''}, in the JSON"] if more > 0 else shown


def plain(text: str) -> str:
    """A host's text on one line, with escapes for what would move a terminal's cursor, and cut where it is endless."""
    shown = printable(text.expandtabs())
    more = len(shown) - LONGEST_LINE
    return f"{shown[:LONGEST_LINE]}... ({more} more characters)" if more > 0 else shown


def hosts(names: Iterable[str]) -> str:
    """ "desk, node[01-17,20]"."""
    return ", ".join(ranges.fold(names))


def count(number: int, noun: str = "host") -> str:
    """ "1 host", "17 hosts"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def quoted(pieces: Iterable[str]) -> str:
    """Names and ranges as one --limit, in quotes where a shell would read the brackets."""
    limit = ",".join(pieces)
    return f"'{limit}'" if "[" in limit else limit
