"""A host file from a machine that exists: what a snapshot shows, as YAML that declares it and can be edited."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import get_args

from schema import compat
from schema.conda import EnvironmentState
from schema.gpu import PciDevice
from schema.host import Ubuntu
from schema.model import version_key
from schema.snapshot import Snapshot

# Managers whose driver gpufleet does not touch: the file says so instead of taking over.
FOREIGN = {"runfile", "gpu-operator", "dgx-os", "azure-extension", "wsl"}


def host_file(snapshot: Snapshot, connection: Mapping[str, object]) -> str:
    """The text of a host file; `connection` is its section of that name, `{"local": True}` for this machine.

    A GPU whose driver does not work gets `branch: auto`; what the host does not tell stands there as a comment.
    Raises ValueError, with what was found and what is possible, for a host that is not an Ubuntu we manage.
    """
    releases = get_args(Ubuntu)
    if snapshot.release.id != "ubuntu" or snapshot.release.version not in releases:
        found = snapshot.release.name or snapshot.release.id or "nothing that could be read"
        raise ValueError(f"found {_plain(found)}; gpufleet manages Ubuntu {', '.join(releases)}")
    lines = [f"# {_plain(snapshot.hostname)}: {_plain(snapshot.release.name)}, {snapshot.memory_mib // 1024} GiB"]
    if snapshot.not_seen:
        lines.append(f"# Not seen, so perhaps missing below: {', '.join(sorted(snapshot.not_seen))}.")
    lines += [*_connection(connection), f"ubuntu: {_quoted(snapshot.release.version)}"]
    if snapshot.architecture == "aarch64":
        lines.append("arch: aarch64")
    for part in (_gpus, _driver, _cuda, _cudnn, _conda):
        lines += part(snapshot)
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """A scalar in the form that YAML and JSON share (YAML 1.2, chapter 1.3)."""
    return json.dumps(value)


def _plain(text: str) -> str:
    """Text from a host, fit for a comment: on one line, printable ASCII."""
    return re.sub(r"[^ -~]+", "?", text)[:120]


def _connection(connection: Mapping[str, object]) -> list[str]:
    if connection.get("local"):
        return ["connection: local"]
    return ["connection:", *(f"  {key}: {_quoted(value)}" for key, value in connection.items())] if connection else []


def _gpus(snapshot: Snapshot) -> list[str]:
    counts = Counter(device.pci_id for device in snapshot.gpu.nvidia)
    devices = {device.pci_id: device for device in snapshot.gpu.nvidia}
    if not counts:
        return ["gpus: []"]
    return ["gpus:", *(f"  - {_gpu(devices[pci_id], count)}" for pci_id, count in sorted(counts.items()))]


def _gpu(device: PciDevice, count: int) -> str:
    """By name where our data knows the device and its name means nothing else, by PCI id where not."""
    known = compat.gpu_by_pci_id(device.pci_id)
    by_name = known is not None and [found.name for found in compat.gpus_by_name(known.name)] == [known.name]
    key, value = ("model", known.name) if known is not None and by_name else ("pci_id", device.pci_id)
    comment = "" if by_name or known is None else f"  # {known.name}"
    return f"{{{key}: {_quoted(value)}, count: {count}}}{comment}"


def _driver(snapshot: Snapshot) -> list[str]:
    if not snapshot.gpu.nvidia:
        return []
    managers = sorted(FOREIGN & set(snapshot.driver.managers))
    if managers:
        return ["driver:", f"  source: external  # {', '.join(managers)} manages it"]
    smi = snapshot.gpu.smi
    branch = version_key(smi.driver_version or "")[:1] if smi is not None else ()
    if smi is None or smi.exit_code != 0 or not smi.gpus or not branch:
        return ["driver:", "  branch: auto  # no driver works on this host"]
    lines = ["driver:", f"  source: {_source(snapshot)}", f"  branch: {branch[0]}"]
    if snapshot.driver.loaded_flavour is not None:
        lines.append(f"  modules: {snapshot.driver.loaded_flavour}")
    names = [name for name, package in snapshot.apt.packages.items() if package.installed]
    if not any(name.startswith("libnvidia-gl") for name in names):
        lines.append("  install: compute")
    if any(gpu.persistence is False for gpu in smi.gpus):
        lines.append("  persistence: false  # as it is; true keeps the driver ready between two uses")
    return lines


def _source(snapshot: Snapshot) -> str:
    """Where the installed library of the driver came from; one that no package owns is nobody's to replace."""
    libraries = [
        package.origin
        for name, package in snapshot.apt.packages.items()
        if name.startswith("libnvidia-compute") and package.installed
    ]
    return next((origin for origin in libraries if origin), "external")


def _cuda(snapshot: Snapshot) -> list[str]:
    owned = [toolkit.version for toolkit in snapshot.cuda.toolkits if toolkit.package is not None]
    foreign = [toolkit.path for toolkit in snapshot.cuda.toolkits if toolkit.package is None]
    lines = [f"# {path} belongs to no package and is left alone." for path in foreign]
    if owned:
        lines += ["cuda:", f"  toolkits: {_quoted(owned)}"]
        if snapshot.cuda.default in owned:
            lines.append(f"  default: {_quoted(snapshot.cuda.default)}")
    return lines


def _cudnn(snapshot: Snapshot) -> list[str]:
    versions = {}
    for name, package in snapshot.apt.packages.items():
        found = re.fullmatch(r"libcudnn[0-9]+-cuda-([0-9]+)", name)
        key = version_key(package.version)[:3]
        if found and package.installed and key:
            versions[found.group(1)] = ".".join(str(part) for part in key)
    if not versions:
        return []
    one = set(versions.values())
    return [f"cudnn: {{version: {_quoted(one.pop() if len(one) == 1 else dict(sorted(versions.items())))}}}"]


def _conda(snapshot: Snapshot) -> list[str]:
    conda = snapshot.conda
    if conda is None or conda.version is None:
        return []
    distribution, _, version = (conda.installer or "").partition(" ")
    found = "" if version else "# "
    lines = [] if version else [f"# conda {_plain(conda.version)} is in {_plain(conda.prefix)}; say what installed it:"]
    lines += [
        f"{found}conda:",
        f"{found}  distribution: {_plain(distribution) or 'miniforge'}",
        f"{found}  version: {_quoted(version or '...')}",
        f"{found}  prefix: {_quoted(conda.prefix)}",
    ]
    named = [state for state in conda.environments if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", state.name)]
    inside = [line for state in named for line in _environment(state)]
    declared = any(not line.lstrip().startswith("#") for line in inside)
    head = [f"{found}environments:"] if declared else ["# environments:"] if inside else []
    return [*lines, *head, *(f"{found}{line}" for line in inside)]


def _environment(state: EnvironmentState) -> list[str]:
    python = next((package.version for package in state.packages if package.name == "python"), "")
    key = version_key(python)[:2]
    if not key:
        return [f"  # {state.name}: {len(state.packages)} packages and no python; declare what it is for"]
    return [
        f"  {state.name}:",
        f"    python: {_quoted('.'.join(map(str, key)))}",
        f"    packages: []  # {len(state.packages)} packages are there; list those that this environment is for",
    ]
