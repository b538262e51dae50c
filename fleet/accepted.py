"""Entries of `accept` that several hosts share: whether any of them needs one is known when all were looked at."""

from collections.abc import Iterable, Iterator, Mapping

from schema import health
from schema.errors import Finding
from schema.host import Accepted, HostSpec


def unused(specs: Mapping[str, HostSpec], found: Mapping[str, Iterable[Finding]]) -> Iterator[tuple[str, Finding]]:
    """A warning for each shared entry that no host needs, with the first of its hosts.

    `specs`: all hosts of the inventory; `found`: the findings of those that could be looked at. While one of the hosts
    that share an entry was not looked at, nothing is said of it.
    """
    sharing: dict[Accepted, list[str]] = {}
    for name, spec in specs.items():
        for entry in spec.accept:
            if entry.shared and entry.code.startswith("GPU") and not entry.code.startswith(health.COMPUTE):
                sharing.setdefault(entry, []).append(name)
    for entry, names in sharing.items():
        if not all(name in found for name in names):
            continue
        codes = {item.code for name in names for item in found[name]}
        if entry.code not in codes:
            where = f" on any of the {len(names)} hosts that share the entry" if len(names) > 1 else ""
            yield names[0], health.unused(entry, where)
