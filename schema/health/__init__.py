"""The state of a host in words: what forbids touching it, what is unhealthy, and what of that is accepted."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from schema import certain, environments
from schema.errors import Finding
from schema.health import (
    board,
    branch,
    bus,
    container,
    disk,
    driver,
    external,
    fabric,
    flavour,
    gpu,
    host,
    kernel,
    keys,
    library,
    log,
    look,
    memory,
    mode,
    modules,
    node,
    nouveau,
    package,
    preferences,
    refusal,
    repository,
    software,
    sources,
    switch,
    unattended,
    xid,
)
from schema.health.accepted import COMPUTE, accept, unused
from schema.history import evidence

if TYPE_CHECKING:
    from schema.change import Change
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

__all__ = ["COMPUTE", "findings", "refusals", "unused"]

refusals = refusal.refusals
Check = Callable[["HostSpec", "Snapshot"], list[Finding] | tuple[Finding, ...]]
CHECKS: tuple[Check, ...] = (
    gpu.declared,
    gpu.answering,
    gpu.sizes,
    gpu.links,
    bus.fallen,
    bus.bound,
    bus.errors,
    memory.condition,
    mode.mig,
    mode.ecc,
    mode.persistence,
    mode.clocks,
    mode.licence,
    xid.reported,
    log.refused,
    log.failed,
    log.mismatched,
    log.switches,
    log.memory,
    node.files,
    driver.running,
    driver.kernel,
    driver.declared,
    flavour.suited,
    library.versions,
    library.shadowed,
    modules.built,
    modules.signed,
    modules.unsigned,
    nouveau.blacklist,
    kernel.headers,
    kernel.metapackages,
    kernel.waiting,
    kernel.held,
    fabric.running,
    fabric.joined,
    switch.packaged,
    package.managers,
    package.origins,
    package.state,
    branch.transitional,
    branch.floating,
    repository.sources,
    repository.keys,
    sources.releases,
    sources.conflicts,
    sources.unverified,
    keys.findings,
    preferences.outranked,
    unattended.exclusions,
    software.toolkits,
    software.conda,
    software.host,
    container.reload,
    container.specifications,
    disk.space,
    host.suspend,
    host.clock,
    external.declared,
    environments.findings,
    board.memory,
    look.whole,
)
# A board's driver, CUDA and repositories are those of its own system.
BOARD_CHECKS: tuple[Check, ...] = (look.whole, board.release, package.state, software.conda, environments.findings)


def findings(
    spec: "HostSpec", snapshot: "Snapshot", changes: "tuple[Change, ...]", today: date | None = None
) -> tuple[Finding, ...]:
    """Refusals first, then health in the order of the checks, each marked where the inventory accepts it."""
    refused = refusals(spec, snapshot, changes)
    checks = CHECKS if spec.platform == "generic" else BOARD_CHECKS
    found = certain.ailments(snapshot, [item for check in checks for item in check(spec, snapshot)])
    return (*refused, *accept(spec, evidence.told(found, snapshot), today))
