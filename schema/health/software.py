"""CUDA toolkits, conda and the host itself: what is there and not declared, or broken."""

from typing import TYPE_CHECKING

from schema import cuda
from schema.errors import Finding, Severity
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def toolkits(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Toolkits not declared, not from packages, or without their folder; () where CUDA is not managed."""
    if spec.cuda is None or snapshot.not_seen & {"cuda", "cuda/toolkits"}:
        return []
    kits = cuda.declared(spec)
    wanted = {cuda.minor(version) for version in kits.toolkits} if kits is not None else set()
    gone = {cuda.minor(version) for version in kits.absent} if kits is not None else set()
    found = []
    for item in snapshot.cuda.toolkits:
        if item.package is None and item.version in wanted | gone:
            hint = f"it came from a runfile: sudo {item.path}/bin/cuda-uninstaller; then run the same command again"
            found.append(finding("GPU161", "warning", f"CUDA {item.version} belongs to no package", [item.path], hint))
        elif item.version not in wanted | gone:
            severity: Severity = "info" if spec.cuda != "none" else "warning"
            hint = f'declare it, or "{item.version}": absent'
            message = f"CUDA {item.version} is there and not declared"
            found.append(finding("GPU160", severity, message, [item.path], hint))
    there = {item.version for item in snapshot.cuda.toolkits}
    for version in sorted(wanted - there):
        name = f"cuda-toolkit-{version.replace('.', '-')}"
        if snapshot.apt.installed(name) is not None:
            names = f"$(dpkg-query -W -f '${{Package}} ' '*-{version.replace('.', '-')}')"
            hint = f"put it back: sudo apt install --reinstall {names}"
            message = f"CUDA {version} is installed by its packages, and its folder is gone"
            found.append(finding("GPU162", "error", message, [f"/usr/local/cuda-{version}"], hint))
    return found


def conda(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A conda where none is to be."""
    state = snapshot.conda
    if spec.conda != "none" or state is None or state.version is None:
        return []
    hint = "declare it, or remove it yourself: nothing undeclared is removed"
    return [finding("GPU170", "warning", "no conda is declared, and one is there", [state.prefix], hint)]


def host(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A reboot that packages ask for."""
    found = []
    if snapshot.reboot_required:
        lines = ["/run/reboot-required", *snapshot.reboot_required_packages]
        found.append(finding("GPU150", "info", "packages ask for a reboot", lines, "reboot when it suits"))
    return found
