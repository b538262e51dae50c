"""The smoke test in a host's report: its findings, what it does to the status, and its results in words."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from fleet.errors import Failure
from fleet.report import words
from fleet.report.model import FailOn, HostReport
from schema.compute import Compute, Result
from schema.health import compute as health
from schema.host import HostSpec

# A device's title without its number and its slot.
MODEL = re.compile(r"^GPU [0-9]+ (.*?)(?: [0-9a-f]{4}:[0-9a-f:.]+)?$")


def fold(report: HostReport, spec: HostSpec, compute: Compute, fail_on: FailOn, today: date) -> HostReport:
    """The report with the smoke test in it. A failed one makes a host unhealthy; one that was asked for and not seen
    leaves undecided what nothing else decides."""
    found = health.findings(spec, compute, today)
    counted = [item for item in found if not item.accepted]
    bad = {"error"} if fail_on != "warning" else {"error", "warning"}
    unseen = not compute.seen or bool(compute.of("not-seen"))
    status, error = report.status, report.error
    if status in {"in-sync", "failed"} and any(item.severity in bad for item in counted):
        status, error = "unhealthy", None
    elif status == "in-sync" and unseen:
        status, error = "failed", undecided(report.host, compute)
    return report.model_copy(
        update={
            "status": status,
            "error": error,
            "findings": tuple(dict.fromkeys((*report.findings, *found))),
            "not_seen": (*report.not_seen, "compute") if unseen else report.not_seen,
            "compute": compute,
        }
    )


def undecided(host: str, compute: Compute) -> Failure:
    reasons = [compute.why] if not compute.seen else [f"{_place(item)}: {item.text}" for item in compute.of("not-seen")]
    return Failure(
        code="RUN400",
        message=f"whether the GPUs of {host} compute could not be seen",
        evidence="\n".join(reasons),
        state="nothing was changed",
        hint="mend what the evidence says, then run the same command again; without --deep this is not asked",
    )


def lines(compute: Compute) -> list[str]:
    """GPUs that passed in every way together, those of one model on a line; then each with what it did not pass.

    Rates are told in tens of percent, so that equal hosts say the same; the JSON has them exactly.
    """
    if not compute.ran and not compute.results:
        return [f"    compute {'not run' if compute.seen else 'not seen'}: {words.plain(compute.why)}"]
    ways = _by_device(compute.results)
    kinds = Counter(_kind(ways[device]) for device in ways if _sound(ways[device]))
    told = [f"{number} x {kind}" if number > 1 else kind for kind, number in kinds.items()]
    told += [f"{device}: {'; '.join(map(_way, ways[device]))}" for device in ways if not _sound(ways[device])]
    whole = [item for item in compute.results if not item.device and item.outcome != "passed"]
    told += [f"{_place(item)} {item.outcome}: {item.text}" for item in whole]
    return [f"    compute {words.plain(line)}" for line in told]


def _by_device(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for item in results:
        if item.device:
            found.setdefault(item.device, []).append(item)
    return found


def _sound(ways: list[Result]) -> bool:
    return all(item.outcome == "passed" for item in ways)


def _kind(ways: list[Result]) -> str:
    """ "NVIDIA GeForce GTX 1080: driver (60% of its peak), nvcc, torch ml passed"."""
    first = ways[0]
    share = f" ({round(first.share * 10) * 10}% of its peak)" if first.share is not None else ""
    names = [_name(item) + (share if item is first else "") for item in ways]
    model = MODEL.sub(r"\1", first.device)
    return f"{model}: {', '.join(names)} passed"


def _name(item: Result) -> str:
    return item.way if item.environment is None else f"{item.way} {item.environment}"


def _way(item: Result) -> str:
    if item.outcome == "skipped":
        return item.text
    return f"{_name(item)} {item.outcome.replace('-', ' ')}" + (f": {item.text}" if item.outcome == "not-seen" else "")


def _place(item: Result) -> str:
    return item.device if item.environment is None else f"{item.way} {item.environment} {item.device}".rstrip()
