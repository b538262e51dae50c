"""The files that make one host this host: its name, keys, users and declared GPUs."""

import json
import os
import uuid
from pathlib import Path

from lab import gpu_modules, pci, process
from lab.definition import Host


def apply(root: Path, host: Host, folder: Path, public_key: str, address: str) -> None:
    """Write a host's own files into its mounted, fresh root. `folder` keeps its SSH host key over a reset."""
    machine = uuid.uuid5(uuid.NAMESPACE_DNS, f"{folder}")
    _text(root / "etc/hostname", f"{host.name}\n")
    _text(root / "etc/hosts", f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n{address} {host.name}\n")
    _text(root / "etc/resolv.conf", "")
    _text(root / "etc/machine-id", f"{machine.hex}\n")
    _text(root / "etc/gpufleet-lab", "A host of the gpufleet lab: stand-in packages may be installed here.\n")
    for user, owner in (("root", 0), ("home/ubuntu", 1000)):
        _authorise(root / user, owner, public_key)
    _host_key(root, folder)
    _sudo(root, host)
    gpu_modules.install(root)
    declare_gpus(root, pci.slots(host.name, host.gpus))


def _text(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _authorise(home: Path, owner: int, public_key: str) -> None:
    _text(home / ".ssh/authorized_keys", public_key, 0o600)
    (home / ".ssh").chmod(0o700)
    for path in (home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, owner, owner)
    # Ubuntu's HOME_MODE since 21.04 (login.defs).
    home.chmod(0o700 if owner == 0 else 0o750)


def _host_key(root: Path, folder: Path) -> None:
    key = host_key(folder)
    _text(root / "etc/ssh/ssh_host_ed25519_key", key.read_text(), 0o600)
    _text(root / "etc/ssh/ssh_host_ed25519_key.pub", key.with_suffix(".pub").read_text())


def host_key(folder: Path) -> Path:
    """The private half of a host's SSH key, made on first use."""
    key = folder / "ssh_host_ed25519_key"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        process.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab host", "-f", key)
    return key


def _sudo(root: Path, host: Host) -> None:
    """The image of a cloud gives `ubuntu` sudo without a password; a machine set up by hand asks for one."""
    if host.sudo == "nopasswd":
        _text(root / "etc/sudoers.d/90-cloud-init-users", "ubuntu ALL=(ALL) NOPASSWD:ALL\n", 0o440)
        return
    hashed = process.run("openssl", "passwd", "-6", "-stdin", stdin=host.password).strip()
    process.run("chroot", root, "chpasswd", "-e", stdin=f"ubuntu:{hashed}\n")


def declare_gpus(root: Path, functions: list[pci.Slot]) -> None:
    """Tell the driver's stand-in what boards there are; `bus_id` as in sysfs, memory in MiB."""
    rows = []
    for function in functions:
        if function.uuid:
            board = function.device.board
            rows.append(
                {
                    "bus_id": function.slot,
                    "pci_id": function.pci_id,
                    "name": board.name,
                    "memory_mib": board.memory_mib,
                    "uuid": function.uuid,
                    "architecture": board.architecture,
                    "compute_capability": board.compute_capability,
                }
            )
    _text(root / "var/lib/gpufleet-lab/gpus.json", json.dumps(rows, indent=1) + "\n")
