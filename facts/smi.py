"""`nvidia-smi -q -x`: its XML, in any edition of its document type from v10 on, read for what matters."""

import re
from xml.etree import ElementTree

from facts import text
from schema.gpu import Gpu, GpuProcess, Smi

# What the program prints for "no value" (nvidia-smi(1), and outputs of real boards).
NOTHING = {
    "",
    "n/a",
    "none",
    "not supported",
    "unknown error",
    "err!",
    "insufficient permissions",
    "gpu is lost",
    "requested functionality has been deprecated",
    "not available",
}
# Characters that XML 1.0 (section 2.2) does not allow; a process may have them in its name.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")


def parse(output: str, exit_code: int) -> Smi:
    """What one run said. Text that is no XML, or is too broken to read, is kept in `text`, at most 2,000 characters."""
    start, end = output.find("<?xml"), output.rfind("</nvidia_smi_log>")
    if start < 0 or end < 0:
        return Smi(exit_code=exit_code, text=output.strip()[:2000])
    tail = end + len("</nvidia_smi_log>")
    said = (output[:start] + output[tail:]).strip()[:2000]
    root = _tree(output[start:tail])
    if root is None:
        return Smi(exit_code=exit_code, text=said or "its XML could not be read")
    gpus = [(_gpu(index, element), element) for index, element in enumerate(root.findall("gpu"))]
    return Smi(
        exit_code=exit_code,
        text=said if exit_code else "",
        # From release 610 the program calls its own part KMD and UMD; both names are accepted.
        driver_version=_value(root, "driver_version", "kmd_version"),
        cuda_version=_value(root, "cuda_version", "cuda_umd_version"),
        gpus=tuple(gpu for gpu, _ in gpus),
        processes=tuple(process for gpu, element in gpus for process in _processes(gpu.slot, element)),
    )


def _tree(xml: str) -> ElementTree.Element | None:
    """The document's root. Entities are never declared by the program: a document that does so is not its own."""
    if "<!ENTITY" in xml:
        return None
    for attempt in (xml, STRAY_AMPERSAND.sub("&amp;", ILLEGAL.sub("?", xml))):
        try:
            return ElementTree.fromstring(attempt)  # noqa: S314 - entities are refused above, nothing is fetched.
        except (ElementTree.ParseError, ValueError, RecursionError):
            continue
    return None


def _value(element: ElementTree.Element, *paths: str) -> str | None:
    """The text at the first of the paths that has a value."""
    for path in paths:
        found = (element.findtext(path) or "").strip()
        if found.strip("[]").lower() not in NOTHING:
            return found
    return None


def _yes(element: ElementTree.Element, *paths: str) -> bool | None:
    value = (_value(element, *paths) or "").lower()
    return {"yes": True, "no": False, "enabled": True, "disabled": False}.get(value)


def slot(bus_id: str) -> str:
    """A bus id as sysfs writes it: "00000000:1E:00.0" is "0000:1e:00.0", a domain of its own keeps its digits."""
    found = re.fullmatch(r"([0-9A-Fa-f]{1,8}):([0-9A-Fa-f:.]+)", bus_id.strip())
    return f"{int(found.group(1), 16):04x}:{found.group(2).lower()}" if found else bus_id.strip().lower()


def _pci_id(device: str | None) -> str | None:
    """ "233010DE", device before vendor, is "10de:2330"."""
    found = re.fullmatch(r"(?:0x)?([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})", device or "")
    return f"{found.group(2)}:{found.group(1)}".lower() if found else None


def _gpu(index: int, element: ElementTree.Element) -> Gpu:
    return Gpu(
        index=index,
        slot=slot(element.get("id") or _value(element, "pci/pci_bus_id") or ""),
        name=_value(element, "product_name") or "",
        uuid=_value(element, "uuid"),
        architecture=_value(element, "product_architecture"),
        pci_id=_pci_id(_value(element, "pci/pci_device_id")),
        memory_mib=text.number(_value(element, "fb_memory_usage/total")),
        persistence=_yes(element, "persistence_mode"),
        mig=_yes(element, "mig_mode/current_mig"),
        link_width=text.number(_value(element, "pci/pci_gpu_link_info/link_widths/current_link_width")),
        max_link_width=text.number(_value(element, "pci/pci_gpu_link_info/link_widths/max_link_width")),
        ecc_uncorrectable=_uncorrectable(element),
        remap_pending=_yes(element, "remapped_rows/remapped_row_pending"),
        remap_failure=_yes(element, "remapped_rows/remapped_row_failure"),
        retired_pending=_yes(element, "retired_pages/pending_retirement", "retired_pages/pending_blacklist"),
        recovery_action=_recovery(element),
        fabric_state=_value(element, "fabric/state"),
        fabric_status=_value(element, "fabric/status"),
    )


def _uncorrectable(element: ElementTree.Element) -> int | None:
    """Uncorrectable errors since the driver was loaded: one total up to v10, summed over kinds of memory after."""
    volatile = element.find("ecc_errors/volatile")
    if volatile is None:
        return None
    total = text.number(_value(volatile, "double_bit/total"))
    counts = [text.number(child.text) for child in volatile if "uncorrectable" in child.tag]
    known = [count for count in (total, *counts) if count is not None]
    return sum(known) if known else None


def _recovery(element: ElementTree.Element) -> str | None:
    """What the GPU asks for: "Reset", "Reboot", "Drain P2P", "Drain and Reset" (v13); two fields up to v12."""
    action = _value(element, "gpu_recovery_action")
    if action is None and _yes(element, "gpu_reset_status/drain_and_reset_recommended"):
        return "Drain and Reset"
    if action is None and _yes(element, "gpu_reset_status/reset_required"):
        return "Reset"
    return action


def _processes(place: str, element: ElementTree.Element) -> list[GpuProcess]:
    processes = []
    for found in element.findall("processes/process_info"):
        process = text.number(found.findtext("pid"))
        if process is not None:
            name, kind = _value(found, "process_name") or "", _value(found, "type") or ""
            processes.append(GpuProcess(gpu=place, pid=process, name=name, kind=kind))
    return processes
