"""Boards whose driver is part of their system: what a Jetson and a Raspberry Pi declare, and what they do not."""

from schema.document import Node
from schema.host import HostSpec
from schema.rules import jetson
from schema.rules.breach import Breach

# What each platform's driver is part of.
DRIVER_OF = {"jetson": "L4T, which is flashed with the board", "raspberry-pi": "its own system, and none is NVIDIA's"}


def release(spec: HostSpec) -> list[Breach]:
    """`l4t` belongs to a Jetson, and a Jetson needs it: everything NVIDIA has on it follows from it."""
    if spec.platform == "jetson" and spec.l4t is None:
        fitting = ", ".join(f'"{version}"' for version in jetson.series(spec)[:4])
        hint = f'Add l4t: "36.4", as the first line of /etc/nv_tegra_release has it. Known for its boards: {fitting}.'
        message = "a Jetson's release of L4T is missing."
        return [Breach(code="INV040", path="platform", message=message, hint=hint)]
    if spec.platform != "jetson" and spec.l4t is not None:
        message = f"only a Jetson has a release of L4T; this host is platform: {spec.platform}."
        return [Breach(code="INV041", path="l4t", message=message, hint="Write platform: jetson, or delete the key.")]
    return []


def driver(spec: HostSpec, own: Node) -> list[Breach]:
    """No driver is declared on a board: an inherited one is passed over, one in its own file contradicts it."""
    written = own.value.get("driver") if isinstance(own.value, dict) else None
    if spec.platform == "generic" or written is None or spec.driver == "none":
        return []
    message = f"the driver of a {_title(spec)} is part of {DRIVER_OF[spec.platform]}; no package of it is installed."
    hint = "Delete the key; l4t says which driver it is." if spec.platform == "jetson" else "Delete the key."
    return [Breach(code="INV042", path="driver", message=message, hint=hint)]


def processor(spec: HostSpec) -> list[Breach]:
    """Both boards are aarch64, which is their default too."""
    if spec.platform == "generic" or spec.arch == "aarch64":
        return []
    message = f"a {_title(spec)} has an aarch64 processor, not {spec.arch}."
    return [Breach(code="INV043", path="arch", message=message, hint="Write arch: aarch64, or delete the key.")]


def no_gpus(spec: HostSpec) -> list[Breach]:
    """A Raspberry Pi's GPU is none of NVIDIA's."""
    if spec.platform != "raspberry-pi" or not spec.gpus:
        return []
    message = "a Raspberry Pi has no NVIDIA GPU."
    return [Breach(code="INV044", path="gpus", message=message, hint="Write gpus: [], or delete the key.")]


def _title(spec: HostSpec) -> str:
    return "Jetson" if spec.platform == "jetson" else "Raspberry Pi"
