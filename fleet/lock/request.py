"""What a host would ask apt for when nobody has looked at it yet: the matched sets to lock, and the choices made."""

from dataclasses import dataclass

from fleet.closure import Request
from fleet.errors import RunError
from fleet.lock import place
from fleet.lock.place import Place
from schema import choose, cuda, cudnn, driver
from schema.driver import ResolvedDriver
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.lock.model import Choice
from schema.snapshot import Release, Snapshot
from schema.wanted import Wanted


@dataclass(frozen=True)
class Asked:
    """One matched set: where it comes from, its name, and the packages at its top; `driver` of a driver's set.

    `chosen`: the declaration says `auto`.
    """

    place: Place
    name: str
    concern: str
    requests: tuple[Request, ...]
    driver: ResolvedDriver | None = None
    chosen: bool = False


def unseen(spec: HostSpec) -> Snapshot:
    """A host as bare as it can be: what the rules make of a declaration then is what the inventory alone says."""
    release = Release(id="ubuntu", version=spec.ubuntu)
    return Snapshot(hostname=spec.name, release=release, architecture=spec.arch, kernel=KernelState(running=""))


def asked(spec: HostSpec) -> tuple[Asked, ...]:
    """The sets of a host. Raises RunError where only the host itself could tell."""
    if spec.platform != "generic" or spec.external:
        return ()
    seen = unseen(spec)
    resolved = resolved_driver(spec, seen)
    found = [] if resolved is None or resolved.source == "external" else [_driver(spec, resolved)]
    kits = cuda.declared(spec)
    for item in cuda.wanted(spec, seen):
        chosen = kits is not None and kits.chosen == item.limit
        found.append(Asked(place.nvidia(spec), f"cuda {item.limit}", "cuda", (request(item),), chosen=chosen))
    return (*found, *_cudnn(spec, seen))


def resolved_driver(spec: HostSpec, seen: Snapshot) -> ResolvedDriver | None:
    """The driver by the rules. Raises RunError where it is managed and no rule decides it."""
    managed = spec.managed_driver
    if managed is None:
        return None
    resolved = driver.resolve(spec, seen)
    unknown = managed.branch == "auto" and managed.version is None and not spec.gpus
    if resolved is None or (unknown and managed.source != "external" and not spec.locked_choice("driver.branch")):
        raise RunError(
            "RUN308",
            f"{spec.name}: driver.branch: auto cannot be resolved without looking at the host",
            hint="declare its gpus, or a driver.branch; then run the same command again",
        )
    return resolved


def _driver(spec: HostSpec, one: ResolvedDriver) -> Asked:
    """The set's name says all that its packages depend on, so that equal hosts share it."""
    archive = one.source == "ubuntu"
    words = ["driver", one.limit, one.flavour, one.install]
    words += [one.variant] if archive else []
    names = [name for name in driver.top(one, spec.kernel.flavour) if not name.startswith("linux-")]
    requests = tuple(Request(name, str(one.branch), one.version) for name in names)
    where = place.ubuntu(spec) if archive else place.nvidia(spec)
    chosen = spec.managed_driver is not None and spec.managed_driver.branch == "auto"
    return Asked(where, " ".join(words), "driver", requests, one, chosen)


def _cudnn(spec: HostSpec, seen: Snapshot) -> list[Asked]:
    """One set for each CUDA major, with its development files: which major has those is the host's own matter."""
    found = []
    for major, version in cudnn.versions(spec, seen).items():
        items = cudnn.packages(major, version)
        name = f"cudnn {version} cuda {major}"
        chosen = isinstance(spec.cudnn, cudnn.CudnnSpec) and major in spec.cudnn.chosen
        requests = tuple(request(item) for item in items)
        found.append(Asked(place.nvidia(spec), name, "cudnn", requests, chosen=chosen))
    return found


def request(item: Wanted) -> Request:
    return Request(item.name, item.within, item.exact, item.build)


def choices(spec: HostSpec) -> dict[str, Choice]:
    """What `auto` came to, by dotted path; not what a look at the host tells better: whether it has NVSwitches, and,
    without a declared flavour, its kernel. Raises RunError where nothing suits.
    """
    found: dict[str, Choice] = {}
    for path, choice in choose.choices(spec, None).items():
        if choice.value is None:
            raise RunError(
                "RUN308",
                f"{spec.name}: {path}: auto cannot be resolved: {choice.reason}",
                hint=choice.hint or f"declare {path}; then run the same command again",
            )
        unsure = path == "driver.delivery" and spec.kernel.flavour == "auto"
        if not unsure and path != "driver.fabric_manager":
            found[path] = choice.value
    return found
