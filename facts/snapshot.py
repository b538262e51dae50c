"""HostSnapshot: everything a decision about a host needs, in one round trip."""

from collections.abc import Callable
from typing import TypeVar

from facts import conda, container, cuda, cudnn, driver, gpu, history, host, kernel, log, memo, probe, repository
from facts.fact import FactBase
from schema.container import ContainerState
from schema.cuda import CudaState
from schema.cudnn import CudnnState
from schema.driver import DriverState
from schema.gpu import GpuState
from schema.history import HistoryState
from schema.kernel import KernelState
from schema.log import LogState
from schema.repository import AptState
from schema.snapshot import HostState, Release, Snapshot

T = TypeVar("T")
NOTHING = HostState(hostname="", release=Release(id="", version=""), architecture="")


class HostSnapshot(FactBase[Snapshot]):
    """The whole observed host, a `schema.snapshot.Snapshot`; what could not be seen is named in its `not_seen`.

    One command, some thirty processes on the host, at most a minute; it writes nothing there. `prefix` is where conda
    stands: the argument, else the host's declared prefix, else /opt/conda.
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(prefix=probe.prefix(prefix))

    def process(self, output: list[str]) -> Snapshot:
        return parse(probe.sections(output))

    @staticmethod
    def default() -> Snapshot:
        return parse(probe.sections([]))


def parse(found: probe.Sections) -> Snapshot:
    """The snapshot of one run of the probe. Nothing is raised, whatever the text: a concern whose text cannot be taken
    apart is as if empty, and named in `not_seen`."""
    lost: set[str] = set()

    def seen(concern: str, parser: Callable[[probe.Sections], T], nothing: T) -> T:
        # The text comes from a machine that may be broken or hostile; models refuse what is not of their shape.
        try:
            return memo.parsed(parser, found)
        except (ValueError, KeyError, IndexError, RecursionError):
            lost.add(concern)
            return nothing

    state = seen("host", host.parse, NOTHING)
    return Snapshot(
        **{name: getattr(state, name) for name in HostState.model_fields},
        kernel=seen("kernel", kernel.parse, KernelState(running="")),
        gpu=seen("gpu", gpu.parse, GpuState()),
        driver=seen("driver", driver.parse, DriverState()),
        log=seen("log", log.parse, LogState()),
        container=seen("container", container.parse, ContainerState()),
        apt=seen("repository", repository.parse, AptState()),
        cuda=seen("cuda", cuda.parse, CudaState()),
        cudnn=seen("cudnn", cudnn.parse, CudnnState()),
        conda=seen("conda", conda.parse, None),
        history=seen("history", history.parse, HistoryState()),
        devices_in_use=seen("gpu", gpu.holders, tuple[int, ...]()),
        not_seen=unseen(found) | lost,
    )


def unseen(found: probe.Sections) -> frozenset[str]:
    """The names of what could not be read: sections, and the parts of a section that belong to another user."""
    parts = (memo.parsed(part, found) for part in (host.unseen, gpu.unseen, repository.unseen, history.unseen))
    return found.unseen(probe.SECTIONS).union(*parts)
