"""File systems: whether the next driver, the next kernel and what is declared still fit on them."""

import shlex
from typing import TYPE_CHECKING, NamedTuple

from schema import conda as desired
from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Disk, Snapshot

MIB = 1 << 20
# A toolkit takes up to 8 GiB while apt unpacks it (CUDA installation guide); less than this fails most installs.
LOW_MIB = 4096
# Rules of thumb: packages are compressed to half of what they unpack to; a DKMS build of the driver fills some 500 MiB
# in /var/lib/dkms; beside image and initial RAM disk a kernel brings its symbols and its configuration.
DKMS_BUILD, KERNEL_REST = 512 * MIB, 16 * MIB
# Files that a driver and a toolkit bring together, rounded up.
FILES = 20_000


class Need(NamedTuple):
    """What the next upgrade takes under `path`, in bytes, and of what that is the sum."""

    path: str
    bytes: int
    parts: str


def space(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """File systems too full for the next driver or kernel; then those too full for a toolkit or an environment."""
    full = _upgrade(spec, snapshot)
    return [*full.values(), *_inodes(snapshot), *_declared(spec, snapshot, set(full))]


def _upgrade(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, Finding]:
    """By mount point. Needs of one file system add up, because one transaction has them at the same time."""
    needs: dict[str, list[Need]] = {}
    for need in _needs(spec, snapshot):
        if (disk := _below(need.path, snapshot)) is not None:
            needs.setdefault(disk.path, []).append(need)
    found = {}
    for disk in snapshot.disks:
        wanted = sum(need.bytes for need in needs.get(disk.path, ()))
        if wanted > disk.free_mib * MIB:
            free = f"{disk.free_mib * MIB} bytes free of {disk.total_mib * MIB}, {wanted} needed"
            lines = [
                f"{disk.path}: {free}",
                *(f"{need.path}: {need.bytes} bytes, {need.parts}" for need in needs[disk.path]),
            ]
            message = f"{disk.path} is too full for the next upgrade of driver or kernel"
            hint = (
                "sudo apt clean; sudo apt autoremove --purge removes old kernels; then look: sudo du -xh --max-depth=2 "
            )
            found[disk.path] = finding("GPU223", "warning", message, lines, f"{hint}{shlex.quote(disk.path)}")
    return found


def _needs(spec: "HostSpec", snapshot: "Snapshot") -> list[Need]:
    """By what is installed: its next version takes as much again until the old one is removed."""
    if spec.managed_driver is None:
        return []
    names = {*origin.driver_packages(snapshot), *origin.prebuilt(snapshot)}
    sizes = [size for name in names if (size := snapshot.apt.packages[name].size_kib) is not None]
    installed, found = sum(sizes) * 1024, []
    if installed:
        found.append(Need("/usr", installed, f"the installed size of {len(sizes)} packages of the driver"))
        build = DKMS_BUILD if origin.uses_dkms(snapshot) else 0
        parts = "half of that as a download" + (", and a build by DKMS" if build else "")
        found.append(Need("/var", installed // 2 + build, parts))
    images = {path: size for path, size in snapshot.kernel.boot_files.items() if "/initrd.img-" in path}
    kernels = {path: size for path, size in snapshot.kernel.boot_files.items() if "/vmlinuz-" in path}
    if images and kernels:
        image, kernel = max(images, key=images.__getitem__), max(kernels, key=kernels.__getitem__)
        total = images[image] + kernels[kernel] + KERNEL_REST
        found.append(Need("/boot", total, f"a kernel more: {image} has {images[image]}, {kernel} {kernels[kernel]}"))
    return found


def _below(path: str, snapshot: "Snapshot") -> "Disk | None":
    """The file system that holds a path: that of the longest mount point above it."""
    above = [disk for disk in snapshot.disks if f"{path}/".startswith(f"{disk.path.rstrip('/')}/")]
    return max(above, key=lambda disk: len(disk.path), default=None)


def _inodes(snapshot: "Snapshot") -> list[Finding]:
    """File systems with space and without room for more files; some, such as btrfs, have no such limit."""
    disks = {disk.path: disk for path in ("/usr", "/var") if (disk := _below(path, snapshot)) is not None}
    found = []
    for disk in disks.values():
        if disk.files_total and disk.files_free is not None and disk.files_total > FILES > disk.files_free:
            message = f"{disk.path} has room for {disk.files_free} more files, whatever its free space"
            hint = f"find what fills it: sudo du --inodes -x {shlex.quote(disk.path)} | sort -n | tail"
            line = f"df -i: {disk.files_free} of {disk.files_total} inodes free"
            found.append(finding("GPU223", "warning", message, [line], hint))
    return found


def _declared(spec: "HostSpec", snapshot: "Snapshot", told: set[str]) -> list[Finding]:
    prefix = desired.declared(spec)
    paths = {"/", "/usr", "/usr/local", "/var", *([prefix.prefix] if prefix is not None else [])} - told
    return [
        finding(
            "GPU151",
            "warning",
            f"{disk.path} has {disk.free_mib} MiB free",
            [f"of {disk.total_mib} MiB"],
            "free space: sudo apt clean",
        )
        for disk in snapshot.disks
        if disk.path in paths and disk.free_mib < LOW_MIB < disk.total_mib
    ]
