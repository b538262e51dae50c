"""The smoke test after an apply: a host is done when its idle GPUs compute, and compute right."""

import datetime
import time

from pyinfra import logger

from deploys import look, remote
from deploys.remote import LostError
from deploys.step import StepError, Work
from facts import compute as facts
from schema import compute
from schema.errors import Finding
from schema.health import compute as health

RESULT = "gpufleet_compute"
# GPUs that NVSwitches join are not ready for up to three minutes after the fabric manager's start, which a boot is.
READY_SECONDS, AGAIN_SECONDS = 180.0, 15.0
NOT_READY = 802


def needed(work: Work) -> bool:
    """Where the inventory leaves it on and a GPU is on the bus; whether it can run is known after the other steps."""
    return work.spec.smoke_test and bool(work.seen.gpu.nvidia)


def test(work: Work) -> None:
    """Run it on what the confirming look saw, and tell what came of it. Raises StepError where something fails."""
    made = ready(work)
    work.host.connector_data[RESULT] = made
    today = datetime.datetime.now(tz=datetime.UTC).date()
    found = health.findings(work.spec, made, today)
    errors = tuple(item for item in found if item.severity == "error" and not item.accepted)
    if errors:
        raise failed(work, errors)
    for item in found:
        warn(work, f"{item.code} {item.message}")
    tell(work, made)


def warn(work: Work, text: str) -> None:
    work.host.log_styled(text, fg="yellow", log_func=logger.warning)


def tell(work: Work, made: compute.Compute) -> None:
    """What came of a test that found no fault: passed, left alone, not run or not seen."""
    if not made.ran and made.seen:
        work.host.log(f"smoke test not run: {made.why}" if made.why else "smoke test not run: every GPU is in use")
    for result in made.of("skipped"):
        work.host.log(f"smoke test: {result.device or result.environment}: {result.text}")
    unseen = [made.why] if not made.seen else [result.text for result in made.of("not-seen")]
    for text in unseen:
        warn(work, f"smoke test not seen: {text}")
    if made.of("passed") and not unseen:
        work.host.log_styled(f"smoke test passed: {summary(made)}", fg="green")


def ready(work: Work) -> compute.Compute:
    """The test, again while the system only says that it is not ready yet, by a real clock."""
    started, made = time.monotonic(), run(work)
    while waits(made) and time.monotonic() - started < READY_SECONDS:
        work.host.log(f"CUDA is not ready yet (error {NOT_READY}); trying again in {AGAIN_SECONDS:.0f} s")
        time.sleep(AGAIN_SECONDS)
        made = run(work)
    return made


def waits(made: compute.Compute) -> bool:
    failed = made.of("failed")
    return bool(failed) and all(result.number == NOT_READY for result in failed)


def run(work: Work) -> compute.Compute:
    """The test itself, as `fleet drift --deep` runs it."""
    if why := compute.not_run(work.spec, work.seen):
        return compute.Compute(ran=False, why=why)
    request = compute.request(work.spec, work.seen)
    try:
        _, said = remote.run(
            work.host, facts.COMMAND, timeout_seconds=facts.LIMIT_SECONDS + 30, stdin=facts.script(request)
        )
    except LostError as error:
        return compute.Compute(ran=False, seen=False, why=f"lost the connection during the test: {error}")
    return compute.read(request, facts.parse(said.stdout_lines), work.seen)


def failed(work: Work, errors: tuple[Finding, ...]) -> StepError:
    others = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return StepError(
        "RUN401",
        f"{work.name} is as declared, and fails its smoke test: {errors[0].message}{others}",
        evidence=look.text(errors),
        state="everything is on disk and was confirmed; the driver is loaded",
        hint=f"{errors[0].hint}; then: fleet drift --deep --limit {work.name}",
    )


def summary(made: compute.Compute) -> str:
    """ "2 GPUs by driver, nvcc, torch ml"."""
    passed = made.of("passed")
    number = len({item.uuid for item in passed if item.uuid})
    ways = dict.fromkeys(item.way if item.environment is None else f"{item.way} {item.environment}" for item in passed)
    return f"{number} GPU{'s' if number != 1 else ''} by {', '.join(ways)}"
