"""One GPU's element in nvidia-smi's XML."""

from collections.abc import Iterable
from xml.etree import ElementTree

from facts.smi import mig, value
from schema.gpu import Gpu, GpuProcess

POWER = ("gpu_power_readings", "power_readings")
LINK = "pci/pci_gpu_link_info"


def gpu(index: int, element: ElementTree.Element) -> Gpu:
    """The GPU that `element` describes; `index` is its place in the document."""
    identity = {
        "name": value.words(element, "product_name"),
        "uuid": value.words(element, "uuid"),
        "pci_bus_id": value.words(element, "pci/pci_bus_id") or _bus_id(element),
        "pci_device_id": value.words(element, "pci/pci_device_id"),
        "brand": value.words(element, "product_brand"),
        "architecture": value.words(element, "product_architecture"),
        "serial": value.words(element, "serial"),
        "vbios_version": value.words(element, "vbios_version"),
    }
    return Gpu(
        index=index,
        **identity,
        minor_number=value.count(element, "minor_number"),
        memory_total_mib=value.count(element, "fb_memory_usage/total"),
        persistence_mode=value.switch(element, "persistence_mode"),
        compute_mode=value.words(element, "compute_mode"),
        virtualization_mode=value.words(element, "gpu_virtualization_mode/virtualization_mode"),
        mig_current=value.switch(element, "mig_mode/current_mig"),
        mig_pending=value.switch(element, "mig_mode/pending_mig"),
        mig_devices=mig.devices(element),
        ecc_current=value.switch(element, "ecc_mode/current_ecc"),
        ecc_pending=value.switch(element, "ecc_mode/pending_ecc"),
        ecc_corrected_volatile=_errors(element, "volatile", "single_bit", "_correctable"),
        ecc_uncorrected_volatile=_errors(element, "volatile", "double_bit", "_uncorrectable"),
        ecc_corrected_aggregate=_errors(element, "aggregate", "single_bit", "_correctable"),
        ecc_uncorrected_aggregate=_errors(element, "aggregate", "double_bit", "_uncorrectable"),
        remapped_correctable=value.count(element, "remapped_rows/remapped_row_corr"),
        remapped_uncorrectable=value.count(element, "remapped_rows/remapped_row_unc"),
        remapped_pending=value.switch(element, "remapped_rows/remapped_row_pending"),
        remapped_failure=value.switch(element, "remapped_rows/remapped_row_failure"),
        retired_pages=_retired(element),
        retired_pending=value.switch(element, "retired_pages/pending_retirement", "retired_pages/pending_blacklist"),
        recovery_action=_recovery(element),
        fabric_state=value.words(element, "fabric/state"),
        fabric_status=value.words(element, "fabric/status"),
        fabric_clique=value.count(element, "fabric/cliqueId"),
        fabric_cluster=value.words(element, "fabric/clusterUuid"),
        fabric_health=_health(element.find("fabric/health")),
        power_limit_watts=_watts(element, "current_power_limit", "enforced_power_limit", "power_limit"),
        power_default_watts=_watts(element, "default_power_limit"),
        power_max_watts=_watts(element, "max_power_limit"),
        link_generation=value.count(element, f"{LINK}/pcie_gen/current_link_gen"),
        max_link_generation=value.count(element, f"{LINK}/pcie_gen/max_link_gen"),
        link_width=value.count(element, f"{LINK}/link_widths/current_link_width"),
        max_link_width=value.count(element, f"{LINK}/link_widths/max_link_width"),
    )


def _bus_id(element: ElementTree.Element) -> str | None:
    return element.get("id", "").strip() or None


def _errors(element: ElementTree.Element, since: str, old: str, new: str) -> int | None:
    """ECC errors: one total for both kinds up to v10, summed over the kinds of memory after."""
    found = element.find(f"ecc_errors/{since}")
    if found is None:
        return None
    kinds = (value.count(found, child.tag) for child in found if new in child.tag)
    return _sum((value.count(found, f"{old}/total"), *kinds))


def _retired(element: ElementTree.Element) -> int | None:
    found = element.find("retired_pages")
    if found is None:
        return None
    reasons = ("multiple_single_bit_retirement", "double_bit_retirement")
    return _sum(value.count(found, f"{reason}/retired_count") for reason in reasons)


def _sum(counts: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _recovery(element: ElementTree.Element) -> str | None:
    """What the GPU asks for: "Reset", "Reboot", "Drain P2P", "Drain and Reset" (v13); two fields up to v12."""
    action = value.words(element, "gpu_recovery_action")
    if action is None and value.switch(element, "gpu_reset_status/drain_and_reset_recommended"):
        return "Drain and Reset"
    if action is None and value.switch(element, "gpu_reset_status/reset_required"):
        return "Reset"
    return action


def _health(element: ElementTree.Element | None) -> dict[str, str]:
    """What the fabric says of itself, by its own names: {"bandwidth": "Full"}."""
    found = {} if element is None else {child.tag: value.words(element, child.tag) for child in element}
    return {tag: said for tag, said in found.items() if said is not None}


def _watts(element: ElementTree.Element, *names: str) -> float | None:
    return value.amount(element, *(f"{power}/{name}" for name in names for power in POWER))


def processes(place: str, element: ElementTree.Element) -> list[GpuProcess]:
    """The processes that use the GPU in the slot `place`."""
    found = []
    for listed in element.findall("processes/process_info"):
        process = value.count(listed, "pid")
        if process is not None:
            name, kind = value.words(listed, "process_name") or "", value.words(listed, "type") or ""
            found.append(GpuProcess(gpu=place, pid=process, name=name, kind=kind))
    return found
