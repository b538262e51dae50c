"""Which GPU product a text means: "gtx1080", "GeForce GTX 1080", "H100 SXM" and "A100 80GB" are usual spellings."""

import difflib
import functools
import re
from collections.abc import Iterable

from schema.compat import data
from schema.compat.models import GpuModel

# Words that say nothing about which product it is; "tesla", "quadro" and "jetson" may be left out by the user.
NOISE = frozenset({"nvidia", "geforce", "gpu", "graphics", "card", "corporation", "edition", "workstation"})
OPTIONAL = frozenset({"tesla", "quadro", "jetson", "gtx", "rtx", "pro", "hbm3", "hbm3e"})


def words(text: str) -> frozenset[str]:
    """The words that tell products apart: "GTX1080Ti" and "GeForce GTX 1080 Ti" both give gtx, 1080, ti."""
    lower = text.lower().replace("pci-e", "pcie").replace("max-q", "maxq")
    lower = re.sub(r"(\d+)\s*gi?b?\b", r" \1gb ", lower)
    lower = re.sub(r"\b(gtx|rtx|titan|tesla|quadro|geforce|jetson)(?=[a-z]?\d|x)", r"\1 ", lower)
    lower = re.sub(r"(\d{3,})\s*(ti|super|xp)\b", r"\1 \2", lower)
    lower = re.sub(r"\bsxm\d\b", "sxm", lower)
    return frozenset(re.findall(r"[a-z0-9]+", lower)) - NOISE


@functools.cache
def _index() -> tuple[tuple[frozenset[str], GpuModel], ...]:
    return tuple((words(name), gpu) for gpu in data.gpus() for name in (gpu.name, *gpu.aliases))


@functools.lru_cache(maxsize=4096)
def by_name(text: str) -> tuple[GpuModel, ...]:
    """The products that `text` may mean, () when none is known.

    An exact name wins over names that only contain the words ("GTX 1080" is not the Ti; "A100" is all of them).
    """
    wanted = words(text)
    if not wanted:
        return ()
    exact = _unique(gpu for name, gpu in _index() if name == wanted)
    if exact:
        return exact
    bare = _unique(gpu for name, gpu in _index() if wanted - OPTIONAL and name - OPTIONAL == wanted and wanted < name)
    more = bare or _unique(gpu for name, gpu in _index() if wanted < name and (wanted - OPTIONAL))
    return more or _without_memory(wanted)


def _without_memory(wanted: frozenset[str]) -> tuple[GpuModel, ...]:
    """ "GTX 1080 8GB" is the GTX 1080, which has 8 GiB; "GTX 1080 11GB" is none that is known."""
    sizes = frozenset(word for word in wanted if re.fullmatch(r"\d+gb", word))
    if not sizes or sizes == wanted:
        return ()
    return tuple(gpu for gpu in by_name(" ".join(wanted - sizes)) if sizes == {f"{gpu.memory_gib}gb"})


def nearest(text: str) -> GpuModel | None:
    """The product with the most similar name, None when nothing is similar."""
    known = {" ".join(sorted(name - OPTIONAL)): gpu for name, gpu in _index()}
    match = difflib.get_close_matches(" ".join(sorted(words(text) - OPTIONAL)), known, n=1, cutoff=0.6)
    return known[match[0]] if match else None


def _unique(found: Iterable[GpuModel]) -> tuple[GpuModel, ...]:
    return tuple({gpu.name: gpu for gpu in found}.values())
