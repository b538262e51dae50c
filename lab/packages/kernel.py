"""Kernel, headers, DKMS and initramfs as packages of Ubuntu's archive, for the kernel that the machine runs."""

import re

from lab import deb, payload
from lab.packages import family

DKMS_VERSIONS = {"jammy": "2.8.7-2ubuntu2.2", "noble": "3.0.11-1ubuntu13.1", "resolute": "3.2.2-1ubuntu1"}
INITRAMFS_VERSION = "0.142ubuntu25.5"


def packages(codename: str, kernel: str) -> list[deb.Package]:
    """All for the running kernel and for one newer, by exact name; metapackages follow the running one."""
    found = [_dkms(codename), _initramfs()]
    for release in (kernel, following(kernel)):
        found += _release(release)
    return found + _metapackages(codename, kernel)


def following(kernel: str) -> str:
    """A newer release of the same flavour: "6.8.0-45-generic" gives "6.8.0-46-generic", "6.18.44-x" gives "6.18.45-x".

    Raises ValueError where the release has no number to raise.
    """
    ubuntu = re.fullmatch(r"(\d+\.\d+\.\d+-)(\d+)(-.*)", kernel)
    other = re.fullmatch(r"(\d+\.\d+\.)(\d+)(.*)", kernel)
    match = ubuntu or other
    if match is None:
        raise ValueError(f"the kernel release {kernel!r} does not begin with three numbers")
    return f"{match[1]}{int(match[2]) + 1}{match[3]}"


def version(kernel: str) -> str:
    """The version of a kernel's packages: its numbers, such as "6.8.0-45.1"."""
    numbers = re.match(r"\d+\.\d+\.\d+(-\d+)?", kernel)
    return f"{numbers[0] if numbers else kernel}.1"


def _package(name: str, number: str, **fields: object) -> deb.Package:
    common = {"maintainer": family.UBUNTU, "section": "kernel", "summary": f"Ubuntu kernel: {name}"}
    return deb.Package.model_validate({**common, "name": name, "version": number, **fields})


def _release(kernel: str) -> list[deb.Package]:
    source, modules = f"usr/src/linux-headers-{kernel}", f"lib/modules/{kernel}"
    headers = {
        f"{source}/include/generated/utsrelease.h": deb.text(f'#define UTS_RELEASE "{kernel}"\n'),
        f"{source}/Makefile": deb.text("# Stand-in.\n"),
        f"{modules}/build": deb.link(f"/{source}"),
    }
    # modules.order and modules.builtin silence depmod, which reads both.
    base = {
        f"boot/config-{kernel}": deb.text(f"# Linux/x86 {kernel} Kernel Configuration\nCONFIG_MODULES=y\n"),
        f"{modules}/modules.order": deb.text(""),
        f"{modules}/modules.builtin": deb.text(""),
    }
    image = {f"boot/vmlinuz-{kernel}": deb.text(f"Stand-in for the kernel {kernel}\n")}
    number = version(kernel)
    hooks = {
        step: payload.rendered("kernel.postinst", KERNEL=kernel, HOOKS=step)
        for step in ("header_postinst.d", "postinst.d")
    }
    return [
        _package(f"linux-headers-{kernel}", number, entries=headers, scripts={"postinst": hooks["header_postinst.d"]}),
        _package(
            f"linux-modules-{kernel}", number, entries=base, scripts={"postinst": f"#!/bin/sh\ndepmod {kernel}\n"}
        ),
        _package(
            f"linux-image-{kernel}",
            number,
            entries=image,
            depends=(f"linux-modules-{kernel}", "initramfs-tools | linux-initramfs-tool"),
            provides=("linux-image",),
            scripts={"postinst": hooks["postinst.d"]},
        ),
    ]


def _metapackages(codename: str, kernel: str) -> list[deb.Package]:
    hwe = {"jammy": "generic-hwe-22.04", "noble": "generic-hwe-24.04", "resolute": "generic-hwe-26.04"}[codename]
    number, found = version(kernel), []
    for flavour in ("generic", hwe):
        for kind in ("headers", "image"):
            depends = (f"linux-{kind}-{kernel} (= {number})",)
            found.append(_package(f"linux-{kind}-{flavour}", number, depends=depends))
        both = tuple(f"linux-{kind}-{flavour} (= {number})" for kind in ("headers", "image"))
        found.append(_package(f"linux-{flavour}", number, depends=both))
    return found


def _dkms(codename: str) -> deb.Package:
    number = DKMS_VERSIONS[codename]
    hook = deb.text(payload.rendered("dkms-kernel-hook"), 0o755)
    entries = {
        "usr/sbin/dkms": deb.text(payload.rendered("dkms", VERSION=number.split("-")[0]), 0o755),
        "usr/lib/dkms/common.postinst": deb.text(payload.rendered("dkms-common.postinst"), 0o755),
        "etc/kernel/header_postinst.d/dkms": hook,
        "etc/kernel/postinst.d/dkms": hook,
    }
    conffiles = tuple(path for path in entries if path.startswith("etc/"))
    recommends = ("linux-headers-generic | linux-headers",)
    return _package("dkms", number, architecture="all", entries=entries, conffiles=conffiles, recommends=recommends)


def _initramfs() -> deb.Package:
    entries = {
        "usr/sbin/update-initramfs": deb.text(payload.rendered("update-initramfs"), 0o755),
        "etc/kernel/postinst.d/initramfs-tools": deb.text('#!/bin/sh\nexec update-initramfs -c -k "$1"\n', 0o755),
    }
    conffiles = ("etc/kernel/postinst.d/initramfs-tools",)
    return _package("initramfs-tools", INITRAMFS_VERSION, architecture="all", entries=entries, conffiles=conffiles)
