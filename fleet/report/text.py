"""The report as text: hosts in sync on a line each, the others with what differs, and a last line that counts."""

from fleet.report import since, words
from fleet.report.model import HostReport, Report, counts


def render(report: Report) -> str:
    """A block for each host, those in sync first and on one line, and a last line that counts."""
    hosts = report.hosts
    width = max((len(host.host) for host in hosts), default=0)
    quiet = [host for host in hosts if host.status == "in-sync" and not _details(host)]
    shown = [f"{host.host:{width}}  in-sync" for host in quiet]
    for host in hosts:
        if host not in quiet:
            shown += [f"{host.host:{width}}  {host.status}{_pending(host)}", *_details(host)]
    parts = [f"{count} {status}" for status, count in counts(hosts).items() if count]
    return "\n".join([*shown, f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}: {', '.join(parts)}"])


def _pending(host: HostReport) -> str:
    return f" (pending: {host.pending})" if host.pending != "none" else ""


def _details(host: HostReport) -> list[str]:
    if host.error is not None:
        return [f"    {line}" for line in host.error.lines()]
    shown = [f"    {line}" for line in since.changes(host)]
    for item in host.findings:
        shown += words.finding(item)
    if host.not_seen:
        shown.append(f"    not seen: {', '.join(host.not_seen)}")
    if host.changes:
        shown.append(f"    next: fleet plan --limit {host.host}; fleet apply --limit {host.host}")
    return shown
