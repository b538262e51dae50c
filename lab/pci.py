"""The PCI bus of a host: a folder of this machine, bound over /sys/bus/pci/devices, so that it can change live."""

import shutil
import struct
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.definition import Device

# Offsets of a type 0 configuration header (PCI Local Bus Specification 3.0, figure 6-1).
HEADER = struct.Struct("<HHHHBBBBBBBB")


@dataclass(frozen=True)
class Slot:
    """One PCI function; `slot` is "0000:01:00.0", `uuid` is set for GPUs of NVIDIA only."""

    slot: str
    device: Device
    pci_id: str
    class_code: str
    uuid: str | None = None


def slots(host: str, devices: Sequence[Device]) -> list[Slot]:
    """Where each device of a host sits: one bus per board, from 01 up, a sound function beside a graphics board."""
    found = []
    for number, device in enumerate(_each(devices), start=1):
        board = device.board
        place = f"0000:{number:02x}:00"
        is_gpu = board.is_gpu and device.pci_id.startswith("10de:")
        name = f"GPU-{uuid.uuid5(uuid.NAMESPACE_DNS, f'{host}/{place}')}" if is_gpu else None
        found.append(Slot(f"{place}.0", device, device.pci_id, board.class_code, name))
        if board.audio:
            found.append(Slot(f"{place}.1", device, board.audio, "040300"))
    return found


def _each(devices: Sequence[Device]) -> Iterator[Device]:
    for device in devices:
        yield from [device] * device.count


def fill(folder: Path, functions: Sequence[Slot]) -> None:
    """Make the folder hold exactly these functions; a device that stays keeps its files and its driver link.

    The folder itself stays the same one: it is what a running host has bound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {function.slot: function for function in functions}
    for old in folder.iterdir():
        if old.name not in wanted or _identity(old) != wanted[old.name].pci_id:
            shutil.rmtree(old)
    for function in functions:
        if not (folder / function.slot).exists():
            _write(folder / function.slot, function)


def _identity(folder: Path) -> str:
    return f"{(folder / 'vendor').read_text()[2:6]}:{(folder / 'device').read_text()[2:6]}"


def _write(folder: Path, function: Slot) -> None:
    """The files of one function, as Linux shows them (Documentation/ABI/testing/sysfs-bus-pci)."""
    vendor, device = function.pci_id.split(":")
    width = str(function.device.link_width)
    text = {
        "vendor": f"0x{vendor}",
        "device": f"0x{device}",
        "subsystem_vendor": f"0x{vendor}",
        "subsystem_device": "0x0001",
        "class": f"0x{function.class_code}",
        "revision": "0xa1",
        "irq": "11",
        "enable": "1",
        "numa_node": "-1",
        "current_link_width": width,
        "max_link_width": width,
        "current_link_speed": "8.0 GT/s PCIe",
        "max_link_speed": "8.0 GT/s PCIe",
        "resource": "\n".join(["0x0000000000000000 0x0000000000000000 0x0000000000000000"] * 13),
        "modalias": _alias(function),
    }
    if function.class_code == "030000":
        text["boot_vga"] = "1" if function.slot == "0000:01:00.0" else "0"
    folder.mkdir()
    for name, value in text.items():
        (folder / name).write_text(f"{value}\n")
    (folder / "config").write_bytes(_configuration(function).ljust(256, b"\0"))


def _alias(function: Slot) -> str:
    vendor, device = function.pci_id.upper().split(":")
    base, sub, interface = (function.class_code[index : index + 2].upper() for index in (0, 2, 4))
    return f"pci:v0000{vendor}d0000{device}sv0000{vendor}sd00000001bc{base}sc{sub}i{interface}"


def _configuration(function: Slot) -> bytes:
    vendor, device = (int(part, 16) for part in function.pci_id.split(":"))
    base, sub, interface = bytes.fromhex(function.class_code)
    return HEADER.pack(vendor, device, 0x0007, 0x0010, 0xA1, interface, sub, base, 0, 0, 0, 0)
