"""The look itself: whether it came to its end."""

from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def whole(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A look that broke off: what came before counts, the rest was not seen."""
    if not snapshot.broken_off:
        return []
    lines = [snapshot.broken_off, f"not seen: {', '.join(sorted(snapshot.not_seen))}"]
    hint = f"see what hangs or floods there: log in and run top; then fleet drift --limit {spec.name}"
    return [finding("GPU285", "warning", "the look at the host broke off before its end", lines, hint)]
