"""One GPU's element in nvidia-smi's XML."""

from collections.abc import Iterable
from xml.etree import ElementTree

from facts.smi import ecc, mig, value
from schema.gpu import Gpu, GpuProcess

# Renamed with v12 (release 530); the module's own, on boards that have one, are another limit.
POWER = ("gpu_power_readings", "power_readings")
LIMITS = ("current_power_limit", "enforced_power_limit", "power_limit", "requested_power_limit")
REASONS = ("clocks_event_reasons", "clocks_throttle_reasons")
LINK = "pci/pci_gpu_link_info"
# Lanes and generations that a device says which has no link of its own, or no longer answers (all bits set).
NO_LINK = {0, 255}


def gpu(index: int, element: ElementTree.Element) -> Gpu:
    """The GPU that `element` describes; `index` is its place in the document."""
    return Gpu.model_validate(
        {
            "index": index,
            **_identity(element),
            **_modes(element),
            "memory_total_mib": value.mib(element, "fb_memory_usage/total", "memory_usage/total"),
            "mig_devices": mig.devices(element),
            **ecc.counts(element),
            **ecc.rows(element),
            "recovery_action": _recovery(element),
            "recovery_none": _recovery_none(element),
            "slowdowns": _slowdowns(element),
            **_fabric(element),
            "power_limit_watts": _watts(element, *LIMITS),
            "power_default_watts": _watts(element, "default_power_limit"),
            "power_max_watts": _watts(element, "max_power_limit"),
            "link_generation": _link(element, "pcie_gen/current_link_gen"),
            "max_link_generation": _link(element, "pcie_gen/max_link_gen", "pcie_gen/max_device_link_gen"),
            "link_width": _link(element, "link_widths/current_link_width"),
            "max_link_width": _link(element, "link_widths/max_link_width"),
        }
    )


def _identity(element: ElementTree.Element) -> dict[str, object]:
    return {
        "name": value.words(element, "product_name"),
        "uuid": value.words(element, "uuid"),
        "pci_bus_id": value.words(element, "pci/pci_bus_id") or _bus_id(element),
        "pci_device_id": value.words(element, "pci/pci_device_id"),
        "brand": value.words(element, "product_brand"),
        "architecture": value.words(element, "product_architecture"),
        "serial": value.words(element, "serial"),
        "vbios_version": value.words(element, "vbios_version"),
        "gsp_firmware_version": value.words(element, "gsp_firmware_version"),
        "minor_number": value.count(element, "minor_number"),
    }


def _modes(element: ElementTree.Element) -> dict[str, object]:
    # A vGPU's licence: the element is named after the product of its time.
    licences = (f"{name}_licensed_product/license_status" for name in ("vgpu_software", "grid"))
    return {
        "persistence_mode": value.switch(element, "persistence_mode"),
        "compute_mode": value.words(element, "compute_mode"),
        "virtualization_mode": value.words(element, "gpu_virtualization_mode/virtualization_mode"),
        "license_status": value.words(element, *licences),
        "mig_current": value.switch(element, "mig_mode/current_mig"),
        "mig_pending": value.switch(element, "mig_mode/pending_mig"),
        "ecc_current": value.switch(element, "ecc_mode/current_ecc"),
        "ecc_pending": value.switch(element, "ecc_mode/pending_ecc"),
    }


def _bus_id(element: ElementTree.Element) -> str | None:
    return element.get("id", "").strip()[:64] or None


def _recovery(element: ElementTree.Element) -> str | None:
    """What the GPU asks for: "Reset", "Reboot", "Drain P2P", "Drain and Reset" (v13); two fields up to v12."""
    action = value.words(element, "gpu_recovery_action")
    if action is None and value.switch(element, "gpu_reset_status/drain_and_reset_recommended"):
        return "Drain and Reset"
    if action is None and value.switch(element, "gpu_reset_status/reset_required"):
        return "Reset"
    return action


def _recovery_none(element: ElementTree.Element) -> bool:
    """Whether the document says that no recovery is asked for, which "None" and "No" do and "N/A" does not."""
    said = (element.findtext("gpu_recovery_action") or "").strip().lower()
    return said == "none" or value.switch(element, "gpu_reset_status/reset_required") is False


def _slowdowns(element: ElementTree.Element) -> list[str]:
    """Why the clocks are held down at this moment: ["hw_slowdown", "sw_power_cap"]; idleness is no reason."""
    found = (child for name in REASONS for child in element.findall(f"{name}/*") if value.switch(child, "."))
    names = (child.tag.partition("_reason_")[2] for child in found)
    return [name[: value.LONGEST] for name in names if name and not name.endswith("idle")]


def _fabric(element: ElementTree.Element) -> dict[str, object]:
    health = element.find("fabric/health")
    said = {} if health is None else {child.tag[:64]: value.words(child, ".") for child in list(health)[:32]}
    return {
        "fabric_state": value.words(element, "fabric/state"),
        "fabric_status": value.words(element, "fabric/status"),
        "fabric_clique": value.count(element, "fabric/cliqueId"),
        "fabric_cluster": value.words(element, "fabric/clusterUuid"),
        "fabric_health": {tag: text for tag, text in said.items() if text is not None},
    }


def _watts(element: ElementTree.Element, *names: str) -> float | None:
    return value.watts(element, *(f"{power}/{name}" for name in names for power in POWER))


def _link(element: ElementTree.Element, *names: str) -> int | None:
    found = value.count(element, *(f"{LINK}/{name}" for name in names))
    return found if found not in NO_LINK else None


def processes(place: str, element: ElementTree.Element) -> Iterable[GpuProcess]:
    """The processes that use the GPU in the slot `place`."""
    for listed in element.findall("processes/process_info"):
        process = value.count(listed, "pid")
        if process is not None:
            name, kind = value.words(listed, "process_name") or "", value.words(listed, "type") or ""
            yield GpuProcess(gpu=place, pid=process, name=name, kind=kind)
