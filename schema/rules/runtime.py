"""conda's CUDA: the release that its packages are built for, against GPUs and driver."""

import re

from schema import compat
from schema.environments import EnvironmentSpec, requirement_name
from schema.environments.match import constraint
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import advice, branch, cards, floor, target, wheels
from schema.rules.breach import Breach, Severity, severity
from schema.rules.cards import Kind

# The packages that say which CUDA an environment has: conda-forge's, NVIDIA's, PyTorch's, and the one before 12.
NAMES = frozenset({"cuda-version", "cuda-toolkit", "pytorch-cuda", "cudatoolkit"})
RELEASE = re.compile(r"={0,2}([0-9]+\.[0-9]+)(?:\.(?:\*|[0-9]+))?\*?$")


def fits(spec: HostSpec) -> list[Breach]:
    """An exact CUDA release must have code for the GPUs, and the declared driver must run it."""
    if spec.platform != "generic":
        return []
    return [
        breach
        for name, one in spec.environments.items()
        if isinstance(one, EnvironmentSpec)
        for index, text in enumerate(one.packages)
        if requirement_name(text) in NAMES and (match := RELEASE.match(constraint(text)[0]))
        for breach in _of(spec, _path(name, one, index), text, match[1])
    ]


def _path(name: str, one: EnvironmentSpec, index: int) -> str:
    return f"environments.{name}.file" if one.file is not None else f"environments.{name}.packages.{index}"


def _of(spec: HostSpec, path: str, text: str, release: str) -> list[Breach]:
    def limit(kind: Kind) -> str | None:
        """Code of libraries older than the GPU may be compiled from PTX; where support was dropped there is none."""
        last = kind.generation.last_cuda
        if target.fit(kind, release) != "none" or compat.toolkit(release) is None:
            return None
        dropped = last is not None and version_key(release) > version_key(last)
        return f"the last that has is {last}" if dropped else f"the first that has is {_first(kind)}"

    breaches = []
    near = _nearest(spec, release)
    hint = f'Write "{requirement_name(text)}={near}".' if near is not None else "Delete the package."
    for verdict in cards.against(spec, limit):
        message = f"{text!r} brings libraries of CUDA {release} without code for {verdict.names}; {verdict.reason}."
        sure = severity(verdict.certain and "last" in verdict.reason)
        breaches.append(_breach(path, text, message, hint + verdict.doubt, sure))
    number, managed, needed = branch.number(spec), spec.managed_driver, floor.of(release, advice.policy(spec))
    if breaches or number is None or managed is None or needed is None or needed.version is None:
        return breaches
    if not floor.reached(managed.version or str(number), needed.version):
        said = managed.version or f"branch {number}"
        message = f"{text!r} needs driver {needed.version} or newer; declared is {said}."
        return [_breach(path, text, message, hint, severity(needed.confirmed))]
    return []


def _breach(path: str, text: str, message: str, hint: str, level: Severity) -> Breach:
    quotes = wheels.quotes(path, text)
    return Breach(code="CMP038", path=path, message=message, hint=hint, severity=level, quotes=quotes)


def _first(kind: Kind) -> str | None:
    return kind.generation.compute.get(kind.compute)


def _nearest(spec: HostSpec, release: str) -> str | None:
    """The nearest CUDA release that the GPUs and the driver can use."""
    policy, drivers = advice.policy(spec), advice.drivers(spec)
    fitting = [
        one
        for one in compat.toolkits()
        if target.suits(spec, one) and any(floor.runs(driver, one, policy) for driver in drivers)
    ]
    return min(fitting, key=lambda one: advice.distance(one, release), default=None)
