"""The driver's libraries: of several versions, or of one that no package brought; and what shadows them."""

import shlex
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.repository import Package
    from schema.snapshot import Snapshot


def versions(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """More than one version of user space, or one that the installed packages do not have (a runfile's leftovers)."""
    state = snapshot.driver
    packages = {upstream(item.version) for name, item in _compute(snapshot)}
    stray = [version for version in state.libraries if packages and version not in packages]
    if spec.managed_driver is None or not (stray or len(state.libraries) > 1):
        return []
    lines = list(state.library_files) or [f"libraries of {version}" for version in state.libraries]
    lines += [f"package {name} {item.version}" for name, item in _compute(snapshot)]
    message = f"the driver's libraries are of several versions: {', '.join(state.libraries)}"
    if len(state.libraries) == 1:
        message = f"the driver's libraries are of version {stray[0]}, which no installed package brought"
    if "runfile" in state.managers:
        hint = "remove the runfile's driver: sudo /usr/bin/nvidia-uninstall; then put the packages' files back"
    elif stray:
        names = shlex.join(name for name, _ in _compute(snapshot))
        left = [path for path in state.library_files if path.endswith(tuple(f".so.{one}" for one in stray))]
        hint = f"see whose it is (dpkg -S FILE); remove what no package owns: sudo rm {shlex.join(left)}; sudo ldconfig"
        hint += f"; then sudo apt install --reinstall {names}" if len(state.libraries) == 1 else ""
    else:
        hint = "see whose they are: dpkg -S FILE; keep the packages of one version"
    return [finding("GPU200", "warning", message, lines, hint)]


def _compute(snapshot: "Snapshot") -> list[tuple[str, "Package"]]:
    """The installed packages that bring libcuda and libnvidia-ml."""
    there = origin.driver_packages(snapshot).items()
    return [(name, item) for name, item in there if name.startswith("libnvidia-compute")]


def shadowed(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A stub of libcuda, or a forward compatible one, in the loader's path; and a default toolkit that is gone."""
    lines = list(snapshot.driver.shadows)
    found = []
    if lines:
        what = "a stub of libcuda" if any("/stubs" in line for line in lines) else "a forward compatible libcuda"
        message = f"{what} comes before the driver's: programs find no GPU, or another driver's library"
        hint = "take the folder out of that line, then: sudo ldconfig; log in again"
        found.append(finding("GPU226", "warning", message, lines, hint))
    if snapshot.cuda.dangling is not None:
        message = "/usr/local/cuda leads nowhere"
        line = f"/usr/local/cuda -> {snapshot.cuda.dangling}, which is not there"
        hint = "choose a toolkit that is: sudo update-alternatives --config cuda; or sudo rm /usr/local/cuda"
        found.append(finding("GPU225", "warning", message, [line], hint))
    return found
