"""The files that gpufleet writes whole on a host: all that are wanted, and those of ours that no longer are."""

from typing import TYPE_CHECKING

from schema import conda, cuda, driver, pins, repository
from schema.change import Change
from schema.once import once
from schema.repository import key as keys
from schema.repository.files import CERTIFICATE, CUDA_SOURCE, PROXY, UBUNTU_SOURCE, UNATTENDED
from schema.repository.model import FileState, OwnedFile

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# The only paths that are ever removed: "gpufleet" in a name alone does not make a file ours.
OWNED = frozenset(
    {
        CERTIFICATE,
        CUDA_SOURCE,
        PROXY,
        UBUNTU_SOURCE,
        UNATTENDED,
        keys.CUDA_KEY,
        keys.UBUNTU_KEY,
        pins.PATH,
        driver.NOUVEAU,
        driver.PERSISTENCED,
        cuda.PROFILE,
        conda.PROFILE,
    }
)


@once
def by_concern(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, tuple[OwnedFile, ...]]:
    """The wanted files of each concern, in the concerns' order; none on a host that something else keeps."""
    if spec.external:
        return {}
    return {
        "repository": (*repository.files(spec, snapshot), *pins.files(spec, snapshot)),
        "driver": driver.files(spec, snapshot),
        "cuda": cuda.files(spec, snapshot),
        "conda": conda.files(spec, snapshot),
    }


@once
def owned(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """Every file to have, then, without content, those of ours on the host that nothing declared wants."""
    wanted = tuple(file for files in by_concern(spec, snapshot).values() for file in files)
    key = repository.vendor_key(spec)
    keep = {file.path for file in wanted} | ({key.path} if key is not None else set())
    gone = sorted(path for path in snapshot.apt.files if path in OWNED and path not in keep and not spec.external)
    return (*wanted, *(OwnedFile(path=path, content=None) for path in gone))


def difference(concern: str, file: OwnedFile, there: FileState | None) -> Change | None:
    """How a file on the host differs, in plain words; content is never shown."""
    if file.content is None:
        return Change(concern=concern, item=file.path, observed="present", desired=None) if there is not None else None
    if there is None:
        return Change(concern=concern, item=file.path, observed=None, desired="present")
    reasons = ["changed"] if there.content != file.content else []
    reasons += [f"mode {there.mode}"] if int(there.mode, 8) != int(file.mode, 8) else []
    reasons += [f"owner {there.owner}"] if there.owner != "root" else []
    if not reasons:
        return None
    return Change(concern=concern, item=file.path, observed=", ".join(reasons), desired="as written by gpufleet")


def changes(spec: "HostSpec", snapshot: "Snapshot", concern: str) -> tuple[Change, ...]:
    """The differing files of one concern, files to remove as the repository's; () where they could not be read."""
    if "repository/files" in snapshot.not_seen or "repository" in snapshot.not_seen:
        return ()
    files = by_concern(spec, snapshot).get(concern, ())
    if concern == "repository":
        files = (*files, *(file for file in owned(spec, snapshot) if file.content is None))
    found = (difference(concern, file, snapshot.apt.files.get(file.path)) for file in files)
    return tuple(change for change in found if change is not None)
