"""The generations of the declared GPUs, and the declared branch: what `auto` is chosen from."""

from schema import compat
from schema.host import HostSpec
from schema.rules import branch, cards
from schema.rules.breach import Breach

branch_number = branch.number


def generations(spec: HostSpec) -> dict[str, compat.Architecture]:
    """The generations of the declared GPUs; of a name that means products of several, all of them."""
    return {kind.generation.name: kind.generation for card in cards.of(spec) for kind in card.kinds}


def known_gpus(spec: HostSpec) -> list[Breach]:
    """A GPU that the data does not know is a warning: nothing can be checked against it."""
    breaches = []
    for card in cards.of(spec):
        if card.models:
            continue
        near = compat.nearest_gpu(card.name)
        hint = f"Did you mean {near.name!r}? " if near is not None else ""
        breaches.append(
            Breach(
                code="CMP008",
                path=f"gpus.{card.position}",
                message=f"{card.name!r} is not a GPU that gpufleet knows; nothing is checked against it.",
                hint=f"{hint}Otherwise write driver.branch and driver.modules yourself.",
                severity="warning",
            )
        )
    return breaches
