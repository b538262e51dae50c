"""The driver: in memory, on disk for each kernel, in user space; its services; who else manages it."""

import re
from typing import Any, Literal

from facts import probe, text
from facts.fact import FactBase
from schema.driver import DkmsModule, DriverState, Flavour, Module, Service

# A path that its software always leaves, and how the software is called. NVIDIA's .run installer; the GPU operator's
# driver container; DGX OS; Windows' own driver in WSL 2; Azure's NvidiaGpuDriverLinux extension.
MANAGERS = {
    "/usr/bin/nvidia-uninstall": "runfile",
    "/usr/bin/nvidia-installer": "runfile",
    "/run/nvidia/driver/usr": "gpu-operator",
    "/run/nvidia/validations": "gpu-operator",
    "/etc/dgx-release": "dgx-os",
    "/usr/lib/wsl/lib/libcuda.so.1": "wsl",
    "/var/lib/waagent/Microsoft.HpcCompute.NvidiaGpuDriverLinux-": "azure-extension",
}
# The stub that toolkits bring for linking, which answers CUDA_ERROR_STUB_LIBRARY, and the forward compatible library.
SHADOW = re.compile(r"^(?:/|[^#]*LD_LIBRARY_PATH\s*=).*/(?:stubs|compat)(?:[/:\"'\s]|$)")
LIBRARY = re.compile(r".*/(?:libcuda|libnvidia-ml)\.so\.([0-9]{2,4}(?:\.[0-9]+){1,3})")


class Driver(FactBase[DriverState]):
    """The driver.

    `{"loaded_version": "580.95.05", "loaded_flavour": "open", "modules": [{"kernel": "6.8.0-51-generic", "version":
    "580.95.05", "flavour": "open", "signer": null}], "libraries": ["580.95.05"], "library_files":
    ["/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05", ...], "dkms": [{"name": "nvidia", "version": "580.95.05",
    "built": [...], "installed": ["6.8.0-51-generic"], "broken": false, "log": null, "failure": []}], "shadows": [],
    "suspend_condition": "", "persistenced": {"installed": true, "enabled": true, "active": "active"}, "fabric_manager":
    {...}, "imex": {...}, "managers": []}`; modules are those of the running kernel and of the newest one with an image
    in /boot.
    """

    def command(self) -> str:
        return probe.script(("driver", "repository"))

    def process(self, output: list[str]) -> DriverState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> DriverState:
    """The driver of one run of the probe; a driver from a PPA is told from the apt sources, if they were read too."""
    loaded = "\n".join(found.of("driver/loaded"))
    version = text.first(r"\s([0-9]{2,4}\.[0-9]+(?:\.[0-9]+)*)\s", loaded) or found.value("driver/loaded", "module")
    matches = [match for line in found.of("driver/libraries") if (match := LIBRARY.fullmatch(line))]
    services = _services(found.of("driver/services"))
    return DriverState(
        loaded_version=version,
        loaded_flavour=_loaded_flavour(loaded) if version else None,
        modules=_modules(found.of("driver/modules")),
        libraries=text.in_version_order(match.group(1) for match in matches),
        library_files=tuple(match.group() for match in matches[:40]),
        dkms=_dkms(found.of("driver/dkms")),
        shadows=_shadows(found),
        suspend_condition=_suspend_condition(found),
        persistenced=services.get("nvidia-persistenced.service", Service()),
        fabric_manager=services.get("nvidia-fabricmanager.service", Service()),
        imex=services.get("nvidia-imex.service", Service()),
        managers=_managers(found),
    )


def _loaded_flavour(line: str) -> Flavour | None:
    """/proc/driver/nvidia/version says "Open Kernel Module" of the open one, "Kernel Module" of the other."""
    return None if "NVRM version" not in line else "open" if "Open Kernel Module" in line else "proprietary"


def _modules(lines: tuple[str, ...]) -> tuple[Module, ...]:
    """From modinfo's fields; the open module's licence is "Dual MIT/GPL", the proprietary one's "NVIDIA"."""
    gathered: dict[str, dict[str, str]] = {}
    kernel = ""
    for line in lines:
        key, _, value = line.partition(":")
        if line.startswith("kernel "):
            kernel = line.removeprefix("kernel ").strip()
            gathered[kernel] = {}
        elif kernel:
            gathered[kernel].setdefault(key.strip(), value.strip())
    return tuple(_module(name, fields) for name, fields in gathered.items() if fields.get("version"))


def _module(kernel: str, fields: dict[str, str]) -> Module:
    flavour: Literal["open", "proprietary"] = "open" if "MIT" in fields.get("license", "") else "proprietary"
    return Module(kernel=kernel, version=fields["version"], flavour=flavour, signer=fields.get("signer") or None)


def _dkms(lines: tuple[str, ...]) -> tuple[DkmsModule, ...]:
    """From DKMS's tree: a line `version NAME VERSION` begins each; other modules, such as nvidia-fs, are left out."""
    found: list[dict[str, object]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if start := re.fullmatch(r"version (nvidia[a-z-]*) ([0-9]{3}\.[0-9.]{1,20})", line):
            found.append({"name": start[1], "version": start[2], "built": [], "installed": [], "failure": []})
        elif word == "version":
            found.append({})
        elif found and found[-1]:
            _dkms_line(found[-1], word, rest, line)
    return tuple(DkmsModule.model_validate(item) for item in found if item)


def _dkms_line(item: dict[str, Any], word: str, rest: str, line: str) -> None:
    """One line about a version: "580.95.05/6.8.0-51-generic/x86_64" is what a link names; a build has kernel first."""
    parts = rest.split("/")
    if item.get("log"):
        item["failure"].append(line[:300])
    elif word == "broken":
        item["broken"] = True
    elif word == "built" and len(parts) == 3:
        item["built"].append(parts[0])
    elif word == "installed" and len(parts) == 3 and parts[0] == item["version"]:
        item["installed"].append(parts[1])
    elif word == "log":
        item["log"] = rest


def _shadows(found: probe.Sections) -> tuple[str, ...]:
    """Lines that put a folder with another libcuda into the loader's path, as "PATH: LINE": stubs and compat ones."""
    files = probe.texts(found, "driver/loader").files
    lines = [(path, line.strip()) for path, text_ in sorted(files.items()) for line in text_.splitlines()]
    return tuple(f"{path}: {line[:300]}" for path, line in lines if SHADOW.search(line) and not line.startswith("#"))


def _suspend_condition(found: probe.Sections) -> str:
    """The condition of the driver's hook for suspending that asks for NVIDIA's licence, "" without such a line."""
    lines = "\n".join(probe.texts(found, "driver/loader").files.values()).splitlines()
    asks = (line for line in lines if re.match(r"ExecCondition=.*licen[cs]e.*\bNVIDIA\b", line))
    return next(asks, "")[:300]


def _services(lines: tuple[str, ...]) -> dict[str, Service]:
    """From `systemctl show`: paragraphs of KEY=value, one for each unit, divided by empty lines."""
    services = {}
    for paragraph in "\n".join(lines).split("\n\n"):
        values = dict(line.split("=", 1) for line in paragraph.splitlines() if "=" in line)
        services[values.get("Id", "")] = Service(
            installed=values.get("LoadState") not in {None, "not-found", "masked"},
            enabled=values.get("UnitFileState") in {"enabled", "enabled-runtime", "static", "alias", "indirect"},
            active=values.get("ActiveState", "inactive"),
            entered=_seconds(values.get("ActiveEnterTimestampMonotonic")),
        )
    return services


def _seconds(microseconds: str | None) -> int | None:
    """Whole seconds since boot; 0 is systemd's word for never."""
    found = text.number(microseconds)
    return found // 1_000_000 if found else None


def _managers(found: probe.Sections) -> tuple[str, ...]:
    lines = found.of("driver/managers")
    names = {
        name
        for line in lines
        for path, name in MANAGERS.items()
        if line == path or (path[-1] == "-" and line.startswith(path))
    }
    sources = " ".join(found.of("repository/sources"))
    # Launchpad's two hosts of the graphics-drivers PPA, and Lambda's and System76's own archives of drivers.
    if re.search(r"ppa\.launchpad(content)?\.net/graphics-drivers|system76-dev|apt\.pop-os\.org", sources):
        names.add("ppa")
    if "archive.lambdalabs.com" in sources:
        names.add("lambda-stack")
    return tuple(sorted(names))
