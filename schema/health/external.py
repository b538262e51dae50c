"""A host that something else keeps: what is declared of CUDA, cuDNN and conda against what is there, as findings."""

from typing import TYPE_CHECKING

from schema import conda, cuda, cudnn, environments
from schema.errors import Finding
from schema.health.gpu import finding
from schema.model import within

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def declared(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """That nothing is changed, as information; and everything that is not as declared, but the driver (GPU118)."""
    if not spec.external:
        return []
    lines = [*_toolkits(spec, snapshot), *_cudnn(spec, snapshot), *_conda(spec, snapshot)]
    words = "the host is declared external: it is checked, and a run changes nothing on it"
    hint = "to let a run keep it, delete `external: true` and look at the plan"
    kept = finding("GPU191", "info", words, ["external: true"], hint)
    if not lines:
        return [kept]
    message = (
        f"{len(lines)} thing{'s are' if len(lines) > 1 else ' is'} not as declared on a host that something else keeps"
    )
    hint = "ask whoever keeps it, declare what is there, or delete `external: true` and let a run make it so"
    return [kept, finding("GPU190", "error", message, lines, hint)]


def _line(item: str, observed: str | None, desired: str | None) -> str:
    return f"{item}: {observed or 'absent'}, declared {desired or 'absent'}"


def _toolkits(spec: "HostSpec", snapshot: "Snapshot") -> list[str]:
    """By their folders, whoever put them there."""
    kits = cuda.declared(spec)
    if kits is None or snapshot.not_seen & {"cuda", "cuda/toolkits", "cuda/default"}:
        return []
    there = {item.version: item for item in snapshot.cuda.toolkits}
    lines = []
    for version in kits.toolkits:
        found = there.get(cuda.minor(version))
        full = None if found is None else found.full_version or found.version
        if full is None or (version.count(".") > 1 and not within(full, version)):
            lines.append(_line(f"CUDA {version}", full, version))
    lines += [_line(f"CUDA {version}", version, None) for version in kits.absent if cuda.minor(version) in there]
    if (wish := cuda.default(spec)) is not None and snapshot.cuda.default != wish:
        lines.append(_line(cuda.LINK, snapshot.cuda.default, wish))
    return lines


def _cudnn(spec: "HostSpec", snapshot: "Snapshot") -> list[str]:
    """By its libraries, whichever package or archive brought them; only where those could be seen."""
    if snapshot.not_seen & {"cudnn", "cudnn/libraries"}:
        return []
    libraries = snapshot.cudnn.libraries
    return [
        _line(f"cuDNN for CUDA {major}", ", ".join(libraries) or None, version)
        for major, version in cudnn.versions(spec, snapshot).items()
        if not any(within(library, version) for library in libraries)
    ]


def _conda(spec: "HostSpec", snapshot: "Snapshot") -> list[str]:
    """The prefix, and each environment as a run would compare it; not the installer, of which there is no record."""
    managed, state = conda.declared(spec), snapshot.conda
    if managed is None or snapshot.not_seen & {"conda", "conda/prefix"}:
        return []
    if state is None or state.version is None:
        return [_line(managed.prefix, None, "conda")]
    changes = environments.changes(spec, snapshot)
    return [_line(change.item, change.observed, change.desired) for change in changes]
