"""Ailments of the host beneath the GPUs: each is named with its evidence and its mend, and nothing else is."""

from collections.abc import Callable

import pytest

from schema import plan
from schema.cuda import CudaState
from schema.driver import DkmsModule, DriverSpec, Module, Service
from schema.errors import Finding
from schema.gpu import GpuSpec, PciDevice
from schema.host import HostSpec
from schema.log import Entry, LogState
from schema.preferences import PATH
from schema.repository import FileState, Key, Package, Source
from schema.snapshot import Disk, Snapshot
from tests.property import model

NODE = HostSpec(
    name="node",
    ubuntu="22.04",
    gpus=(GpuSpec(pci_id="10de:2330", count=2),),
    driver=DriverSpec(branch="580", modules="open"),
    reboot="if-needed",
)
ARCHIVE = NODE.model_copy(
    update={"driver": DriverSpec(branch="580", modules="open", source="ubuntu", variant="server")}
)
OTHERS = NODE.model_copy(update={"driver": DriverSpec(branch="580", modules="open", source="external")})
NEXT = "6.8.0-52-generic"
VENDOR = "https://developer.download.nvidia.com/compute/cuda/repos"
KEYRING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
CURRENT = "EB693B3035CD5710E231E123A4B469963BF863CC"
Damage = Callable[[Snapshot], Snapshot]


def found(spec: HostSpec, seen: Snapshot) -> dict[str, Finding]:
    return {item.code: item for item in plan.diff(spec, seen).findings}


def fresh(spec: HostSpec = NODE) -> Snapshot:
    """The host as a run leaves it; one that something else keeps has the same."""
    return model.as_observed(NODE if spec is OTHERS else spec)


def part(name: str, **values: object) -> Damage:
    """A concern of the snapshot with other values."""
    return lambda seen: seen.model_copy(update={name: getattr(seen, name).model_copy(update=values)})


def packages(seen: Snapshot, *more: Package, without: tuple[str, ...] = ()) -> Snapshot:
    kept = {name: item for name, item in seen.apt.packages.items() if not name.startswith(without or ("-",))}
    return part("apt", packages=kept | {item.name: item for item in more})(seen)


def package(name: str, version: str, state: str = "ii ", origin: str | None = "nvidia") -> Package:
    return Package.model_validate({"name": name, "version": version, "state": state, "origin": origin})


def source(uri: str, file: str = "cuda-ubuntu2204-x86_64.list", signed_by: str | None = KEYRING) -> Source:
    return Source(file=f"/etc/apt/sources.list.d/{file}", uris=(uri,), suites=("/",), signed_by=signed_by)


def sources(*items: Source) -> Damage:
    key = Key(path=KEYRING, fingerprints=(CURRENT,), mode="644")
    return lambda seen: part("apt", sources=(*seen.apt.sources, *items), keys=(*seen.apt.keys, key))(seen)


def keys(*items: Key, **values: object) -> Damage:
    cuda = source(f"{VENDOR}/ubuntu2204/x86_64/", **{k: v for k, v in values.items() if k == "signed_by"})  # type: ignore[arg-type]
    return lambda seen: part("apt", sources=(*seen.apt.sources, cuda), keys=(*seen.apt.keys, *items))(seen)


def log(*lines: str) -> LogState:
    entries = tuple(Entry(number=number, text=text, seconds=9.5) for number, text in enumerate(lines, start=1))
    return LogState(booted=1_780_000_000, uptime=3600.0, begins=0.0, entries=entries)


def upgraded(seen: Snapshot) -> Snapshot:
    """A newer kernel is installed, with headers, and has no module yet."""
    seen = part("kernel", next_boot=NEXT, installed=(model.KERNEL, NEXT), headers=(model.KERNEL, NEXT))(seen)
    return part("driver", dkms=(DkmsModule(name="nvidia", version="580.95.05", installed=(model.KERNEL,)),))(seen)


MAKE_LOG = (
    "DKMS make.log for nvidia-580.95.05 for kernel 6.8.0-52-generic (x86_64)",
    "nvidia/nv-pci.c:237:9: error: too few arguments to function 'pci_resize_resource'",
    "make[2]: *** [scripts/Makefile.build:207: nvidia/nv-pci.o] Error 1",
)


def failed(seen: Snapshot) -> Snapshot:
    place = "/var/lib/dkms/nvidia/580.95.05/build/make.log"
    item = DkmsModule(name="nvidia", version="580.95.05", installed=(model.KERNEL,), log=place, failure=MAKE_LOG)
    return part("driver", dkms=(item,))(upgraded(seen))


def failed_before(seen: Snapshot) -> Snapshot:
    """The log is that of a kernel which was removed since."""
    (item,) = failed(seen).driver.dkms
    old = (MAKE_LOG[0].replace(NEXT, "6.8.0-45-generic"), *MAKE_LOG[1:])
    return part("driver", dkms=(item.model_copy(update={"failure": old}),))(upgraded(seen))


def secured(seen: Snapshot, **values: object) -> Snapshot:
    """Secure Boot is on, and the driver is on disk and not in memory."""
    seen = part("kernel", secure_boot=True, lockdown="integrity", **values)(seen)
    return part("driver", loaded_version=None, loaded_flavour=None)(seen)


def signed(signer: str | None, **values: object) -> Damage:
    module = Module(kernel=model.KERNEL, version="580.95.05", flavour="open", signer=signer)
    return lambda seen: part("driver", modules=(module,))(secured(seen, **values))


def device(seen: Snapshot, pci: str, slot: str = "0000:09:00.0", driver: str | None = None) -> Snapshot:
    one = PciDevice(slot=slot, vendor="10de", device=pci, class_code="030200", driver=driver)
    return part("gpu", devices=(*seen.gpu.devices, one))(seen)


def switched(seen: Snapshot) -> Snapshot:
    one = PciDevice(slot="0000:0a:00.0", vendor="10de", device="22a3", class_code="068000")
    return part("gpu", devices=(*seen.gpu.devices, one))(seen)


def sized(seen: Snapshot) -> Snapshot:
    """Packages of a gibibyte in all, and boot files of real sizes."""
    items = {name: item.model_copy(update={"size_kib": 200_000}) for name, item in seen.apt.packages.items()}
    files = {f"/boot/initrd.img-{model.KERNEL}": 150_000_000, f"/boot/vmlinuz-{model.KERNEL}": 15_000_000}
    return part("kernel", boot_files=files)(part("apt", packages=items)(seen))


def disks(*items: Disk) -> Damage:
    return lambda seen: sized(seen).model_copy(update={"disks": items})


ROOT = Disk(path="/", total_mib=100_000, free_mib=50_000, files_total=6_000_000, files_free=5_000_000)
PREFERENCES = "/etc/apt/preferences.d/00-site"


def preferred(text: str, path: str = PREFERENCES) -> Damage:
    file = FileState(path=path, content=text, mode="", owner="")
    return part("apt", preferences=(file,))


def unattended(seen: Snapshot, **values: object) -> Snapshot:
    told = {"upgrade_origins": ("${distro_id}:${distro_codename}-security",), "upgrade_days": 1}
    return part("apt", unattended_upgrades=True, **{**told, "upgrade_timer": "enabled", **values})(seen)


def archive(seen: Snapshot) -> Snapshot:
    """The same packages, built by Ubuntu."""
    items = {name: item.model_copy(update={"origin": "ubuntu"}) for name, item in seen.apt.packages.items()}
    return part("apt", packages=items)(seen)


# What is damaged, the code, its severity, words of its evidence, words of its mend.
CASES: list[tuple[HostSpec, Damage, str, str, str, str]] = [
    (
        NODE,
        part(
            "driver", libraries=("575.64", "580.95.05"), library_files=("/usr/lib/x86_64-linux-gnu/libcuda.so.575.64",)
        ),
        "GPU200",
        "warning",
        "/usr/lib/x86_64-linux-gnu/libcuda.so.575.64",
        "sudo rm /usr/lib/x86_64-linux-gnu/libcuda.so.575.64; sudo ldconfig",
    ),
    (NODE, failed, "GPU201", "error", MAKE_LOG[1], f"sudo dkms build -m nvidia/580.95.05 -k {NEXT}"),
    (
        NODE,
        upgraded,
        "GPU202",
        "error",
        "/var/lib/dkms/nvidia/580.95.05: added",
        f"sudo dkms install -m nvidia/580.95.05 -k {NEXT}",
    ),
    (
        NODE,
        lambda seen: part("kernel", headers=(model.KERNEL,))(upgraded(seen)),
        "GPU203",
        "error",
        f"/lib/modules/{NEXT}/build has no Makefile",
        f"sudo apt install linux-headers-{NEXT}",
    ),
    (
        NODE,
        lambda seen: packages(seen, package("linux-image-generic-hwe-22.04", "6.8.0-52.53", origin="ubuntu")),
        "GPU204",
        "warning",
        "linux-image-generic-hwe-22.04 is installed, linux-headers-generic-hwe-22.04 is not",
        "sudo apt install linux-headers-generic-hwe-22.04",
    ),
    (
        OTHERS,
        part("kernel", nouveau_file=True),
        "GPU205",
        "warning",
        "no line `blacklist nouveau`",
        "sudo update-initramfs -u -k all",
    ),
    (
        NODE,
        part("kernel", nouveau_file=True, nouveau_blacklisted=True, blacklist_later=("/etc/modprobe.d/x.conf",)),
        "GPU206",
        "warning",
        "newer: /etc/modprobe.d/x.conf",
        f"sudo update-initramfs -u -k {model.KERNEL}",
    ),
    (NODE, signed(None), "GPU207", "error", "signer none", "update-secureboot-policy --new-key"),
    (
        NODE,
        signed("node Secure Boot Module Signature key", trusted=("Canonical Ltd. Kernel Module Signing",)),
        "GPU207",
        "error",
        "enrolled: Canonical Ltd. Kernel Module Signing",
        "sudo mokutil --import /var/lib/shim-signed/mok/MOK.der",
    ),
    (
        NODE,
        lambda seen: signed("node Secure Boot Module Signature key")(
            seen.model_copy(update={"log": log("Loading of module with unavailable key is rejected")})
        ),
        "GPU207",
        "error",
        "Loading of module with unavailable key is rejected",
        "mokutil --import",
    ),
    (
        OTHERS,
        lambda seen: device(
            part("driver", modules=(Module(kernel=model.KERNEL, version="580.95.05", flavour="proprietary"),))(seen),
            "2901",
        ),
        "GPU208",
        "error",
        "0000:09:00.0 10de:2901",
        "sudo apt install nvidia-open-580",
    ),
    (
        NODE,
        lambda seen: part(
            "driver", suspend_condition="ExecCondition=/bin/sh -c \"modinfo -F license nvidia | grep -q '^NVIDIA'\""
        )(seen.model_copy(update={"portable": True})),
        "GPU210",
        "warning",
        "ExecCondition=",
        "systemctl edit nvidia-suspend.service",
    ),
    (
        NODE,
        lambda seen: packages(switched(seen), package("nvidia-fabricmanager", "580.82.07-1")),
        "GPU133",
        "error",
        "580.82.07",
        "a run matches them",
    ),
    (
        NODE,
        lambda seen: packages(
            part("driver", loaded_version=None)(switched(seen)), package("nvidia-fabricmanager", "580.82.07-1")
        ),
        "GPU211",
        "error",
        "nvidia-fabricmanager 580.82.07-1",
        "sudo apt install 'nvidia-fabricmanager=580.95.05-*'",
    ),
    (
        OTHERS,
        lambda seen: part("driver", loaded_version=None)(switched(seen)),
        "GPU212",
        "error",
        "NVSwitch 0000:0a:00.0 10de:22a3",
        "sudo apt install 'nvidia-fabricmanager=580.95.05-*'",
    ),
    (
        NODE,
        sources(source(f"{VENDOR}/ubuntu2004/x86_64/")),
        "GPU213",
        "warning",
        f"{VENDOR}/ubuntu2004/x86_64/",
        "the one for this host is ubuntu2204/x86_64",
    ),
    (
        NODE,
        sources(source("file:///var/cuda-repo-ubuntu2004-12-4-local", signed_by=None)),
        "GPU213",
        "warning",
        "cuda-repo-ubuntu2004-12-4-local",
        "sudo rm /etc/apt/sources.list.d/",
    ),
    (
        ARCHIVE,
        lambda seen: packages(seen, package("nvidia-driver-570-server", "580.95.05-0ubuntu0.22.04.2", origin="ubuntu")),
        "GPU214",
        "warning",
        "nvidia-driver-570-server 580.95.05-0ubuntu0.22.04.2",
        "sudo apt install nvidia-driver-580-server",
    ),
    (
        OTHERS,
        lambda seen: packages(
            part("apt", files={})(seen), package("cuda-drivers", "580.95.05-0ubuntu1"), without=("nvidia-open",)
        ),
        "GPU215",
        "warning",
        "cuda-drivers 580.95.05-0ubuntu1",
        "sudo apt install nvidia-driver-pinning-580",
    ),
    (OTHERS, keys(), "GPU216", "error", f"{KEYRING} is not there", "cuda-keyring_1.1-1_all.deb"),
    (
        OTHERS,
        keys(Key(path=KEYRING, fingerprints=("AE09FE4BBD223A84B2CCFCE3F60F4B3D7FA2AF80",))),
        "GPU216",
        "error",
        f"and not {CURRENT}",
        f"{VENDOR}/ubuntu2204/x86_64/cuda-keyring_1.1-1_all.deb",
    ),
    (
        OTHERS,
        keys(signed_by=None),
        "GPU216",
        "error",
        "the source names no key",
        "cuda-keyring",
    ),
    (
        OTHERS,
        keys(Key(path=KEYRING, fingerprints=(CURRENT,), mode="600")),
        "GPU216",
        "error",
        f"{KEYRING} has mode 600",
        f"sudo chmod a+r {KEYRING}",
    ),
    (
        OTHERS.model_copy(update={"ubuntu": "26.04"}),
        lambda seen: sources(source(f"{VENDOR}/ubuntu2404/x86_64/"))(
            seen.model_copy(update={"release": seen.release.model_copy(update={"version": "26.04"})})
        ),
        "GPU217",
        "error",
        f"signed by {KEYRING}",
        "ubuntu2604",
    ),
    (
        NODE,
        sources(
            source(f"{VENDOR}/ubuntu2204/x86_64/"),
            source(f"{VENDOR}/ubuntu2204/x86_64", "old.list", None),
        ),
        "GPU218",
        "error",
        f"/etc/apt/sources.list.d/old.list: {VENDOR}/ubuntu2204/x86_64 signed by any trusted key",
        "sudo rm /etc/apt/sources.list.d/old.list",
    ),
    (
        NODE,
        part("apt", keys=(Key(path="/etc/apt/trusted.gpg", fingerprints=(CURRENT,), mode="644"),)),
        "GPU219",
        "info",
        CURRENT,
        "sudo apt-key del 3BF863CC",
    ),
    (
        NODE,
        preferred("Package: nvidia-*\nPin: version 595.*\nPin-Priority: 1001\n"),
        "GPU220",
        "warning",
        f"{PREFERENCES}: Package: nvidia-*; Pin: version 595.*; Pin-Priority: 1001",
        f"take those lines out of {PREFERENCES}",
    ),
    (
        OTHERS,
        lambda seen: keys(Key(path=KEYRING, fingerprints=(CURRENT,), mode="644", expires={CURRENT: 1_700_000_000}))(
            seen.model_copy(update={"log": log()})
        ),
        "GPU221",
        "error",
        f"{KEYRING}: {CURRENT} ended 2023-11-14",
        "renewed key",
    ),
    (
        NODE,
        lambda seen: part(
            "driver", modules=(*seen.driver.modules, Module(kernel=NEXT, version="580.95.05", flavour="open"))
        )(upgraded(seen)),
        "GPU222",
        "info",
        f"/boot/vmlinuz-{NEXT}",
        "reboot",
    ),
    (
        NODE,
        disks(ROOT, Disk(path="/boot", total_mib=500, free_mib=120)),
        "GPU223",
        "warning",
        f"/boot: 125829120 bytes free of 524288000, {150_000_000 + 15_000_000 + (16 << 20)} needed",
        "sudo apt autoremove --purge",
    ),
    (
        NODE,
        disks(ROOT.model_copy(update={"free_mib": 900})),
        "GPU223",
        "warning",
        "the installed size of",
        "sudo du -xh --max-depth=2 /",
    ),
    (
        NODE,
        disks(ROOT.model_copy(update={"files_free": 12})),
        "GPU223",
        "warning",
        "12 of 6000000 inodes free",
        "du --inodes",
    ),
    (
        NODE,
        lambda seen: packages(seen, package("linux-image-generic", "6.8.0-51.52", "hi ", "ubuntu")),
        "GPU224",
        "info",
        "linux-image-generic 6.8.0-51.52",
        "apt-mark unhold",
    ),
    (
        NODE,
        lambda seen: seen.model_copy(update={"cuda": CudaState(dangling="/usr/local/cuda-11.8")}),
        "GPU225",
        "warning",
        "/usr/local/cuda -> /usr/local/cuda-11.8",
        "update-alternatives --config cuda",
    ),
    (
        NODE,
        part("driver", shadows=("/etc/ld.so.conf.d/x.conf: /usr/local/cuda/lib64/stubs",)),
        "GPU226",
        "warning",
        "/etc/ld.so.conf.d/x.conf: /usr/local/cuda/lib64/stubs",
        "sudo ldconfig",
    ),
    (
        NODE,
        part("apt", from_the_future=("/var/lib/dpkg/status",)),
        "GPU227",
        "warning",
        "/var/lib/dpkg/status",
        "timedatectl",
    ),
    (
        OTHERS,
        sources(source("https://mirror.example.org/nvidia/", "mirror.list").model_copy(update={"trusted": True})),
        "GPU229",
        "warning",
        "/etc/apt/sources.list.d/mirror.list: https://mirror.example.org/nvidia/",
        "Signed-By",
    ),
    (
        NODE,
        lambda seen: part("driver", dkms=failed(seen).driver.dkms)(
            packages(seen, package("nvidia-dkms-580-open", "580.95.05-0ubuntu1", "iF "))
        ),
        "GPU144",
        "error",
        "nvidia-dkms-580-open 580.95.05-0ubuntu1 (iF)",
        "(GPU201), then: sudo dpkg --configure -a",
    ),
    (
        OTHERS,
        lambda _seen: part("kernel", secure_boot=True)(model.bare(OTHERS)),
        "GPU228",
        "warning",
        "SecureBoot = 1",
        "linux-modules-nvidia",
    ),
    (
        OTHERS,
        lambda seen: unattended(archive(seen)),
        "GPU145",
        "warning",
        "allowed origin: ${distro_id}:${distro_codename}-security",
        "Package-Blacklist",
    ),
    (
        OTHERS,
        lambda seen: unattended(archive(seen), upgrade_days=0),
        "GPU145",
        "info",
        'APT::Periodic::Unattended-Upgrade "0"',
        "Package-Blacklist",
    ),
    (
        NODE,
        lambda seen: packages(seen, package("libnvidia-gl-580", "580.95.05-0ubuntu0~gpu22.04.1", origin="ubuntu")),
        "GPU141",
        "warning",
        "graphics-drivers PPA: libnvidia-gl-580",
        "a run brings the declared origin's",
    ),
    (
        NODE,
        lambda seen: device(
            part("kernel", nouveau_loaded=True)(part("driver", loaded_version=None)(seen)), "1db6", driver="nouveau"
        ),
        "GPU115",
        "warning",
        "0000:09:00.0 is bound to nouveau",
        "reboot the host",
    ),
    (
        NODE,
        part(
            "driver", loaded_version="575.64", modules=(Module(kernel=model.KERNEL, version="575.64", flavour="open"),)
        ),
        "GPU110",
        "error",
        f"module on disk for {model.KERNEL}: 575.64",
        "a reboot does not mend it",
    ),
]


@pytest.mark.parametrize(("spec", "damage", "code", "severity", "evidence", "mend"), CASES)
def test_each_ailment_is_named_with_its_evidence_and_its_mend(
    spec: HostSpec, damage: Damage, code: str, severity: str, evidence: str, mend: str
) -> None:
    item = found(spec, damage(fresh(spec)))[code]
    assert item.severity == severity
    assert evidence in item.evidence
    assert mend in item.hint


def test_a_host_as_declared_has_no_finding() -> None:
    assert found(NODE, fresh()) == {}
    assert found(ARCHIVE, fresh(ARCHIVE)) == {}
    assert set(found(OTHERS, fresh(OTHERS))) == set()


OLDER = Module(kernel="6.8.0-50-generic", version="580.95.05", flavour="open")
QUIET: list[tuple[str, HostSpec, Damage]] = [
    ("NVIDIA's driver is in no allowed origin", OTHERS, unattended),
    ("the driver is excluded", OTHERS, lambda seen: unattended(archive(seen), exclusions=("nvidia-", "libnvidia-"))),
    (
        "a driver of ours has its exclusion as a file",
        NODE,
        lambda seen: unattended(archive(seen), exclusions=("(lib)?nvidia-",)),
    ),
    ("the release's own repository", OTHERS, sources(source(f"{VENDOR}/ubuntu2204/x86_64/"))),
    ("a mirror of it", OTHERS, sources(source("https://mirror.example.org/compute/cuda/repos/ubuntu2204/x86_64/"))),
    ("cross-compilation packages", NODE, sources(source(f"{VENDOR}/cross-linux-sbsa/"))),
    (
        "a source that is switched off",
        NODE,
        sources(source(f"{VENDOR}/ubuntu1804/x86_64/").model_copy(update={"enabled": False})),
    ),
    (
        "headers of the virtual kernel's flavour",
        NODE,
        lambda seen: packages(
            seen,
            package("linux-image-virtual", "6.8.0-51.52", origin="ubuntu"),
            package("linux-headers-generic", "6.8.0-51.52", origin="ubuntu"),
        ),
    ),
    (
        "a kernel's own packages are no metapackages",
        NODE,
        lambda seen: packages(
            seen,
            package("linux-image-unsigned-6.8.0-51-generic", "6.8.0-51.52", origin="ubuntu"),
            package("linux-image-6.8.0-51-generic", "6.8.0-51.52", origin="ubuntu"),
        ),
    ),
    (
        "DKMS has an old version too",
        NODE,
        part(
            "driver",
            dkms=(
                DkmsModule(name="nvidia", version="570.172.08"),
                DkmsModule(name="nvidia", version="580.95.05", installed=(model.KERNEL,)),
            ),
        ),
    ),
    ("a cloud's kernel without nouveau", OTHERS, part("kernel", nouveau_blacklisted=False)),
    (
        "signed by Canonical under Secure Boot",
        NODE,
        lambda seen: part(
            "driver",
            modules=(
                Module(
                    kernel=model.KERNEL,
                    version="580.95.05",
                    flavour="open",
                    signer="Canonical Ltd. Kernel Module Signing",
                ),
            ),
        )(part("kernel", secure_boot=True, trusted=("x",))(seen)),
    ),
    (
        "an unknown keyring under Secure Boot",
        NODE,
        lambda seen: part(
            "driver", modules=(Module(kernel=model.KERNEL, version="580.95.05", flavour="open", signer="node key"),)
        )(part("kernel", secure_boot=True, trusted=None)(seen)),
    ),
    ("passed through to a virtual machine", NODE, lambda seen: device(seen, "2901", driver="vfio-pci")),
    ("preferences for everything", NODE, preferred("Package: *\nPin: release l=NVIDIA CUDA\nPin-Priority: 600\n")),
    (
        "the preferences of a pinning package",
        NODE,
        preferred("Package: nvidia-*\nPin: version 595.*\nPin-Priority: 1000\n", "/etc/apt/preferences.d/nvidia-site"),
    ),
    ("room enough", NODE, disks(ROOT, Disk(path="/boot", total_mib=1000, free_mib=600))),
    ("no inodes to count", NODE, disks(ROOT.model_copy(update={"files_total": None, "files_free": None}))),
    ("the condition on a server", NODE, part("driver", suspend_condition="ExecCondition=grep license NVIDIA")),
    (
        "a running kernel newer than what is in /boot",
        NODE,
        lambda seen: part(
            "driver",
            modules=(*seen.driver.modules, Module(kernel="6.8.0-50-generic", version="580.95.05", flavour="open")),
        )(part("kernel", next_boot="6.8.0-50-generic")(seen)),
    ),
    (
        "a tool with a version of its own",
        NODE,
        lambda seen: packages(
            seen,
            package("nvidia-driver-assistant", "0.40.82.02-1"),
            package("nvidia-driver-local-repo-ubuntu2204-580.95.05", "1.0-1"),
        ),
    ),
]


@pytest.mark.parametrize(("spec", "damage"), [case[1:] for case in QUIET], ids=[case[0] for case in QUIET])
def test_what_is_no_ailment_is_not_named(spec: HostSpec, damage: Damage) -> None:
    told = set(found(spec, damage(fresh(spec)))) - {"GPU116", "GPU120", "GPU121", "GPU123", "GPU240"}
    assert told == set()


def test_a_driver_of_the_archive_is_mended_with_its_names() -> None:
    """Prebuilt modules of another kernel flavour, and the module for the next kernel."""
    spec = ARCHIVE.model_copy(
        update={"driver": DriverSpec(branch="580", source="ubuntu", delivery="prebuilt", variant="server")}
    )
    clean = packages(fresh(spec), without=("nvidia-dkms",))
    seen = packages(clean, package("linux-image-aws", "6.8.0-1010.10", origin="ubuntu"))
    item = found(spec, seen)["GPU204"]
    assert "sudo apt install linux-modules-nvidia-580-server-open-aws" in item.hint
    later = found(spec, part("kernel", next_boot=NEXT)(clean))["GPU116"]
    assert f"sudo apt install linux-modules-nvidia-580-server-open-{NEXT}" in later.hint


def test_an_own_enrolled_key_lets_dkms_install_under_secure_boot() -> None:
    seen = part("kernel", secure_boot=True, mok=True, trusted=("node Secure Boot Module Signature key",))(
        model.bare(NODE)
    )
    assert plan.diff(NODE, seen).refusals == ()
    assert [item.code for item in plan.diff(NODE, part("kernel", trusted=())(seen)).refusals] == ["GPU004"]
    assert [item.code for item in plan.diff(NODE, part("kernel", mok=False)(seen)).refusals] == ["GPU004"]


def test_lockdown_alone_asks_for_signatures_too() -> None:
    seen = part("kernel", lockdown="integrity")(model.bare(NODE))
    (refusal,) = plan.diff(NODE, seen).refusals
    assert (refusal.code, refusal.evidence) == ("GPU004", "[integrity] in /sys/kernel/security/lockdown")


def test_names_of_a_hostile_host_are_quoted_in_commands() -> None:
    kernel = "6.9.0;reboot"
    seen = part("kernel", next_boot=kernel, headers=(model.KERNEL,))(fresh())
    seen = part("driver", dkms=(DkmsModule(name="nvidia", version="580.95.05"),))(seen)
    for item in found(NODE, seen).values():
        assert ";reboot" not in item.hint or "'" in item.hint.split(";reboot")[0]


def test_our_own_preferences_are_not_taken_for_anothers() -> None:
    assert PATH not in {file.path for file in fresh().apt.preferences}
    assert Service() == fresh().driver.fabric_manager


def machine(running: str, versions: dict[str, str], *, signer: str | None = None, **parts: Damage) -> Snapshot:
    """A machine that somebody set up by hand: one H100, packages by name and version, the module of their driver."""
    one = HostSpec(name="host", ubuntu="24.04", gpus=(GpuSpec(pci_id="10de:2330"),))
    items = {name: package(name, version, origin=who(version)) for name, version in versions.items()}
    driver = next(version for name, version in versions.items() if name.startswith("libnvidia-compute")).split("-")[0]
    module = Module(kernel=running, version=driver, flavour="open", signer=signer)
    state = {"loaded_version": driver, "loaded_flavour": "open", "libraries": (driver,), "modules": (module,)}
    seen = part("driver", **state)(part("apt", packages=items)(model.bare(one)))
    blacklists = {"nouveau_blacklisted": True, "nouveau_file": True, "headers": (running,)}
    seen = part("kernel", running=running, next_boot=running, **blacklists)(seen)
    for change in parts.values():
        seen = change(seen)
    return seen


def who(version: str) -> str:
    return "ubuntu" if "ubuntu0." in version or version.startswith("6.") else "nvidia"


ARCHIVED, SERVER, REPOSITORY = "580.95.05-0ubuntu0.24.04.2", "580.95.05-0ubuntu0.24.04.1", "580.95.05-0ubuntu1"
META = "6.14.0-35.35~24.04.1"
DESKTOP = {
    "nvidia-driver-580-open": ARCHIVED,
    "libnvidia-compute-580": ARCHIVED,
    "libnvidia-compute-580:i386": ARCHIVED,
    "libnvidia-gl-580": ARCHIVED,
    "nvidia-kernel-common-580": ARCHIVED,
    "nvidia-firmware-580-580.95.05": ARCHIVED,
    "nvidia-settings": "510.47.03-0ubuntu4",
    "nvidia-prime": "0.8.17.2",
    "libnvidia-egl-wayland1": "1:1.1.13-1build1",
    "linux-modules-nvidia-580-open-6.14.0-35-generic": META,
    "linux-modules-nvidia-580-open-generic-hwe-24.04": META,
    "linux-image-6.14.0-35-generic": META,
    "linux-image-generic-hwe-24.04": META,
    "linux-headers-generic-hwe-24.04": META,
}
SERVERS = {
    "nvidia-headless-580-server-open": SERVER,
    "nvidia-dkms-580-server-open": SERVER,
    "libnvidia-compute-580-server": SERVER,
    "nvidia-utils-580-server": SERVER,
    "linux-image-generic": "6.8.0-51.52",
    "linux-headers-generic": "6.8.0-51.52",
}
CLOUD = {
    "cuda-drivers-580": REPOSITORY,
    "nvidia-open-580": REPOSITORY,
    "nvidia-dkms-580-open": REPOSITORY,
    "libnvidia-compute-580": REPOSITORY,
    "nvidia-driver-assistant": "0.21.57.08-1",
    "cuda-keyring": "1.1-1",
    "linux-image-aws": "6.8.0-1010.10",
    "linux-headers-aws": "6.8.0-1010.10",
}
HWE = "6.14.0-35-generic"
REAL: list[tuple[str, Snapshot, set[str]]] = [
    (
        "a desktop with the archive's prebuilt modules under Secure Boot",
        machine(
            HWE,
            DESKTOP,
            signer="Canonical Ltd. Kernel Module Signing",
            secure=part("kernel", secure_boot=True, lockdown="integrity"),
        ),
        set(),
    ),
    ("the same desktop with unattended upgrades as installed", machine(HWE, DESKTOP, upgrades=unattended), {"GPU145"}),
    ("a laptop", machine(HWE, DESKTOP, case=lambda seen: seen.model_copy(update={"portable": True})), set()),
    (
        "a server with DKMS",
        machine(
            model.KERNEL,
            SERVERS,
            tree=part("driver", dkms=(DkmsModule(name="nvidia-srv", version="580.95.05", installed=(model.KERNEL,)),)),
        ),
        set(),
    ),
    (
        "a cloud's image with NVIDIA's repository",
        machine(
            "6.8.0-1010-aws",
            CLOUD,
            apt=lambda seen: unattended(
                sources(source(f"{VENDOR}/ubuntu2404/x86_64/", "cuda-ubuntu2404-x86_64.list"))(seen)
            ),
        ),
        set(),
    ),
    ("DGX OS", machine(model.KERNEL, SERVERS, manager=part("driver", managers=("dgx-os",))), set()),
    (
        "a runfile alone",
        machine(
            model.KERNEL,
            {"libnvidia-compute-580": "580.95.05-1"},
            runfile=lambda seen: part("driver", managers=("runfile",))(part("apt", packages={})(seen)),
        ),
        set(),
    ),
]


@pytest.mark.parametrize(("seen", "expected"), [case[1:] for case in REAL], ids=[case[0] for case in REAL])
@pytest.mark.parametrize("by", ["external", "ours"])
def test_ordinary_machines_do_not_cry_wolf(seen: Snapshot, expected: set[str], by: str) -> None:
    """As something else keeps them, and with a declaration that nothing was done about yet, which are changes."""
    declared = DriverSpec(source="external") if by == "external" else None
    spec = HostSpec(name="host", ubuntu="24.04", gpus=(GpuSpec(pci_id="10de:2330"),), driver=declared)
    told = {code for code, item in found(spec, seen).items() if item.severity != "info" and code > "GPU110"}
    # The image's own source of the repository that a run would add: apt would refuse the two.
    twice = {"GPU146"} if by == "ours" and seen.apt.sources else set()
    assert told == (expected if by == "external" else twice)


def test_a_failed_build_counts_for_its_own_kernel_alone() -> None:
    assert {"GPU201", "GPU202"} & set(found(NODE, failed(fresh()))) == {"GPU201"}
    assert {"GPU201", "GPU202"} & set(found(NODE, failed_before(fresh()))) == {"GPU202"}
    seen = part("driver", modules=(Module(kernel=NEXT, version="580.95.05", flavour="open"),))(failed(fresh()))
    assert {"GPU201", "GPU202"} & set(found(NODE, seen)) == set()
