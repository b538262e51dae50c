"""What the inventory can say and gpufleet cannot do yet, in one table."""

from collections.abc import Callable

from schema.host import HostSpec
from schema.rules.breach import Breach

# The key, when it asks for something that is missing, what that is, and what to write meanwhile.
NOT_YET: tuple[tuple[str, Callable[[HostSpec], bool], str, str], ...] = (
    ("kernel.version", lambda spec: spec.kernel.version is not None, "an exact kernel", "Delete the key."),
    ("kernel.hold", lambda spec: spec.kernel.hold, "a held kernel", "Delete the key, and hold it with apt-mark."),
)


def supported(spec: HostSpec) -> list[Breach]:
    return [
        Breach(code="INV090", path=path, message=f"{what} is not yet supported.", hint=instead)
        for path, asks, what, instead in NOT_YET
        if asks(spec)
    ]
