"""What of a declaration decides what is locked, by concern, as short digests: a lock is stale where one differs.

Who may log in, what is accepted and how large a move is are not part of it: they change no version.
"""

import functools
import hashlib
import json
from typing import TYPE_CHECKING

from schema import choose
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.environments.model import EnvironmentSpec
from schema.model import Model
from schema.repository.model import RepositoryMirror

if TYPE_CHECKING:
    from schema.host import HostSpec

# Keys that change neither a version nor a package.
DRIVER_ASIDE = frozenset({"persistence", "takeover"})
CUDA_ASIDE = frozenset({"default", "path", "absent"})
ENVIRONMENT_ASIDE = frozenset({"owner", "exact", "file", "lock", "pinned"})


def inputs(spec: "HostSpec") -> dict[str, str]:
    """A digest for each concern of this host that a lock answers, sorted by name; {} where there is none."""
    if spec.external:  # A run installs nothing there.
        return {}
    spec = choose.declared(spec)
    spec = choose.declared(spec)
    found = {"conda": _conda(spec)}
    # NVIDIA's repositories for servers and desktops are not those of Jetsons.
    if spec.platform == "generic":
        found |= {"driver": _driver(spec), "cuda": _cuda(spec), "cudnn": _cudnn(spec)}
    found |= {
        f"environments.{name}": _environment(spec, one)
        for name, one in spec.environments.items()
        if isinstance(one, EnvironmentSpec) and found["conda"] is not None
    }
    return {name: digest(text) for name, text in sorted(found.items()) if text is not None}


@functools.lru_cache(maxsize=1 << 14)
def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(spec: "HostSpec", *parts: object) -> str:
    return json.dumps([spec.ubuntu, spec.arch, spec.platform, *parts], sort_keys=True, default=str)


def _json(part: Model, aside: frozenset[str] = frozenset()) -> str:
    """Without defaults: a key that a later gpufleet adds makes no lock stale."""
    return part.model_dump_json(exclude=set(aside), exclude_defaults=True)


def mirror_text(mirror: RepositoryMirror | None) -> list[str]:
    """A repository is where it is and who signs it."""
    return [mirror.url, *sorted(key.fingerprint for key in mirror.keys)] if mirror is not None else []


def _choosing(spec: "HostSpec") -> list[object]:
    """What the rules choose from."""
    gpus = [_json(gpu) for gpu in spec.gpus or ()]
    cuda = [list(spec.cuda.toolkits), spec.cuda.policy] if isinstance(spec.cuda, CudaSpec) else []
    cudnn = _json(spec.cudnn) if isinstance(spec.cudnn, CudnnSpec) else ""
    return [gpus, cuda, cudnn]


def driver_text(spec: "HostSpec") -> list[object] | None:
    """The declaration of the driver, None where it is not managed."""
    managed = spec.managed_driver
    if managed is None:
        return None
    parts: list[object] = [_json(managed, DRIVER_ASIDE)]
    return parts + (_choosing(spec) if "auto" in {managed.branch, managed.modules} else [len(spec.gpus or ())])


def _driver(spec: "HostSpec") -> str | None:
    managed, parts = spec.managed_driver, driver_text(spec)
    if managed is None or managed.source == "external":
        return None
    kernel = _json(spec.kernel) if managed.source == "ubuntu" else ""
    mirror = spec.mirrors.ubuntu if managed.source == "ubuntu" else spec.mirrors.cuda
    return _text(spec, parts, kernel, mirror_text(mirror))


def _cuda(spec: "HostSpec") -> str | None:
    if not isinstance(spec.cuda, CudaSpec):
        return None
    text = _json(spec.cuda, CUDA_ASIDE)
    chosen = [driver_text(spec), *_choosing(spec)] if spec.cuda.auto else []
    return _text(spec, text, chosen, mirror_text(spec.mirrors.cuda))


def _cudnn(spec: "HostSpec") -> str | None:
    if not isinstance(spec.cudnn, CudnnSpec):
        return None
    chosen = [driver_text(spec), *_choosing(spec)] if spec.cudnn.auto else []
    toolkits = list(spec.cuda.toolkits) if isinstance(spec.cuda, CudaSpec) else []
    default = spec.cuda.default if isinstance(spec.cuda, CudaSpec) else None
    return _text(spec, _json(spec.cudnn), toolkits, default, chosen, mirror_text(spec.mirrors.cuda))


def _conda(spec: "HostSpec") -> str | None:
    if spec.conda is None or spec.conda == "none":
        return None
    conda = spec.conda
    return _text(spec, conda.distribution, conda.version, conda.sha256, spec.mirrors.installers)


def _environment(spec: "HostSpec", one: EnvironmentSpec) -> str:
    """An environment is solved for the CUDA that the host's driver brings."""
    text = _json(one, ENVIRONMENT_ASIDE)
    chosen = [_choosing(spec), spec.mirrors.torch] if one.pip.auto else []
    return _text(spec, text, driver_text(spec), spec.mirrors.conda, spec.mirrors.pypi, chosen)
