"""Hosts that are told together: they have the same status, the same differences, and findings of the same kinds."""

import functools
import re
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from fleet.errors import Failure
from fleet.report.model import HostReport
from schema.change import Change
from schema.errors import Finding

INSTEAD = "HOST"
# A word with a number in it: an address, a slot, a size, a process. Findings of one kind differ in such words only.
PLACE, PORT = re.compile(rf"{INSTEAD} \(([^()\s]+)\)"), re.compile(r":[0-9]+$")
WORD, NUMBER = re.compile(r"\S+"), re.compile(r"[0-9]")
Key = tuple[Hashable, ...]
Lines = tuple[str, ...]
Variants = dict[Lines, tuple[str, ...]]


class Group(NamedTuple):
    """Hosts that are told together, in the report's order, and where that group stands among the others."""

    hosts: tuple[HostReport, ...]

    @property
    def first(self) -> HostReport:
        return self.hosts[0]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(host.host for host in self.hosts)


def groups(hosts: Iterable[HostReport]) -> list[Group]:
    """Every host in one of the groups; the worst come last, where a terminal shows them, else in the report's order."""
    together: dict[Key, list[HostReport]] = {}
    for host in hosts:
        together.setdefault(key(host), []).append(host)
    return sorted((Group(tuple(members)) for members in together.values()), key=lambda group: badness(group.first))


def key(host: HostReport) -> Key:
    """What has to be the same; words with numbers in findings and errors may differ, and are told for each host."""
    return (
        host.status,
        host.pending,
        tuple(_change(item) for item in host.changes),
        tuple(_finding(item, host.host) for item in host.findings),
        host.not_seen,
        host.compute is None,
        _error(host.error, host.host),
    )


def badness(host: HostReport) -> int:
    """0 for a host that is fine and has nothing to tell, 1 with notes, then what is not known, then what is wrong."""
    broken = any(item.severity == "error" and not item.accepted for item in host.findings)
    if host.status == "in-sync":
        return int(bool(host.changes or host.findings or host.not_seen))
    return {"unreachable": 2, "failed": 3, "drift": 5 if broken else 4, "unhealthy": 6}[host.status]


def _change(item: Change) -> Key:
    return item.concern, item.item, item.observed, item.desired, item.disruption


def _finding(item: Finding, name: str) -> Key:
    return item.code, item.severity, item.accepted, _kind(neutral(item.message, name))


def _error(error: Failure | None, name: str) -> Key:
    return () if error is None else (error.code, _kind(placeless([neutral(error.message, name)])[0]))


@functools.lru_cache(1 << 14)
def _kind(text: str) -> str:
    return WORD.sub(lambda word: "#" if NUMBER.search(word[0]) else word[0], text)


def neutral(text: str, name: str) -> str:
    """The text with HOST where it has a host's own name."""
    return text if name not in text else _named(name).sub(INSTEAD, text)


def placeless(lines: list[str]) -> list[str]:
    """Lines without the address that stands behind HOST in parentheses; ADDRESS elsewhere (fleet/unreached.py)."""
    places = {hit[1] for line in lines for hit in PLACE.finditer(line)}
    for place in sorted(places, key=len, reverse=True):
        address = PORT.sub("", place)
        lines = [line.replace(f"{INSTEAD} ({place})", INSTEAD).replace(address, "ADDRESS") for line in lines]
    return lines


@functools.lru_cache(1 << 10)
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9._-]){re.escape(name)}(?![A-Za-z0-9_-]|\.[A-Za-z0-9])")


def variants(hosts: Iterable[HostReport], tell: Callable[[HostReport], Lines]) -> Variants:
    """What `tell` says of each host, and the names of the hosts that it is the same for; in the hosts' order."""
    found: dict[Lines, list[str]] = {}
    for host in hosts:
        found.setdefault(tell(host), []).append(host.host)
    return {told: tuple(names) for told, names in found.items()}
