"""What forbids touching a host at all: each would fail, or do damage, later. Nothing of this can be accepted."""

import shlex
from typing import TYPE_CHECKING

from schema import choose, compat, driver, kernel, repository
from schema.driver.generation import declared_architectures, seen_architectures, suits
from schema.errors import Finding
from schema.health import board
from schema.repository.key import wants_cuda

if TYPE_CHECKING:
    from schema.change import Change
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# Those that replace or upgrade the driver by themselves; a PPA is kept away by our preferences.
MANAGERS = frozenset({"runfile", "gpu-operator", "dgx-os", "wsl", "azure-extension", "lambda-stack"})
# The rules on a branch or flavour that does not drive a declared GPU, and on GPUs without a common one.
UNSUITED = frozenset({"CMP001", "CMP002", "CMP003", "CMP006"})
SAFE_SOURCES = "declare driver: {source: ubuntu, delivery: prebuilt}, whose modules are signed by Canonical"


def refusals(spec: "HostSpec", snapshot: "Snapshot", changes: "tuple[Change, ...]") -> tuple[Finding, ...]:
    """Every reason at once, as errors; () where the host may be touched."""
    return (
        *_release(spec, snapshot),
        *_architecture(spec, snapshot),
        *_unsuited(spec, snapshot),
        *_secure_boot(spec, snapshot, changes),
        *_managed_by_others(spec, snapshot),
        *_held(snapshot, changes),
        *_contradicted(spec, snapshot),
        *board.untouched(spec),
    )


def _error(code: str, message: str, evidence: str, hint: str) -> list[Finding]:
    return [Finding(code=code, severity="error", message=message, evidence=evidence, hint=hint)]


def _release(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    release = snapshot.release
    if not release.id and snapshot.not_seen & {"host", "host/texts"}:
        return []
    if release.id == "ubuntu" and release.version == spec.ubuntu:
        return []
    found = release.name or f"{release.id} {release.version}".strip() or "not seen"
    hint = "name another machine, or install Ubuntu on this one; no other system is supported"
    if release.id == "ubuntu":
        hint = f'declare ubuntu: "{release.version}"'
    return _error("GPU001", f"Ubuntu {spec.ubuntu} is declared, and the host has {found}", "/etc/os-release", hint)


def _architecture(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    if snapshot.architecture in {spec.arch, ""} and snapshot.platform == spec.platform:
        return []
    found = f"{snapshot.architecture}, {snapshot.platform}"
    message = f"{spec.arch}, {spec.platform} is declared, and the host is {found}"
    return _error("GPU002", message, "uname -m", f"declare arch: {snapshot.architecture}, or another address")


def _unsuited(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    managed, resolved = spec.managed_driver, driver.resolve(spec, snapshot)
    if managed is None or managed.source == "external":
        return []
    generations = seen_architectures(snapshot)
    if resolved is None:
        found = choose.branch(spec, snapshot)
        return _error("GPU007", found.reason, ", ".join(sorted(generations)), found.hint or "see fleet validate")
    if suits(resolved.branch, resolved.flavour, generations) or _insisted(spec, generations):
        return []
    rows = [row for row in map(compat.architecture, sorted(generations)) if row is not None]
    limits = [f"{row.title}: branch up to {row.last_branch or 'any'}, {' or '.join(row.flavours)}" for row in rows]
    message = f"branch {resolved.branch} with {resolved.flavour} modules does not drive the GPUs that are there"
    hint = "declare the GPUs that are there, and driver: {branch: auto, modules: auto}"
    devices = [f"{device.slot} {device.pci_id}" for device in snapshot.gpu.nvidia]
    return _error("GPU003", message, "\n".join([*devices, *limits]), hint)


def _insisted(spec: "HostSpec", generations: frozenset[str]) -> bool:
    """Whether the inventory accepts just this: the GPUs that are there are declared, and so is the exception.

    One that has ended does not come this far: its error counts when the inventory is read.
    """
    accepts = not UNSUITED.isdisjoint(entry.code for entry in spec.accept)
    return accepts and generations <= declared_architectures(spec.gpus or ())


def _secure_boot(spec: "HostSpec", snapshot: "Snapshot", changes: "tuple[Change, ...]") -> list[Finding]:
    """A module that is loaded and signed under Secure Boot was signed with a key the owner has enrolled: it stays.

    Where a key of the host's own is among those that the kernel trusts, DKMS signs with it (dkms(8), Secure Boot).
    """
    resolved = driver.resolve(spec, snapshot)
    if resolved is None or resolved.source == "external" or resolved.delivery != "dkms":
        return []
    module = snapshot.driver.module_for(snapshot.kernel.running)
    enrolled = snapshot.driver.loaded_version is not None and module is not None and module.signer is not None
    due = any(change.concern == "driver" and not change.item.startswith("/") for change in changes)
    if not snapshot.kernel.signed_only or enrolled or kernel.trusts_own_key(snapshot.kernel) or not due:
        return []
    message = "Secure Boot is on, and modules built on the host (DKMS) are not signed with a key the firmware knows"
    hint = f"{SAFE_SOURCES}; or enrol a key at the console (mokutil --import); or switch Secure Boot off"
    return _error("GPU004", message, snapshot.kernel.signed_only, hint)


def _managed_by_others(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    managed, found = spec.managed_driver, MANAGERS.intersection(snapshot.driver.managers)
    if managed is None or managed.source == "external" or managed.takeover or not found:
        return []
    message = f"something else manages the driver on this host: {', '.join(sorted(found))}"
    hint = "declare driver: {source: external}; to replace it all the same: driver.takeover: true"
    return _error("GPU005", message, "found by the files it leaves", hint)


def _held(snapshot: "Snapshot", changes: "tuple[Change, ...]") -> list[Finding]:
    packages = snapshot.apt.packages
    names = sorted({change.item for change in changes if change.item in packages and packages[change.item].held})
    if not names:
        return []
    message = f"held packages stand in the way: {', '.join(names[:8])}"
    hint = f"release them on the host: sudo apt-mark unhold {' '.join(names[:8])}; or declare the versions they have"
    return _error("GPU006", message, "\n".join(f"{name} {packages[name].version}" for name in names[:8]), hint)


def _contradicted(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A source of NVIDIA's repository with another keyring than ours would name: beside it, ours would stop apt."""
    ours = repository.CUDA_SOURCE in snapshot.apt.files
    if ours or not wants_cuda(spec) or snapshot.not_seen & {"repository", "repository/sources", "repository/keys"}:
        return []
    named = repository.signer(spec, snapshot)
    wrong = [source for source in repository.rivals(spec, snapshot) if source.signed_by != named]
    if not wrong:
        return []
    lines = [f"{source.file}: signed by {source.signed_by or 'any trusted key'}" for source in wrong]
    files = shlex.join(sorted({source.file for source in wrong}))
    message = "a source on the host names NVIDIA's repository with another key: beside ours apt would read nothing"
    hint = f"remove it: sudo apt purge cuda-keyring, or sudo rm {files}; then run again"
    return _error("GPU009", message, "\n".join(lines), hint)
