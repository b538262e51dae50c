"""Whether nvcc of each declared toolkit makes code that runs on every declared GPU."""

from schema.cuda import CudaSpec
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import advice, cards, target
from schema.rules.breach import Breach, severity
from schema.rules.cards import Kind


def runs(spec: HostSpec) -> list[Breach]:
    """Each declared toolkit must make code that runs on every declared GPU."""
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    return [breach for index, version in enumerate(toolkits) for breach in _of(spec, index, version)]


def _of(spec: HostSpec, index: int, version: str) -> list[Breach]:
    path = f"cuda.toolkits.{index}"
    breaches = []
    for verdict in cards.against(spec, lambda kind: _limit(kind, version) if _fits(kind, version, "none") else None):
        message = f"CUDA {version} makes no code that runs on {verdict.names}; {verdict.reason}."
        hint = advice.toolkit_hint(spec, version) + verdict.doubt
        level = severity(verdict.certain)
        breaches.append(Breach(code="CMP007", path=path, message=message, hint=hint, severity=level))
    for lower in cards.against(spec, lambda kind: _base(kind, version) if _fits(kind, version, "lower") else None):
        if lower.certain:
            message = f"CUDA {version} does not know {lower.names}; its code for compute {lower.reason} runs there."
            hint = (
                f'Write "{lower.kind.generation.compute[lower.kind.compute]}" or newer to compile for the GPU itself.'
            )
            breaches.append(Breach(code="CMP012", path=path, message=message, hint=hint, severity="warning"))
    return breaches


def _fits(kind: Kind, version: str, how: target.Fit) -> bool:
    return target.fit(kind, version) == how


def _base(kind: Kind, version: str) -> str | None:
    return target.runnable(kind.compute, frozenset(target.targets(version)))


def _limit(kind: Kind, version: str) -> str:
    last, first = kind.generation.last_cuda, kind.generation.compute.get(kind.compute)
    if last is not None and version_key(version)[:2] > version_key(last):
        return f"the last that does is {last}"
    return f"the first that does is {first}"
