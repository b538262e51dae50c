"""Look before the first change and after the last: the plan must be the one shown, and nothing may be left."""

from pyinfra import logger

from deploys import look, record
from deploys.step import StepError, Work
from schema.plan import Change, Plan


def unchanged(work: Work) -> None:
    """Raise StepError when the host is not as it was when the plan was shown."""
    seen = look.snapshot(work.host, work.spec)
    now = look.decide(work.spec, seen, force=work.force)
    if now.refusals or set(now.changes) != set(work.shown.changes) or bool(now.blocked) != bool(work.shown.blocked):
        raise StepError(
            "RUN100",
            f"{work.name} changed since its plan was shown",
            evidence=difference(work.shown, now) or look.text((*now.refusals, *now.blocked)),
            state="nothing was changed on the host",
            hint=f"look at the new plan (fleet plan --limit {work.name}), then run the same command again",
        )
    work.seen = seen


def line(change: Change) -> str:
    return f"{change.concern} {change.item}: {change.observed or 'absent'} -> {change.desired or 'absent'}"


def difference(old: Plan, new: Plan) -> str:
    gone = [f"no longer: {line(change)}" for change in old.changes if change not in new.changes]
    come = [f"new: {line(change)}" for change in new.changes if change not in old.changes]
    return "\n".join([*gone, *come][:12])


def left(work: Work, now: Plan) -> tuple[Change, ...]:
    """The changes that should be made by now. A missing reboot is no failure where this run does not reboot."""
    stopped = bool(work.shown.blocked)
    return tuple(
        change
        for change in now.changes
        if change.item not in look.REBOOT_ITEMS and not (stopped and change.concern in look.DRIVER_CONCERNS)
    )


def confirm(work: Work) -> None:
    """A fresh snapshot must agree; then the record is written and the use is told. Raises StepError."""
    work.seen = look.snapshot(work.host, work.spec)
    now = look.decide(work.spec, work.seen, force=work.force)
    missing = left(work, now)
    if missing:
        raise StepError(
            "RUN122",
            f"{work.name} is not as declared after all steps",
            evidence="\n".join(line(change) for change in missing[:12]),
            state="all steps ended without an error, and these differences are left",
            hint=f"look: fleet drift --limit {work.name}; then run the same command again",
        )
    if work.shown.blocked:
        raise look.blocked(work)
    if lost := look.unseen(work, work.seen):
        raise lost
    record.write(work)
    if any(change.item in look.REBOOT_ITEMS for change in now.changes) or now.pending == "reboot":
        still_pending(work)
        return
    warnings = [item for item in now.findings if item.severity == "error" and not item.accepted]
    for item in warnings:
        work.host.log_styled(f"{item.code} {item.message}", fg="yellow", log_func=logger.warning)
    work.host.log_styled("confirmed: a fresh look agrees with the declaration", fg="green")
    for text in usage(work):
        work.host.log(text)


def still_pending(work: Work) -> None:
    """Where this run rebooted the host and the driver is still not loaded, that is a failure; else it is pending."""
    if look.reboots(work) and not (work.spec.connection.local and not work.force):
        raise StepError(
            "RUN122",
            f"{work.name} was rebooted and its driver is still not the one on disk",
            evidence=f"loaded: {work.seen.driver.loaded_version or 'none'}\n"
            f"user space: {', '.join(work.seen.driver.libraries) or 'none'}",
            state="packages are on disk; the driver did not load",
            hint="see why on the host: sudo dmesg | grep -i nvrm; dkms status; mokutil --sb-state",
        )
    look.pending_reboot(work)


def usage(work: Work) -> list[str]:
    """How to use what stands there, for an ordinary user in a new shell."""
    names = [name for name, item in work.spec.environments.items() if item != "absent"]
    lines = [f"use it in a new shell: conda activate {name}" for name in names]
    if work.seen.cuda.default is not None:
        lines.append("CUDA on PATH in login shells: nvcc --version")
    if work.seen.driver.loaded_version is not None:
        lines.append("the GPUs: nvidia-smi")
    return lines
