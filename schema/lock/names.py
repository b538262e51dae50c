"""Names of matched sets, and which apt packages a lock names."""

import functools

from schema import cuda, cudnn
from schema.driver import names

# Packages of NVIDIA's repository that several toolkits share, or that carry a release of their own.
SHARED = "cuda shared"


def concern_of(set_name: str) -> str:
    """ "driver" of "driver 580 open full"; "" of the set that toolkits share."""
    return "" if set_name == SHARED else set_name.split(" ", 1)[0]


def concern_at(path: str) -> str:
    """The concern that a choice at a dotted path belongs to: "driver", or "environments.ds" of its indexes."""
    return path.removesuffix(".pip.indexes") if path.startswith("environments.") else path.split(".", 1)[0]


@functools.lru_cache(maxsize=4096)
def lockable(name: str) -> bool:
    """Whether a package belongs to what is locked; what it needs of the distribution does not."""
    return matched(name) or cuda.shared(name)


@functools.lru_cache(maxsize=4096)
def matched(name: str) -> bool:
    """Whether a package belongs to one matched set: the driver's, a toolkit's, or cuDNN's.

    Kernel packages are not: they follow the kernel that the host runs.
    """
    driver = names.family(name) and not names.is_prebuilt(name)
    return driver or cuda.family(name) or cudnn.family(name)
