"""PyTorch's wheels in environments: release, Python, CUDA, architecture, GPUs and driver."""

from schema import compat
from schema.host import HostSpec
from schema.once import once
from schema.rules import advice, branch, cards, floor, proposal, wheels
from schema.rules.breach import Breach, severity
from schema.rules.cards import Kind
from schema.rules.wheels import Asked


def known(spec: HostSpec) -> list[Breach]:
    """A release that the data does not know is a warning."""
    newest = compat.torches()[0].version
    return [
        Breach(
            code="CMP030",
            path=asked.path,
            message=f"{asked.text!r} is no PyTorch that gpufleet knows; nothing is checked against it.",
            hint=f"The newest that is known is {newest}.",
            severity="warning",
            quotes=asked.quotes,
        )
        for asked in wheels.torch(spec)
        if not asked.rows
    ]


def python(spec: HostSpec) -> list[Breach]:
    """Some release that is asked for must have a wheel for the environment's Python."""
    breaches = []
    for asked in wheels.torch(spec):
        row = asked.rows[0] if asked.rows else None
        if row is None or asked.python is None or any(asked.python in one.pythons for one in asked.rows):
            continue
        message = f"PyTorch {row.version} has no wheel for Python {asked.python}, only for {cards.joined(row.pythons)}."
        hint = proposal.pythons(spec, asked, row)
        breaches.append(_breach("CMP031", asked, message, hint, all(one.confirmed for one in asked.rows)))
    return breaches


@once
def _found(spec: HostSpec) -> list[tuple[Asked, compat.Torch, str, compat.TorchBuild | None]]:
    """The release, tag and build that each environment gets, of those where that is known."""
    found = []
    for asked in wheels.torch(spec):
        pair = wheels.chosen(spec, asked)
        if pair is not None:
            found.append((asked, *pair, pair[0].builds.get(pair[1])))
    return found


def _breach(code: str, asked: Asked, message: str, hint: str, sure: bool) -> Breach:
    level = severity(sure)
    return Breach(code=code, path=asked.path, message=message, hint=hint, severity=level, quotes=asked.quotes)


def built(spec: HostSpec) -> list[Breach]:
    """The release must have been built for the tag."""
    breaches = []
    for asked, row, tag, build in _found(spec):
        if build is not None:
            continue
        tags = cards.joined(one for one in row.builds if one != "cpu")
        message = f"PyTorch {row.version} has no wheels of {tag}; it has {tags}, and cpu."
        if not tag.startswith("cu"):
            message = f"wheels of {tag} are for the GPUs of other makers; PyTorch {row.version} has {tags}, and cpu."
        hint = proposal.other_build(spec, asked, row) or proposal.modern(spec, asked)
        breaches.append(_breach("CMP032", asked, message, hint, row.confirmed))
    return breaches


def architecture(spec: HostSpec) -> list[Breach]:
    """There must be a wheel for the host's architecture."""
    breaches = []
    for asked, row, tag, build in _found(spec):
        if build is None or spec.arch in build.arches:
            continue
        message = f"PyTorch {row.version} has no wheels of {tag} for {spec.arch}."
        hint = proposal.other_build(spec, asked, row) or proposal.modern(spec, asked)
        breaches.append(_breach("CMP033", asked, message, hint, row.confirmed and build.confirmed))
    return breaches


def runs(spec: HostSpec) -> list[Breach]:
    """The wheel must have code for every declared GPU, or PTX that it compiles; so should the cuDNN in it."""
    breaches = []
    for asked, row, tag, build in _found(spec):
        if build is None or build.cuda is None or spec.arch not in build.arches:
            continue
        own = build

        def lacks(kind: Kind, one: compat.TorchBuild = own) -> str | None:
            held = cards.joined(one.holds(spec.arch))
            return None if wheels.runs(one, kind, spec.arch) else f"it has code for compute {held}"

        def idle(kind: Kind, one: compat.TorchBuild = own) -> str | None:
            fits = wheels.learns(one, kind) or not wheels.runs(one, kind, spec.arch)
            return None if fits else f"its cuDNN {one.cudnn} has no code for that"

        told = "" if asked.tags or asked.local else ", which PyPI has,"
        wheel = f"the {tag} wheel of PyTorch {row.version}{told}"
        confirmed = row.confirmed and build.confirmed
        for verdict in cards.against(spec, lacks):
            hint = proposal.other_build(spec, asked, row) or proposal.modern(spec, asked)
            message = f"{wheel} does not run on {verdict.names}; {verdict.reason}."
            sure = verdict.certain and confirmed
            breaches.append(_breach("CMP034", asked, message, f"{hint}{verdict.doubt}", sure))
        for half in cards.against(spec, idle):
            hint = proposal.other_build(spec, asked, row) or proposal.modern(spec, asked)
            message = f"{wheel} runs on {half.names}, and {half.reason}."
            breaches += [_breach("CMP034", asked, message, hint, sure=False)] if half.certain else []
    return breaches


def driver(spec: HostSpec) -> list[Breach]:
    """The wheel brings its CUDA along, whose floor the declared driver must reach."""
    number, managed, policy = branch.number(spec), spec.managed_driver, advice.policy(spec)
    if number is None or managed is None:
        return []
    breaches = []
    for asked, row, tag, build in _found(spec):
        needed = floor.of(build.cuda, policy) if build is not None and build.cuda is not None else None
        if build is None or needed is None or needed.version is None:
            continue
        if floor.reached(managed.version or str(number), needed.version) or not _fits(spec, build):
            continue
        said = managed.version or f"branch {number}"
        message = (
            f"the {tag} wheel of PyTorch {row.version} needs driver {needed.version} or newer; declared is {said}."
        )
        other = proposal.other_build(spec, asked, row)
        near = int(needed.version.split(".")[0])
        found = advice.branch(spec, near)
        raised = found is not None and floor.runs(str(found), build.cuda or "", policy)
        hint = advice.branch_hint(spec, near) if raised else other or proposal.modern(spec, asked)
        breaches.append(_breach("CMP035", asked, message, hint, needed.confirmed and row.confirmed))
    return breaches


def _fits(spec: HostSpec, build: compat.TorchBuild) -> bool:
    """Whether the wheel runs on the GPUs: where it does not, no driver mends that."""
    return cards.possible(spec, lambda kind: wheels.runs(build, kind, spec.arch))
