"""What a board is part of: NVSwitches, which need fabric manager, and CPUs of another architecture."""

from schema.driver import DriverSpec
from schema.host import HostSpec
from schema.rules import cards
from schema.rules.breach import Breach

# HGX and DGX boards carry eight GPUs behind their switches; a virtual machine with fewer may have none of these.
WHOLE_BOARD = 8


def fabric_manager(spec: HostSpec) -> list[Breach]:
    """Fabric manager serves NVSwitches: asked for without them, or switched off with them, is a warning."""
    driver = spec.managed_driver
    known = [card for card in cards.of(spec) if card.models]
    if driver is None or driver.fabric_manager == "auto" or not known or len(known) != len(cards.of(spec)):
        return []
    path = "driver.fabric_manager"
    names = cards.joined(card.name for card in known)
    if driver.fabric_manager is True and not any(model.switched for card in known for model in card.models):
        message = f"fabric manager serves NVSwitches, and {names} have none: the service will fail to start."
        return [Breach(code="CMP014", path=path, message=message, hint=f"Set {path}: auto.", severity="warning")]
    switched = [card for card in known if all(model.switched for model in card.models)]
    whole = any((spec.gpus or ())[card.position].count >= WHOLE_BOARD for card in switched)
    if driver.fabric_manager is False and whole:
        message = f"{names} sit behind NVSwitches: without fabric manager CUDA says 802, system not yet initialized."
        return [Breach(code="CMP014", path=path, message=message, hint=f"Set {path}: auto.", severity="warning")]
    return []


def fabric_variant(spec: HostSpec) -> list[Breach]:
    """In Ubuntu's archive fabric manager goes with the server variant alone."""
    driver = spec.driver
    if not isinstance(driver, DriverSpec) or driver.source != "ubuntu" or driver.variant != "desktop":
        return []
    if driver.fabric_manager is not True:
        return []
    message = "fabric manager from Ubuntu's archive matches the server variant of the driver only."
    hint = "Set driver.variant: server."
    return [Breach(code="CMP015", path="driver.variant", message=message, hint=hint)]


def architecture(spec: HostSpec) -> list[Breach]:
    """A GPU that is one with an ARM CPU stands in no x86_64 host."""
    breaches = []
    for card in cards.of(spec):
        only = {model.arch for model in card.models}
        if spec.arch == "x86_64" and only == {"aarch64"}:
            message = f"{card.name} is one with an ARM CPU, and arch is x86_64."
            breaches.append(
                Breach(code="CMP016", path="arch", message=message, hint="Set arch: aarch64.", severity="warning")
            )
    return breaches[:1]
