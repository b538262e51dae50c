"""Looks at machines that are to be described: where conda stands and what it was asked for, then the snapshot."""

from collections.abc import Iterable, Mapping

from facts import probe
from facts.discovery import Origins
from fleet import look
from fleet.discover import conda
from fleet.look import Seen, Told
from fleet.secrets import Secret
from fleet.session import Session
from schema.discovery import Discovery
from schema.fleet import Fleet
from schema.snapshot import Snapshot


def machines(
    fleet: Fleet,
    names: Iterable[str],
    prefixes: Mapping[str, str],
    *,
    asked: Secret | None = None,
    told: Told = look.nothing,
) -> tuple[dict[str, Seen], dict[str, Discovery]]:
    """Two commands on each host: its snapshot or why there is none, and its discovery; `prefixes` are declared ones."""
    found: dict[str, Discovery] = {}
    fact = Origins()

    def both(at: Session) -> Snapshot:
        ok, said, _ = at.run(fact.command())
        found[at.name] = fact.process(said) if ok else Discovery()
        return look.observed(at, prefixes.get(at.name) or conda.prefix(found[at.name], probe.PREFIX))

    return look.snapshots(fleet, names, both, asked=asked, told=told), found
