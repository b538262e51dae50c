"""GPUs: the PCI devices that are there, what nvidia-smi says of them, and who uses them."""

import re

from facts import probe, smi, text
from facts.fact import FactBase
from schema import once
from schema.gpu import DeviceNode, GpuState, NodeState, NvidiaSmi, PciDevice

# Names (comm, at most 15 characters) of processes that hold GPU devices and are no user's work: NVIDIA's own services,
# and display servers, whose users are listed among the login sessions.
SERVICES = {
    "nvidia-persiste",
    "nv-fabricmanage",
    "nv-hostengine",
    "nvidia-smi",
    "nvidia-powerd",
    "dcgm-exporter",
    "Xorg",
    "Xwayland",
    "gnome-shell",
    "gnome-remote-de",
    "kwin_wayland",
    "sddm-greeter",
}
# What the six bits of a link's width (PCIe 7.5.3.6) read of a device that is gone, and of one that the kernel gave up.
GONE = {63, 255}
# NVML's codes for a user without permission, and for device files that a control group keeps away.
NOT_ALLOWED = {4, 17}
UNLOADED = "not asked, because the nvidia kernel module is not loaded and asking would load it"


class Gpus(FactBase[GpuState]):
    """Display devices and NVSwitches from sysfs, and the answer of `nvidia-smi -q -x`.

    `{"devices": [{"slot": "0000:01:00.0", "vendor": "10de", "device": "1b80", "class_code": "030000",
    "driver": "nvidia", "link_width": 16, "max_link_width": 16}], "smi": {"exit_code": 0, "text": "",
    "driver_version": "580.95.05", "cuda_version": "13.0", "gpus": [{"index": 0, "name": ...,
    "memory_total_mib": 8192, ...}], "processes": [{"gpu": "0000:01:00.0", "pid": 4711, "name": "python",
    "kind": "C"}]}}`; `smi` is null without nvidia-smi; its exit code is 9, nvidia-smi's own for it, when the module is
    not loaded, and 124 when it hung.
    """

    def command(self) -> str:
        return probe.script(("gpu",))

    def process(self, output: list[str]) -> GpuState:
        return parse(probe.sections(output))


def parse_nvidia_smi(xml: str) -> NvidiaSmi:
    """What a run of `nvidia-smi -q -x` printed, whole: a document of any edition, an error text, or neither."""
    return smi.parse(xml, None)


def parse(found: probe.Sections) -> GpuState:
    """The GPUs of one run of the probe."""
    devices = [device for line in found.of("gpu/devices") if (device := _device(line)) is not None]
    return GpuState(
        devices=tuple(sorted(devices, key=lambda device: device.slot)), smi=_smi(found), nodes=_nodes(found)
    )


def unseen(found: probe.Sections) -> frozenset[str]:
    """ "gpu/smi" where it claims success and its XML could not be read to the end, or was not allowed to look."""
    said = _smi(found)
    if said is None:
        return frozenset()
    cut = said.exit_code in {0, None} and not said.complete
    return frozenset({"gpu/smi"}) if cut or said.exit_code in NOT_ALLOWED else frozenset()


def holders(found: probe.Sections) -> tuple[int, ...]:
    """Ids of the processes that hold /dev/nvidia* open, without services; looked at where nvidia-smi gave no answer."""
    pairs = [(text.number(word), name) for word, name in found.words("gpu/holders")]
    return tuple(sorted({pid for pid, name in pairs if pid is not None and name.strip() not in SERVICES}))


def _nodes(found: probe.Sections) -> NodeState | None:
    if found.status.get("gpu/nodes") != "0":
        return None
    lines = found.of("gpu/nodes")
    nodes = (re.fullmatch(r"node ([0-7]{1,5}) (\S{1,64}) (\S{1,64}) (/\S{1,200})", line) for line in lines)
    return NodeState(
        files=tuple(DeviceNode(mode=node[1], owner=node[2], group=node[3], path=node[4]) for node in nodes if node)[
            :600
        ],
        uvm_loaded="module nvidia_uvm" in lines,
        linked=any(line.startswith("link ") for line in lines),
        file_mode=text.number(found.value("gpu/nodes", "mode")),
    )


def _device(line: str) -> PciDevice | None:
    words = line.split()
    if len(words) != 7 or not all(re.fullmatch(r"0x[0-9a-f]{4,6}", word) for word in words[1:4]):
        return None
    slot, vendor, device, class_code, driver, width, limit = words
    return PciDevice(
        slot=slot,
        vendor=vendor[2:],
        device=device[2:],
        class_code=class_code[2:],
        driver=None if driver == "-" else driver,
        link_width=_width(width),
        max_link_width=_width(limit),
        unreadable=text.number(limit) in GONE,
    )


def _width(word: str) -> int | None:
    """Lanes; 0 is said by a device without a link of its own."""
    width = text.number(word)
    return width if width not in {0, *GONE} else None


@once.once
def _smi(found: probe.Sections) -> NvidiaSmi | None:
    status = found.status.get("gpu/smi")
    if status in {None, "absent"}:
        return None
    if status == "unloaded":
        return NvidiaSmi(exit_code=9, text=UNLOADED)
    if status in {"124", "137"}:
        return NvidiaSmi(exit_code=124, text="no answer within 15 seconds")
    body, ended, code = "\n".join(found.of("gpu/smi")).rpartition("@exit ")
    # Without its exit code the answer was longer than what is passed on.
    return smi.parse(body, text.number(code)) if ended else smi.parse(code, None)
