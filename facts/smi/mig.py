"""The MIG devices of one GPU's element in nvidia-smi's XML."""

from xml.etree import ElementTree

from facts.smi import ecc, tree, value
from schema.gpu import MigDevice

SHARED = "device_attributes/shared"


def devices(element: ElementTree.Element) -> tuple[MigDevice, ...]:
    """In the document's order; the text "None" stands where there are none."""
    return tuple(
        _device(index, found)
        for index, found in enumerate(element.findall("mig_devices/mig_device")[: tree.MIG_DEVICES])
    )


def _device(place: int, element: ElementTree.Element) -> MigDevice:
    index = value.count(element, "index")
    return MigDevice(
        index=place if index is None else index,
        gpu_instance_id=value.count(element, "gpu_instance_id"),
        compute_instance_id=value.count(element, "compute_instance_id"),
        uuid=value.words(element, "uuid"),
        profile=value.words(element, "profile", "profile_name", "device_name"),
        slices=value.count(element, f"{SHARED}/slice_count", f"{SHARED}/gpu_instance_slice_count"),
        multiprocessors=value.count(element, f"{SHARED}/multiprocessor_count"),
        memory_total_mib=value.mib(element, "fb_memory_usage/total"),
        ecc_uncorrected_volatile=ecc.errors(element.find("ecc_error_count/volatile_count"), "uncorrected"),
    )
