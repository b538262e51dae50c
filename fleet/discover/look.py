"""Looks at machines that are to be described: where conda stands and what it was asked for, then the snapshot."""

from collections.abc import Callable, Iterable, Mapping

from pyinfra.api.host import Host

from facts import probe
from facts.discovery import Origins
from fleet import dial, run
from fleet.discover import conda
from fleet.secrets import Secret
from schema.discovery import Discovery
from schema.fleet import Fleet
from schema.snapshot import Snapshot


def machines(
    fleet: Fleet,
    names: Iterable[str],
    prefixes: Mapping[str, str],
    *,
    asked: Secret | None = None,
    told: Callable[[str, run.Seen], None] = run.nothing,
) -> tuple[dict[str, run.Seen], dict[str, Discovery]]:
    """Two commands on each host: its snapshot or why there is none, and its discovery; `prefixes` are declared ones."""
    found: dict[str, Discovery] = {}
    listed = list(names)
    if not listed:
        return {}, found

    def look(host: Host) -> Snapshot:
        run.connect(host)
        try:
            fact = Origins()
            ok, output = run.asked(host, fact.command())
            found[host.name] = fact.process(output.stdout_lines) if ok else Discovery()
            prefix = prefixes.get(host.name) or conda.prefix(found[host.name], probe.PREFIX)
            return run.snapshot(host, prefix)
        finally:
            host.disconnect()

    state = run.state_of(fleet, listed, asked=asked)
    try:
        return run.each(state, look, told), found
    finally:
        dial.close(state)
