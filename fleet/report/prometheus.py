"""The report for node_exporter's textfile collector: gauges of each host and of the run.

Names and the label `node` are those of NVIDIA's GPU operator, with `gpufleet` before them, where its
node-status-exporter has one of the same meaning (NVIDIA/gpu-operator, cmd/nvidia-validator/metrics.go).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import get_args

from fleet.report import exposition
from fleet.report.exposition import Families
from fleet.report.model import Facts, HostReport, Report, Status

SEEN = "gpufleet_node_last_seen_timestamp_seconds"
VALID = "gpufleet_node_driver_validation_last_success_ts_seconds"
MEANINGS = {
    "gpufleet_run_timestamp_seconds": "When the drift check that wrote this ended.",
    "gpufleet_run_duration_seconds": "How long that drift check took.",
    "gpufleet_nodes": "Hosts of that drift check by status.",
    "gpufleet_node_status": "1 for the status of the host, 0 for the others.",
    "gpufleet_node_up": "1 if the host could be looked at, 0 otherwise.",
    SEEN: "When the host was last looked at; kept while it cannot be reached.",
    "gpufleet_node_look_duration_seconds": "How long the look took with the connection, also where it failed.",
    "gpufleet_node_pending": "1 if only a reboot is left to do (reboot), or work on the host is in the way (blocked).",
    "gpufleet_node_changes": "Differences from the declaration by concern; none without one.",
    "gpufleet_node_findings": "Findings by code; accepted ones do not count against the host.",
    "gpufleet_node_not_seen": "Parts of the look that could not be read.",
    "gpufleet_node_driver_ready": "1 if the driver works and is the declared one, 0 otherwise.",
    "gpufleet_node_driver_validation": "1 if nvidia-smi answered and lists a GPU, 0 otherwise.",
    VALID: "When nvidia-smi last answered and listed a GPU; kept while it does not.",
    "gpufleet_node_cuda_ready": "1 if every GPU that was tested (--deep) computes, and computes right, 0 otherwise.",
    "gpufleet_nvidia_pci_devices_total": "NVIDIA GPUs on the PCI bus.",
    "gpufleet_node_gpus_listed": "GPUs that the driver lists.",
    "gpufleet_node_gpus_declared": "GPUs that the inventory declares.",
    "gpufleet_node_info": "1, with the versions that were seen on the host.",
}


def render(report: Report, file: Path | None = None) -> str:
    """The exposition. `file`, where it is there, is an earlier one: times of hosts that cannot be reached are kept."""
    families = Families()
    for name, meaning in MEANINGS.items():
        families.declare(name, meaning)
    seen, valid = exposition.earlier(file, SEEN, "node"), exposition.earlier(file, VALID, "node")
    # The collector refuses a series that stands in two files of its folder.
    run = {"inventory": report.inventory, "report": file.stem if file is not None else ""}
    families.add("gpufleet_run_timestamp_seconds", _seconds(report.time), **run)
    families.add("gpufleet_run_duration_seconds", report.seconds, **run)
    for status, number in report.summary.items():
        families.add("gpufleet_nodes", number, **run, status=status)
    for host in report.hosts:
        _host(families, host)
        _times(families, host, seen.get(host.host), valid.get(host.host))
        if host.facts is not None:
            _facts(families, host, host.facts)
    return "\n".join(families.lines())


def _host(families: Families, host: HostReport) -> None:
    for status in get_args(Status):
        families.add("gpufleet_node_status", int(host.status == status), node=host.host, status=status)
    families.add("gpufleet_node_up", int(host.facts is not None), node=host.host)
    families.add("gpufleet_node_look_duration_seconds", host.seconds, node=host.host)
    for pending in ("reboot", "blocked"):
        families.add("gpufleet_node_pending", int(host.pending == pending), node=host.host, pending=pending)
    for concern, number in Counter(item.concern for item in host.changes).items():
        families.add("gpufleet_node_changes", number, node=host.host, concern=concern)
    found = Counter((item.code, item.severity, str(item.accepted).lower()) for item in host.findings)
    for (code, severity, accepted), number in found.items():
        families.add("gpufleet_node_findings", number, node=host.host, code=code, severity=severity, accepted=accepted)
    if host.facts is not None:
        families.add("gpufleet_node_not_seen", len(host.not_seen), node=host.host)


def _times(families: Families, host: HostReport, seen: float | None, valid: float | None) -> None:
    """The times of this run, else those of the report's baseline or the earlier file: the later one."""
    known = [one for one in (_seconds(host.seen or host.last_seen), seen) if one is not None]
    families.add(SEEN, max(known, default=None), node=host.host)
    works = host.facts is not None and _validation(host.facts) == 1
    families.add(VALID, _seconds(host.seen) if works else valid, node=host.host)


def _facts(families: Families, host: HostReport, facts: Facts) -> None:
    validation = _validation(facts)
    families.add("gpufleet_node_driver_validation", validation, node=host.host)
    if validation is not None:
        as_declared = host.pending == "none" and all(item.concern != "driver" for item in host.changes)
        families.add("gpufleet_node_driver_ready", int(validation == 1 and as_declared), node=host.host)
    families.add("gpufleet_node_cuda_ready", _computes(host), node=host.host)
    families.add("gpufleet_nvidia_pci_devices_total", facts.gpus_on_bus, node=host.host)
    families.add("gpufleet_node_gpus_listed", facts.gpus_listed, node=host.host)
    families.add("gpufleet_node_gpus_declared", facts.gpus_declared, node=host.host)
    families.add("gpufleet_node_info", 1, node=host.host, **dict(_info(host, facts)))


def _validation(facts: Facts) -> int | None:
    """None where there is no GPU to drive, or it could not be seen whether one is driven."""
    if "gpus_listed" in facts.unseen or not (facts.gpus_on_bus or facts.gpus_declared or facts.gpus_listed):
        return None
    return int(bool(facts.gpus_listed))


def _computes(host: HostReport) -> int | None:
    """None where nothing was tested: without --deep, and where every GPU was left alone."""
    outcomes = {result.outcome for result in host.compute.results} if host.compute is not None else set()
    return 0 if "failed" in outcomes else 1 if "passed" in outcomes else None


def _info(host: HostReport, facts: Facts) -> Iterator[tuple[str, str]]:
    """Labels are always the same ones, "" for what is not there; several values have commas between."""
    yield "groups", ",".join(host.groups)
    for name in ("ubuntu", "arch", "kernel", "driver", "modules", "driver_cuda", "cuda_default", "conda"):
        yield name, getattr(facts, name) or ""
    yield "cuda", ",".join(facts.cuda)
    yield "cudnn", ",".join(facts.cudnn)
    yield "gpus", ",".join(f"{kind.count}x {kind.name}" for kind in facts.gpus)


def _seconds(time: str | None) -> float | None:
    """Seconds since the epoch; None for what is no time, as a report of another hand may have it."""
    try:
        return datetime.fromisoformat(time).timestamp() if time is not None else None
    except ValueError:
        return None
