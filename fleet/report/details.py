"""What is told of a group of hosts, in lines: differences, findings, what was not seen, and what to type next."""

import shlex

from fleet.report import compute, group, since, words
from fleet.report.group import Group
from fleet.report.model import HostReport
from schema import ranges

# More pieces than this are no command to type.
PIECES = 40
LONG_LIMIT = 60
# The values that a thing has on several hosts; of more than these the hosts alone are named.
VARIANTS = 10


def of(one: Group, inventory: str | None = None) -> list[str]:
    """What the hosts of a group have in common once, and where they differ each value with its hosts.

    `inventory`: as it was named, for the commands to type next.
    """
    told = {host.host: pieces(host) for host in one.hosts}
    lines: list[str] = []
    for index in range(len(told[one.first.host])):
        failed = index == 0 and one.first.error is not None
        lines += _piece(one, {name: found[index] for name, found in told.items()}, failed)
    if one.first.changes:
        place = f" {shlex.quote(words.plain(inventory))}" if inventory else ""
        limit, which = _limit(one.names)
        again = f"--limit {limit}{which}" if len(limit) <= LONG_LIMIT else "with the same --limit"
        lines.append(f"    next: fleet plan{place} --limit {limit}; fleet apply{place} {again}")
    return lines


def pieces(host: HostReport) -> list[tuple[str, ...]]:
    """What is told of a host, one piece for each thing; hosts of one group have pieces of the same things."""
    found = [tuple(f"    {line}" for line in host.error.lines())] if host.error is not None else []
    found += [tuple(f"    {line}" for line in told) for told in since.changes(host)]
    found += [tuple(words.finding(item)) for item in host.findings]
    if host.compute is not None:
        found.append(tuple(compute.lines(host.compute)))
    if host.not_seen:
        found.append((f"    not seen: {words.plain(', '.join(host.not_seen))}",))
    return found


def _piece(one: Group, told: dict[str, tuple[str, ...]], failed: bool) -> list[str]:
    """A piece in lines: as all say it, as all say it but for their own names, or each with its hosts.

    `failed`: it says why a host failed, which may name its address.
    """
    if len(set(told.values())) == 1:
        return list(told[one.first.host])
    limit, _ = _limit(one.names)

    def tell(host: HostReport) -> tuple[str, ...]:
        lines = [group.neutral(line, host.host) for line in told[host.host]]
        lines = group.placeless(lines) if failed else lines
        return tuple(line.replace(f"--limit {group.INSTEAD}", f"--limit {limit}") for line in lines)

    found = group.variants(one.hosts, tell)
    return list(next(iter(found))) if len(found) == 1 else _differing(found)


def _differing(found: group.Variants) -> list[str]:
    """Lines that several variants begin and end with once; between them each variant's own, with its hosts."""
    texts = list(found)
    head = _common(texts)
    tail = _common([text[head:][::-1] for text in texts])
    first, shown = texts[0], texts[:VARIANTS]
    place = "      on" if head else "    on"
    lines = list(first[:head])
    for text in shown:
        lines.append(f"{place} {words.hosts(found[text])}:")
        lines += [f"  {line}" for line in text[head : len(text) - tail]]
    rest = [name for text in texts[VARIANTS:] for name in found[text]]
    if rest:
        lines.append(f"{place} {words.hosts(rest)}: other values, in the JSON")
    return [*lines, *first[len(first) - tail :]]


def _common(texts: list[tuple[str, ...]]) -> int:
    """How many lines all begin with."""
    number = 0
    for lines in zip(*texts, strict=False):
        if len(set(lines)) > 1:
            break
        number += 1
    return number


def _limit(names: tuple[str, ...]) -> tuple[str, str]:
    """What --limit takes to choose these hosts, and words where it is only the first of them."""
    folded = ranges.fold(names)
    if len(folded) <= PIECES:
        return words.quoted(folded), ""
    return names[0], f" (the first of {len(names)})"
