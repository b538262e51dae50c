"""What a board's own system brings: on a Jetson CUDA and cuDNN are those of its L4T, and a Raspberry Pi has none."""

from typing import TYPE_CHECKING

from schema import compat
from schema.choose.choice import Choice

if TYPE_CHECKING:
    from schema.host import HostSpec


def toolkit(spec: "HostSpec") -> Choice:
    """JetPack's own release of CUDA."""
    row = _l4t(spec)
    if row is None:
        return _nothing(spec)
    return Choice(value=row.cuda, reason=_said(row))


def cudnn(spec: "HostSpec") -> Choice:
    """JetPack's own cuDNN."""
    row = _l4t(spec)
    if row is None or row.cudnn is None:
        return _nothing(spec)
    return Choice(value=row.cudnn, reason=_said(row))


def _l4t(spec: "HostSpec") -> compat.L4t | None:
    return compat.l4t(spec.l4t) if spec.platform == "jetson" and spec.l4t is not None else None


def _said(row: compat.L4t) -> str:
    return f"that of L4T {row.version} (JetPack {row.jetpack})"


def _nothing(spec: "HostSpec") -> Choice:
    if spec.platform == "jetson":
        hint = "Write the version that the board has."
        return Choice(value=None, reason=f"what L4T {spec.l4t or 'without a release'} brings is not known", hint=hint)
    return Choice(value=None, reason="a Raspberry Pi has no NVIDIA GPU", hint="Delete the key.")
