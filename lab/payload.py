"""What the stand-in packages lay down on a host: lab/standin with values filled in, libraries and kernel modules."""

from pathlib import Path

from lab import deb, elf, libcuda, smi

FOLDER = Path(__file__).parent / "standin"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
UNITS = "usr/lib/systemd/system"
SHARE = "usr/share/gpufleet-lab"
MODULES = ("nvidia", "nvidia-modeset", "nvidia-drm", "nvidia-uvm")
LICENCES = {"open": "Dual MIT/GPL", "proprietary": "NVIDIA"}
# Display controllers of both PCI classes; modinfo of the real module prints the same two.
ALIASES = ("pci:v000010DEd*sv*sd*bc03sc02i00*", "pci:v000010DEd*sv*sd*bc03sc00i00*")
SIGNER = "Canonical Ltd. Kernel Module Signing"


def rendered(name: str, **values: str) -> str:
    """A file of lab/standin with each @KEY@ replaced."""
    body = (FOLDER / name).read_text()
    for key, value in values.items():
        body = body.replace(f"@{key}@", value)
    return body


def library(name: str, soname: str, version: str) -> dict[str, deb.Entry]:
    """`name`.so.VERSION with its soname and development links, in the multiarch folder."""
    file = f"{name}.so.{version}"
    major = f"{name}.so.{soname}" if soname else file
    links = {f"{LIBRARIES}/{major}": deb.link(file)} if soname else {}
    data = libcuda.shared_object(version) if name == "libcuda" else elf.shared_object(major)
    return {f"{LIBRARIES}/{file}": deb.Entry(data=data), **links}


def sources(driver: str, flavour: str) -> dict[str, bytes]:
    """What DKMS "builds": each module complete but for the release of the kernel, as NAME.ko.in."""
    return {f"{name}.ko.in": _module(name, driver, flavour, elf.KERNEL_SLOT) for name in MODULES}


def prebuilt(driver: str, flavour: str, kernel: str) -> dict[str, bytes]:
    """The modules as Canonical builds and signs them for one kernel, as NAME.ko."""
    magic = f"{kernel} SMP preempt mod_unload modversions "
    return {f"{name}.ko": elf.signed(_module(name, driver, flavour, magic), SIGNER) for name in MODULES}


def nvidia_smi(driver: str) -> dict[str, deb.Entry]:
    """nvidia-smi and the XML skeletons that it fills in."""
    entries = {f"{SHARE}/nvidia-smi/{name}.xml": deb.text(body) for name, body in smi.skeletons(driver).items()}
    entries["usr/bin/nvidia-smi"] = deb.text(rendered("nvidia-smi", VERSION=driver, CUDA=smi.cuda(driver)), 0o755)
    entries[f"{SHARE}/nvidia-smi/render.awk"] = deb.text(rendered("render.awk"))
    return entries


def persistenced(own_package: bool) -> dict[str, deb.Entry]:
    """The daemon and its unit; the unit has an [Install] section in its own package only (the stand-in's choice)."""
    unit = rendered("nvidia-persistenced.service")
    install = "\n[Install]\nWantedBy=multi-user.target\n" if own_package else ""
    return {
        "usr/bin/nvidia-persistenced": deb.text(rendered("nvidia-persistenced"), 0o755),
        f"{UNITS}/nvidia-persistenced.service": deb.text(unit + install),
    }


def persistenced_scripts() -> dict[str, str]:
    return {"postinst": rendered("nvidia-persistenced.postinst"), "prerm": rendered("nvidia-persistenced.prerm")}


def fabric_manager(driver: str) -> dict[str, deb.Entry]:
    return {
        "usr/bin/nv-fabricmanager": deb.text(rendered("nv-fabricmanager", VERSION=driver), 0o755),
        f"{UNITS}/nvidia-fabricmanager.service": deb.text(rendered("nvidia-fabricmanager.service")),
        "usr/share/nvidia/nvswitch/fabricmanager.cfg": deb.text(
            "LOG_FILE_NAME=/var/log/fabricmanager.log\nDAEMONIZE=1\n"
        ),
    }


def _module(name: str, driver: str, flavour: str, magic: str) -> bytes:
    licence = "Dual MIT/GPL" if name == "nvidia-uvm" else LICENCES[flavour]
    info = [f"license={licence}", f"version={driver}", "supported=external"]
    info += [f"alias={alias}" for alias in ALIASES if name == "nvidia"]
    # These are the real modules' dependencies.
    depends = {"nvidia-modeset": "nvidia", "nvidia-drm": "nvidia-modeset", "nvidia-uvm": "nvidia"}.get(name, "")
    info += [f"depends={depends}", "retpoline=Y", f"name={name.replace('-', '_')}", f"vermagic={magic}"]
    return elf.kernel_module(info)
