"""`driver.delivery`, `variant` and `fabric_manager: auto`: which kind of packages the driver comes in."""

from typing import TYPE_CHECKING

from schema.choose import gpus, locked
from schema.choose.choice import Choice
from schema.driver import names
from schema.driver.model import DriverSpec
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# Flavours of Ubuntu's kernels for which the archive has signed modules (Ubuntu Server guide, NVIDIA drivers).
SIGNED_FLAVOURS = ("generic", "lowlatency", "aws", "azure", "gcp", "gke", "oracle", "nvidia", "ibm")
# Boards behind NVSwitches come in eights (NVIDIA's HGX A100, H100, B200); those in fours are joined without switches.
SWITCHED_BOARDS = 8
# The switches of these generations are PCI devices of the host (class 0680); those of NVLink 5 are not.
VISIBLE_SWITCHES = frozenset({"ampere", "hopper", "volta"})


def _declared(managed: DriverSpec, spec: "HostSpec", key: str) -> Choice | None:
    """What is written down, else what the lock says."""
    value = getattr(managed, key)
    if value != "auto":
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Choice(value=text, reason="", by="declared")
    return locked.choice(spec, f"driver.{key}")


@once
def delivery(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """ "dkms" or "prebuilt". NVIDIA's repository has DKMS alone; of the archive's two, the one that is there."""
    managed = spec.managed_driver or DriverSpec()
    if managed.source != "ubuntu":
        return Choice(value="dkms", reason="NVIDIA's repository has no prebuilt modules")
    found = _declared(managed, spec, "delivery")
    if found is not None:
        return found
    there = _installed(snapshot)
    if any(names.is_prebuilt(name) and names.family(name) for name in there):
        return Choice(value="prebuilt", reason="installed on the host", by="observed")
    dkms = any(name.startswith("nvidia-dkms-") for name in there)
    if dkms and snapshot is not None and not snapshot.kernel.secure_boot:
        return Choice(value="dkms", reason="installed on the host", by="observed")
    flavour = spec.kernel.flavour if spec.kernel.flavour != "auto" else "generic"
    if snapshot is not None and spec.kernel.flavour == "auto":
        flavour = snapshot.kernel.flavour
    if flavour.split("-")[0] in SIGNED_FLAVOURS:
        return Choice(value="prebuilt", reason=f"modules for the {flavour} kernel that Canonical signed")
    return Choice(value="dkms", reason=f"Canonical signs no modules for the {flavour} kernel")


@once
def variant(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """ "desktop" or "server". Fabric manager matches the server variant only (Ubuntu Server guide)."""
    managed = spec.managed_driver or DriverSpec()
    found = _declared(managed, spec, "variant")
    if found is not None:
        return found
    if fabric_manager(spec, snapshot).value == "true":
        return Choice(value="server", reason="fabric manager matches the server variant only")
    drivers = [name for name in _installed(snapshot) if names.MODULES.match(name)]
    if drivers:
        kind = "server" if any(names.is_server(name) for name in drivers) else "desktop"
        return Choice(value=kind, reason="installed on the host", by="observed")
    if managed.install == "compute":
        return Choice(value="server", reason="install: compute needs no desktop")
    return Choice(value="desktop", reason="install: full is for desktops too")


@once
def fabric_manager(spec: "HostSpec", snapshot: "Snapshot | None") -> Choice:
    """ "true" where GPUs sit behind NVSwitches: the switches are there, or eight such boards are declared."""
    managed = spec.managed_driver
    if managed is None:
        return Choice(value="false", reason="the driver is not managed", by="declared")
    found = _declared(managed, spec, "fabric_manager")
    if found is not None:
        return found
    if snapshot is not None and any(device.is_nvswitch for device in snapshot.gpu.devices):
        return Choice(value="true", reason="NVSwitches are there", by="observed")
    boards, blind = _switched(spec)
    seen = snapshot is not None and bool(snapshot.gpu.nvidia)
    if seen and not blind:
        return Choice(value="false", reason="there are no NVSwitches", by="observed")
    if boards >= SWITCHED_BOARDS:
        return Choice(value="true", reason=f"{boards} boards behind NVSwitches")
    reason = "fewer than eight boards behind NVSwitches" if boards else "no board behind NVSwitches"
    return Choice(value="false", reason=reason)


def _switched(spec: "HostSpec") -> tuple[int, bool]:
    """How many declared boards sit behind NVSwitches whatever their names mean; whether their switches are unseen."""
    count, blind = 0, False
    for gpu in spec.gpus or ():
        found = gpus.products(gpu)
        if found and all(product.switched for product in found):
            count += gpu.count
            blind = blind or any(product.architecture not in VISIBLE_SWITCHES for product in found)
    return count, blind


def _installed(snapshot: "Snapshot | None") -> list[str]:
    packages = snapshot.apt.packages if snapshot is not None else {}
    return [name for name, item in packages.items() if item.installed]
