"""What a driver has to do on a host, and what speaks against a branch for it, in words."""

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from schema import compat
from schema.choose import gpus, repository
from schema.choose.gpus import Kind
from schema.driver.model import DriverSpec, Flavour
from schema.environments.model import EnvironmentSpec
from schema.model import version_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# The CUDA release in an address of PyTorch's index or in a wheel's version: cu92, cu118, cu126.
WHEEL = re.compile(r"(?:/whl/|\+)cu(\d{1,2})(\d)(?![0-9])")
Policy = Literal["minor-compatible", "strict"]


class Needs(NamedTuple):
    """`toolkits` are those that are written down; `modules` "auto" or the flavour that is asked for.

    `wheels`: the CUDA releases of the PyTorch wheels that are written down ("12.6" of cu126). `mirrored`: the source is
    a site's own, of which nothing is known.
    """

    kinds: tuple[Kind, ...]
    toolkits: tuple[str, ...]
    policy: Policy
    ubuntu: str
    arch: str
    source: Literal["nvidia", "ubuntu", "external"]
    modules: Flavour | Literal["auto"]
    mirrored: bool = False
    wheels: tuple[str, ...] = ()


def of(spec: "HostSpec", managed: DriverSpec, snapshot: "Snapshot | None") -> Needs:
    kits, policy = written(spec)
    kinds = gpus.kinds(spec, snapshot).known
    mirror = spec.mirrors.ubuntu if managed.source == "ubuntu" else spec.mirrors.cuda
    return Needs(
        kinds,
        kits,
        policy,
        spec.ubuntu,
        spec.arch,
        managed.source,
        managed.modules,
        mirrored=mirror is not None,
        wheels=tuple(sorted({version for one in spec.environments.values() for version in _wheels(one)})),
    )


def _wheels(one: object) -> list[str]:
    """ "12.6" of .../whl/cu126 and of torch==2.8.0+cu126; what is chosen follows the driver, and is not among them."""
    if not isinstance(one, EnvironmentSpec):
        return []
    texts = [index.url for index in one.pip.written] + [item for item in one.pip.wanted if "+cu" in item]
    found = (WHEEL.search(text) for text in texts)
    return [f"{tag[1]}.{tag[2]}" for tag in found if tag is not None]


def written(spec: "HostSpec") -> tuple[tuple[str, ...], Policy]:
    """The toolkits that are written down, without one that `auto` stands for; and the policy."""
    if spec.cuda is None or spec.cuda == "none":
        return (), "minor-compatible"
    return spec.cuda.written, spec.cuda.policy


def obstacle(number: int, needs: Needs, flavour: Flavour | None = None, *, there: bool = False) -> str | None:
    """Why branch `number` will not do; None where nothing is known against it.

    `flavour`: that of a driver which is at hand. `there`: it is on the host, so that no repository need have it, and
    only what is confirmed speaks against it.
    """
    for kind in needs.kinds:
        row = compat.architecture(kind.generation)
        if row is None or (there and not row.confirmed):
            continue
        if row.last_branch is not None and number > row.last_branch:
            return f"{number} does not drive {gpus.titled(kind)}; {row.last_branch} is the last that does"
        first = first_branch(row, kind.compute)
        if first is not None and number < first and not there:
            return f"{number} does not drive {gpus.titled(kind)}; {first} is the first that does"
    if not possible(number, needs, flavour):
        return _flavour_words(number, needs)
    for version in (*needs.toolkits, *needs.wheels):
        least = floor(version, needs.policy)
        if least is not None and number < version_key(least)[0]:
            return f"CUDA {version} needs driver {least}"
    if there or needs.mirrored:
        return None
    asked = number, needs.ubuntu, needs.source
    return repository.lacks(*asked) or repository.too_late(*asked)


def first_branch(row: compat.Architecture, compute: str) -> int | None:
    """The branch of the driver that came with the first toolkit for this compute capability."""
    first = row.compute.get(compute)
    toolkit = compat.toolkit(first) if first is not None else None
    if toolkit is not None and toolkit.floor_full:
        return version_key(toolkit.floor_full)[0]
    return row.first_branch


def floor(version: str, policy: Policy) -> str | None:
    """The least driver for a toolkit under a policy, None where no source says."""
    row = compat.toolkit(version)
    if row is None:
        return None
    floors = [row.floor_full] if policy == "strict" else [row.floor_minor, row.floor_full]
    return min((text for text in floors if text), key=version_key, default=None)


def reaches(driver: str, least: str) -> bool:
    """Whether a driver is new enough. A branch is taken at its newest, so that only its number counts; "" is any."""
    own, wanted = version_key(driver), version_key(least)
    return not own or (own[0] >= wanted[0] if len(own) == 1 else own >= wanted)


def possible(number: int, needs: Needs, flavour: Flavour | None = None) -> frozenset[Flavour]:
    """The module flavours of a branch that drive all the GPUs, and that are not excluded by the declaration."""
    rows = (compat.architecture(kind.generation) for kind in needs.kinds)
    found = frozenset(compat.flavours(number)).intersection(*(row.flavours for row in rows if row is not None))
    wanted = needs.modules if needs.modules != "auto" else flavour
    return found & {wanted} if wanted is not None else found


def _flavour_words(number: int, needs: Needs) -> str:
    if needs.modules != "auto" and needs.modules not in compat.flavours(number):
        return f"{number} has no {needs.modules} modules"
    if not possible(number, needs._replace(modules="auto")) and len(needs.kinds) > 1:
        return "they need different kernel module flavours"
    if needs.modules != "auto":
        return f"{needs.modules} modules do not drive all of them"
    return f"{number} has only {' and '.join(compat.flavours(number))} modules, which do not drive all of them"
