"""The apply: which steps there are, in which order, and why in that order."""

from collections.abc import Callable
from dataclasses import dataclass

from pyinfra.api.host import Host

from deploys import compute, conda, confirm, cuda, driver, environments, look, packages, reboot, repository, step
from deploys.step import Function, Work


@dataclass(frozen=True)
class Step:
    """One operation: its name in plans and logs, whether this host needs it, what it does, and why it stands here."""

    name: str
    needed: Callable[[Work], bool]
    function: Function
    why: str


def always(work: Work) -> bool:
    return True


STEPS = (
    Step("Look again before the first change", always, confirm.unchanged, "a stale plan must not be carried out"),
    Step("Finish interrupted package work", packages.interrupted, packages.repair, "apt refuses to work before"),
    Step("Add the NVIDIA repository's key", repository.key_needed, repository.key, "the source names the key"),
    Step(
        "Write gpufleet's files",
        repository.files_needed,
        repository.write_files,
        "apt and the driver's scripts read them",
    ),
    Step("Read the package lists", packages.needed, repository.update, "versions are resolved on the host, from these"),
    Step(
        "Resolve exact versions and pin them",
        packages.needed,
        packages.resolve_and_pin,
        "one matched set, before apt acts",
    ),
    Step("Install the packages in one transaction", packages.needed, packages.install, "triggers and DKMS run once"),
    Step("Keep nouveau from loading", driver.nouveau_needed, driver.nouveau, "the boot image holds the blacklist"),
    Step("Set the default CUDA toolkit", cuda.default_needed, cuda.default, "the toolkit must be there"),
    Step("Switch the driver's services on", driver.services_needed, driver.services, "their units come with packages"),
    Step("Install conda", conda.needed, conda.install, "environments need it"),
    Step("Bring the conda environments up", environments.needed, environments.ensure, "needs conda, not the driver"),
    Step("Reboot into the driver", look.reboots, reboot.reboot, "last change: everything is on disk by then"),
    Step("Confirm with a fresh look", always, confirm.confirm, "exit codes prove nothing; then the record is written"),
    Step("Have the idle GPUs compute", compute.needed, compute.test, "a driver that answers may still not compute"),
)


def apply(host: Host) -> None:
    """Add the operations for one host: none at all when it is as declared.

    The place in STEPS is the operation's identity (`host.loop`), so that hosts with different plans share an order
    (pyinfra 3.10, `api/operation.py`, solve_operation_consistency).
    """
    work = look.prepare(host)
    if work is None:
        return
    for item in host.loop(STEPS):  # type: ignore[no-untyped-call]
        if item.needed(work):
            parallel = reboot.at_once(host) if item.function is reboot.reboot else 0
            step.add(item.name, item.function, work, parallel=parallel)
