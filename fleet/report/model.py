"""What a drift check found: a report for each host, and the whole of them. Every form is made from this alone."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import Field

from fleet.errors import Failure
from schema.compute import Compute
from schema.errors import Finding
from schema.model import Model
from schema.plan import Change

Status = Literal["in-sync", "drift", "unhealthy", "unreachable", "failed"]
FailOn = Literal["error", "warning", "never"]


class GpuKind(Model):
    """GPUs of one kind: the name is the driver's, or that of our data for the PCI id, or the id."""

    name: str
    count: int


class Facts(Model):
    """What was seen of a host, in short; None and () where there is none, or it is named in `unseen`.

    `ubuntu` is "24.04", or "debian 12" on another system. `driver` and `modules` are of the kernel module in memory;
    `driver_cuda` is the newest CUDA that it runs, as nvidia-smi says. `cuda` are the releases of toolkits, "12.9".
    `gpus_declared` is None where the inventory does not say; `gpus_listed`: by the driver, None without an answer.
    `unseen`: those fields of this model that could not be read.
    """

    ubuntu: str | None = None
    arch: str | None = None
    board: str | None = None
    kernel: str | None = None
    driver: str | None = None
    modules: Literal["open", "proprietary"] | None = None
    driver_cuda: str | None = None
    cuda: tuple[str, ...] = ()
    cuda_default: str | None = None
    cudnn: tuple[str, ...] = ()
    conda: str | None = None
    environments: tuple[str, ...] = ()
    gpus: tuple[GpuKind, ...] = ()
    gpus_declared: int | None = None
    gpus_on_bus: int | None = None
    gpus_listed: int | None = None
    unseen: tuple[str, ...] = ()


class HostReport(Model):
    """One host of `fleet drift --format json`.

    `seen`: when the look at it came back (RFC 3339, UTC), None where none did; `last_seen`: that, or what the baseline
    has; `seconds`: how long the look took, the connection included, also where it failed. `facts` is None
    without a look, `compute` without a deep one.
    """

    host: str
    status: Status
    pending: Literal["none", "reboot", "blocked"] = "none"
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_seen: tuple[str, ...] = ()
    error: Failure | None = None
    groups: tuple[str, ...] = ()
    seen: str | None = None
    last_seen: str | None = None
    seconds: float | None = None
    facts: Facts | None = None
    compute: Compute | None = None


class ChangePair(Model):
    """A difference then and now: `before` is None where it is new, `after` where it is gone."""

    before: Change | None
    after: Change | None


class FindingPair(Model):
    """A finding then and now: `before` is None where it is new, `after` where it is gone."""

    before: Finding | None
    after: Finding | None


class HostDifference(Model):
    """What became of a host. `before`, `after`: its status then and now; `error`: why it tells nothing today.

    `comparable`: both looks came about; changes and findings are compared then only. `not_seen`: what was seen then and
    was not today: a finding that is gone may be hidden by it.
    """

    host: str
    before: Status
    after: Status
    comparable: bool
    changes: tuple[ChangePair, ...] = ()
    findings: tuple[FindingPair, ...] = ()
    not_seen: tuple[str, ...] = ()
    error: Failure | None = None


class Baseline(Model):
    """What is different since an earlier report. `time` is that report's; `hosts` are those that differ, in order.

    `added`: hosts that it has not; `removed`: hosts of it that the inventory has not. `same`: how many are as they
    were; `left_out`: how many of its hosts the inventory has and this check did not choose.
    """

    time: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    hosts: tuple[HostDifference, ...] = ()
    same: int = 0
    left_out: int = 0


class Report(Model):
    """A drift check of some hosts: the contract's JSON as it stands.

    `time` is when the report was made, `started` when the check began (both RFC 3339, UTC), `seconds` between them.
    `inventory` is the name of the folder; `summary` has one count for each status. `baseline`: with --baseline only.
    """

    version: Literal[1] = 1
    time: str
    summary: dict[Status, int] = Field(default={})
    hosts: tuple[HostReport, ...] = ()
    inventory: str = ""
    started: str | None = None
    seconds: float | None = None
    baseline: Baseline | None = None


def counts(hosts: Iterable[HostReport]) -> dict[Status, int]:
    """How many hosts have each status; all of them are named."""
    found = Counter(host.status for host in hosts)
    return {status: found[status] for status in get_args(Status)}
