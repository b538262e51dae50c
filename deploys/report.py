"""The drift check inside pyinfra: one look, the plan in words, and a failed host where it differs."""

from pyinfra import logger
from pyinfra.api.host import Host

from deploys import confirm, look
from deploys.step import StepError, Work
from schema.errors import Finding

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def drift(host: Host) -> None:
    """Log every difference and finding; fail the host when there is one that counts. Adds no operation."""
    try:
        work = look.take(host)
    except StepError as error:
        look.stop(host, error)
        return
    for item in work.shown.findings:
        finding(host, item)
    reason = verdict(work)
    if reason is not None:
        look.stop(host, reason)
        return
    host.log_styled("in sync", fg="green")


def finding(host: Host, item: Finding) -> None:
    accepted = " (accepted)" if item.accepted else ""
    text = f"{item.code} {item.severity}{accepted}: {item.message}"
    if item.severity == "info" or item.accepted:
        host.log(text)
    else:
        host.log_styled(text, fg=COLOURS[item.severity], log_func=logger.warning)


def verdict(work: Work) -> StepError | None:
    """Drift, refusals and unaccepted errors fail the host; warnings do not (`fleet drift --fail-on` has the choice)."""
    plan = work.shown
    errors = [item for item in (*plan.findings, *plan.refusals) if item.severity == "error" and not item.accepted]
    if plan.changes:
        evidence = "\n".join(confirm.line(change) for change in plan.changes)
        hint = f"bring it back: pyinfra INVENTORY deploys/gpu.py --limit {work.name}"
        places = "one place" if len(plan.changes) == 1 else f"{len(plan.changes)} places"
        message = f"{work.name} drifts from its declaration in {places}"
        return StepError("RUN129", message, evidence=evidence, state="read only; nothing was changed", hint=hint)
    if errors:
        hint = errors[0].hint or f"fleet explain {errors[0].code}"
        message = f"{work.name} is as declared, and unhealthy"
        evidence = look.text(tuple(errors))
        return StepError("RUN130", message, evidence=evidence, state="read only; nothing was changed", hint=hint)
    return None
