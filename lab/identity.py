"""What makes a plain Debian root look like an Ubuntu host of one release: names, kernel files, no package sources."""

import platform
from dataclasses import dataclass
from pathlib import Path

from lab import installed, process
from lab.packages import kernel


@dataclass(frozen=True)
class Release:
    """`version` "24.04", `point` "24.04.3", as in /etc/os-release of that release's own base-files package."""

    version: str
    point: str
    codename: str
    title: str

    @property
    def pretty(self) -> str:
        lts = " LTS" if self.version.endswith(".04") else ""
        return f"Ubuntu {self.point}{lts}"


RELEASES = {
    "22.04": Release("22.04", "22.04.5", "jammy", "Jammy Jellyfish"),
    "24.04": Release("24.04", "24.04.3", "noble", "Noble Numbat"),
    "26.04": Release("26.04", "26.04", "resolute", "Resolute Raccoon"),
}


def os_release(release: Release) -> str:
    """Text of /usr/lib/os-release (os-release(5)), with the keys and their order of Ubuntu's base-files."""
    return (
        f'PRETTY_NAME="{release.pretty}"\n'
        'NAME="Ubuntu"\n'
        f'VERSION_ID="{release.version}"\n'
        f'VERSION="{release.pretty.removeprefix("Ubuntu ")} ({release.title})"\n'
        f"VERSION_CODENAME={release.codename}\n"
        "ID=ubuntu\n"
        "ID_LIKE=debian\n"
        'HOME_URL="https://www.ubuntu.com/"\n'
        'SUPPORT_URL="https://help.ubuntu.com/"\n'
        'BUG_REPORT_URL="https://bugs.launchpad.net/ubuntu/"\n'
        f"UBUNTU_CODENAME={release.codename}\n"
    )


def lsb_release(release: Release) -> str:
    """Text of /etc/lsb-release."""
    return (
        "DISTRIB_ID=Ubuntu\n"
        f"DISTRIB_RELEASE={release.version}\n"
        f"DISTRIB_CODENAME={release.codename}\n"
        f'DISTRIB_DESCRIPTION="{release.pretty}"\n'
    )


def apply(root: Path, ubuntu: str) -> None:
    """Give a mounted root the identity of an Ubuntu release, and the files of the kernel that runs here."""
    release = RELEASES[ubuntu]
    (root / "usr/lib/os-release").write_text(os_release(release))
    (root / "etc/lsb-release").write_text(lsb_release(release))
    (root / "etc/issue").write_text(f"{release.pretty} \\n \\l\n\n")
    (root / "etc/issue.net").write_text(f"{release.pretty}\n")
    (root / "etc/debian_version").write_text("trixie/sid\n" if ubuntu != "22.04" else "bookworm/sid\n")
    _vendor(root / "etc/dpkg/origins")
    _kernel(root, release.codename, platform.release())


def _vendor(origins: Path) -> None:
    """What dpkg-vendor(1) reads."""
    (origins / "ubuntu").write_text("Vendor: Ubuntu\nVendor-URL: https://www.ubuntu.com/\nParent: Debian\n")
    (origins / "default").unlink(missing_ok=True)
    (origins / "default").symlink_to("ubuntu")


def _kernel(root: Path, codename: str, release: str) -> None:
    """The running kernel as installed packages of that Ubuntu release, and the links Ubuntu keeps in /boot."""
    first_day = {f"linux-modules-{release}", f"linux-image-{release}", "initramfs-tools"}
    installed.register(root, (package for package in kernel.packages(codename, release) if package.name in first_day))
    (root / "boot" / f"initrd.img-{release}").write_text("Stand-in.\n")
    for name in ("vmlinuz", "initrd.img"):
        (root / "boot" / name).symlink_to(f"{name}-{release}")
    (root / "lib/modules" / release / "modules.builtin.modinfo").touch()
    process.run("chroot", root, "depmod", release)
