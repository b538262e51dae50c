"""Which GPU product a text means: "gtx1080", "GeForce GTX 1080", "H100 SXM" and "A100 80GB" are usual spellings."""

import difflib
import functools
import re
from collections.abc import Iterable

from schema.compat import data
from schema.compat.models import GpuModel

# Words that say nothing about which product it is; "tesla", "quadro" and "jetson" may be left out by the user.
# "Developer Kit" and the like stand in the device trees of Jetson boards.
NOISE = frozenset(
    {"nvidia", "geforce", "gpu", "graphics", "card", "corporation", "edition", "workstation"}
    | {"developer", "kit", "engineering", "reference"}
)
OPTIONAL = frozenset({"tesla", "quadro", "jetson", "gtx", "rtx", "pro", "hbm3", "hbm3e"})


def words(text: str) -> frozenset[str]:
    """The words that tell products apart: "GTX1080Ti" and "GeForce GTX 1080 Ti" both give gtx, 1080, ti."""
    lower = text.lower().replace("pci-e", "pcie").replace("max-q", "maxq")
    lower = re.sub(r"(\d+)\s*gi?b?\b", r" \1gb ", lower)
    lower = re.sub(r"\b(gtx|rtx|titan|tesla|quadro|geforce|jetson)(?=[a-z]?\d|x)", r"\1 ", lower)
    lower = re.sub(r"(\d{3,})\s*(ti|super|xp)\b", r"\1 \2", lower)
    lower = re.sub(r"\bsxm\d\b", "sxm", lower).replace("laptop", "mobile")
    return frozenset(re.findall(r"[a-z0-9]+", lower)) - NOISE


Names = tuple[tuple[frozenset[str], GpuModel], ...]


@functools.cache
def _described() -> Names:
    return _names(data.described())


@functools.cache
def _all() -> Names:
    return _names(data.gpus())


def _names(gpus: Iterable[GpuModel]) -> Names:
    return tuple((words(name), gpu) for gpu in gpus for name in (gpu.name, *gpu.aliases))


@functools.lru_cache(maxsize=4096)
def by_name(text: str) -> tuple[GpuModel, ...]:
    """The products that `text` may mean, () when none is known.

    An exact name wins over names that only contain the words ("GTX 1080" is not the Ti; "A100" is all of them), and
    of exact names that of a product which is described in full, so that the other boards need not be read.
    """
    wanted = words(text)
    if not wanted:
        return ()
    exact = _exact(wanted, _described()) or _exact(wanted, _all())
    if exact:
        return exact
    essential = wanted - OPTIONAL
    bare = _unique(gpu for name, gpu in _all() if essential and name - OPTIONAL == wanted and wanted < name)
    more = bare or _unique(gpu for name, gpu in _all() if wanted < name and essential)
    return more or _without_memory(wanted)


def _exact(wanted: frozenset[str], names: Names) -> tuple[GpuModel, ...]:
    return _unique(gpu for name, gpu in names if name == wanted)


def _without_memory(wanted: frozenset[str]) -> tuple[GpuModel, ...]:
    """ "GTX 1080 8GB" is the GTX 1080, which has 8 GiB; "GTX 1080 11GB" is none that is known."""
    sizes = frozenset(word for word in wanted if re.fullmatch(r"\d+gb", word))
    if not sizes or sizes == wanted:
        return ()
    others = by_name(" ".join(wanted - sizes))
    return tuple(gpu for gpu in others if gpu.memory_gib is None or sizes == {f"{gpu.memory_gib}gb"})


def nearest(text: str) -> GpuModel | None:
    """The product with the most similar name, None when nothing is similar."""
    known = {" ".join(sorted(name - OPTIONAL)): gpu for name, gpu in _all()}
    match = difflib.get_close_matches(" ".join(sorted(words(text) - OPTIONAL)), known, n=1, cutoff=0.6)
    return known[match[0]] if match else None


def _unique(found: Iterable[GpuModel]) -> tuple[GpuModel, ...]:
    return tuple({(gpu.name, gpu.architecture): gpu for gpu in found}.values())
