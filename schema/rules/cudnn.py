"""cuDNN against the CUDA majors, the GPUs, the driver and the repository of the host."""

from collections.abc import Callable
from typing import NamedTuple

from schema import compat
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.host import HostSpec
from schema.model import version_key, within
from schema.rules import branch, cards, cudnns, floor
from schema.rules.breach import Breach, severity
from schema.rules.cards import Kind


class Wish(NamedTuple):
    """A declared version, the CUDA majors that it is for, and the releases that it may mean ("9.10" means three)."""

    path: str
    version: str
    majors: tuple[str, ...]
    rows: tuple[compat.Cudnn, ...]


def wishes(spec: HostSpec) -> list[Wish]:
    """What is written down, for majors that there are toolkits of; what `auto` chose is not asked about."""
    one = spec.cudnn
    if not isinstance(one, CudnnSpec):
        return []
    majors = cudnns.majors(spec)
    written = [(major, version) for major, version in one.written.items() if major in majors]
    found = [Wish(f"cudnn.versions.{major}", version, (major,), cudnns.meant(version)) for major, version in written]
    if one.version is not None:
        found.append(Wish("cudnn.version", one.version, majors, cudnns.meant(one.version)))
    return found


def known(spec: HostSpec) -> list[Breach]:
    """A release that the data does not know is a warning."""
    breaches = []
    for wish in wishes(spec):
        full = {version for row in wish.rows for version in row.full_versions}
        unlisted = len(version_key(wish.version)) > 3 and full and wish.version not in full
        if wish.rows and not unlisted:
            continue
        near = sorted(full, key=version_key) if unlisted else cudnns.nearest(wish.version)
        message = f"cuDNN {wish.version} is not a release that gpufleet knows; apt may not find it."
        hint = f"The nearest that are known: {', '.join(near)}."
        breaches.append(Breach(code="CMP020", path=wish.path, message=message, hint=hint, severity="warning"))
    return breaches


def _told(spec: HostSpec, code: str, reason: Callable[[Wish, compat.Cudnn], str | None]) -> list[Breach]:
    """A breach for each declared version of whose meanings each has a reason."""
    breaches = []
    for wish in wishes(spec):
        told = [(row, reason(wish, row)) for row in wish.rows]
        reasons = [text for _, text in told if text is not None]
        if not wish.rows or len(reasons) < len(told):
            continue
        sure = severity(all(row.confirmed for row in wish.rows))
        hint = cudnns.hint(spec, wish.version, wish.majors)
        message = f"cuDNN {wish.version} {reasons[0]}."
        breaches.append(Breach(code=code, path=wish.path, message=message, hint=hint, severity=sure))
    return breaches


def built(spec: HostSpec) -> list[Breach]:
    """There must be a build for each CUDA major that it is declared for, and for its toolkits."""
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()

    def reason(wish: Wish, row: compat.Cudnn) -> str | None:
        for major in wish.majors:
            build = row.builds.get(major)
            if build is None:
                return f"has no build for CUDA {major}, only for {cards.joined(sorted(row.builds, key=int))}"
            mine = [version for version in toolkits if version.split(".")[0] == major]
            other = [version for version in mine if not any(within(version, one) for one in build.toolkits)]
            if build.toolkits and other:
                return f"is built for CUDA {cards.joined(build.toolkits)}, not for {other[0]}"
        return None

    return _told(spec, "CMP021", reason)


def runs(spec: HostSpec) -> list[Breach]:
    """It must hold code for every declared GPU; of several that "9.10" or "9" means, the newest is what apt takes."""
    breaches = []
    for wish in wishes(spec):

        def limit(kind: Kind, one: Wish = wish) -> str | None:
            newest = next((row for row in one.rows if set(one.majors) <= set(row.builds)), None)
            return cudnns.span(kind) if newest is not None and not cudnns.holds(newest, kind) else None

        for verdict in cards.against(spec, limit):
            message = f"cuDNN {wish.version} has no code for {verdict.names}; {verdict.reason}."
            hint = cudnns.hint(spec, wish.version, wish.majors) + verdict.doubt
            none = not any(cudnns.holds(row, kind) for row in wish.rows for kind in verdict.kinds)
            sure = severity(verdict.certain and none and all(row.confirmed for row in wish.rows))
            breaches.append(Breach(code="CMP022", path=wish.path, message=message, hint=hint, severity=sure))
    return breaches


def driver(spec: HostSpec) -> list[Breach]:
    """The declared driver must reach the floor of its build, where the toolkits themselves are content with it."""
    number, managed = branch.number(spec), spec.managed_driver
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    if number is None or managed is None:
        return []
    text = managed.version or str(number)
    if not all(floor.runs(text, version, "minor-compatible") for version in toolkits):
        return []

    def missed(wish: Wish, row: compat.Cudnn) -> str | None:
        floors = [row.builds[major].driver for major in wish.majors if major in row.builds]
        return next((one for one in floors if not floor.reached(text, one)), None)

    said = managed.version or f"branch {number}"
    breaches = []
    for wish in wishes(spec):
        needed = [missed(wish, row) for row in wish.rows]
        if needed and needed[0] is not None and None not in needed:
            message = f"cuDNN {wish.version} needs driver {needed[0]} or newer; declared is {said}."
            hint, sure = f"Set driver.version: {needed[0]} or newer.", severity(wish.rows[0].confirmed)
            breaches.append(Breach(code="CMP023", path=wish.path, message=message, hint=hint, severity=sure))
    return breaches


def release(spec: HostSpec) -> list[Breach]:
    """A repository that gets no more has no newer cuDNN than its last."""
    row = compat.release(spec.ubuntu)
    last = row.last_cudnn if row is not None else None
    if last is None or spec.mirrors.cuda is not None:
        return []

    def reason(_: Wish, one: compat.Cudnn) -> str | None:
        newer = version_key(one.version) > version_key(last)
        return f"is not in NVIDIA's repository for Ubuntu {spec.ubuntu}; the last there is {last}" if newer else None

    sure = row is not None and row.confirmed
    told = _told(spec, "CMP024", reason)
    return told if sure else [breach.model_copy(update={"severity": "warning"}) for breach in told]
