"""A model of a host and of an apply: what apt, conda and a reboot would make of it, as far as the snapshot shows."""

from schema import conda, cuda, cudnn, driver, files, kernel, pins, plan, repository
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.cuda import CudaState, Toolkit
from schema.driver import DriverState, Module, Service
from schema.environments import EnvironmentSpec, requirement_name
from schema.gpu import Gpu, GpuState, NvidiaSmi, PciDevice
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.plan import Plan
from schema.preferences import PATH
from schema.repository import FileState, Key, Package
from schema.snapshot import AppliedRecord, Release, Snapshot
from schema.wanted import Wanted, upstream

KERNEL = "6.8.0-51-generic"
DRIVERS = ("470.256.02", "570.172.08", "570.195.03", "580.82.07", "580.95.05", "595.58.03", "595.71.05", "610.43.02")
TOOLKITS = {"12.6": "12.6.3", "12.8": "12.8.1", "12.9": "12.9.1", "13.0": "13.0.2"}
CUDNN = ("9.10.2.21", "9.17.0.29")
PCI_IDS = {"GTX 1080": "1b80", "RTX 4090": "2684", "10de:2330": "2330"}
LIBRARIES = ("libnvidia-compute", "libnvidia-gl", "nvidia-utils", "nvidia-compute-utils", "nvidia-kernel-common")


def bare(spec: HostSpec) -> Snapshot:
    """A fresh host with the declared GPUs in it."""
    found = [PCI_IDS[gpu.model or gpu.pci_id or ""] for gpu in spec.gpus or () for _ in range(gpu.count)]
    devices = [
        PciDevice(slot=f"0000:{number:02x}:00.0", vendor="10de", device=device, class_code="030000")
        for number, device in enumerate(found, start=1)
    ]
    return Snapshot(
        hostname=spec.name,
        release=Release(id="ubuntu", version=spec.ubuntu),
        architecture=spec.arch,
        kernel=KernelState(running=KERNEL, next_boot=KERNEL, installed=(KERNEL,)),
        gpu=GpuState(devices=tuple(devices)),
    )


def as_observed(spec: HostSpec) -> Snapshot:
    """The host as it is after a run from nothing."""
    return apply(plan.diff(spec, bare(spec)), spec, bare(spec))


def apply(todo: Plan, spec: HostSpec, seen: Snapshot) -> Snapshot:
    """Carry out `todo` and nothing else: packages, then files, then conda, then one reboot."""
    if not todo.changes:
        return seen
    concerns = {change.concern for change in todo.changes if not change.item.startswith("/")}
    if concerns & {"kernel", "driver", "cuda", "cudnn"}:
        seen = _transaction(todo, spec, seen)
    seen = _conda(todo, spec, _files(spec, seen))
    seen = _default(todo, spec, seen)
    return _services(spec, _reboot(todo, spec, seen))


def _choose(item: Wanted, known: list[str], pinned: dict[str, str]) -> str:
    if item.name in pinned and item.admits(pinned[item.name]):
        return pinned[item.name]
    return next(version for version in reversed(known) if item.admits(version))


def revised(version: str, source: str) -> str:
    if source == "ubuntu":
        return f"{version}-0ubuntu0.24.04.1"
    return f"{version}-1ubuntu1" if int(version.split(".")[0]) >= 590 else f"{version}-0ubuntu1"


def _transaction(todo: Plan, spec: HostSpec, seen: Snapshot) -> Snapshot:
    """Ask for what is wanted, remove what may be, bring dependencies in the versions that exactly match."""
    pinned = pins.pins(spec, seen)
    packages = dict(seen.apt.packages)
    gone = (*driver.removals(spec, seen), *cuda.removals(spec, seen), *cudnn.removals(spec, seen))
    for name in gone:
        packages.pop(name, None)
    resolved = driver.resolve(spec, seen)
    if resolved is not None:
        known = [revised(version, resolved.source) for version in DRIVERS]
        for item in driver.wanted(spec, seen):
            version = "6.8.0.51+1" if item.name.startswith("linux-") else _choose(item, known, pinned)
            packages |= _driver(item.name, version, resolved)
        packages |= _brought_along(packages, resolved, spec, seen)
    for item in cuda.wanted(spec, seen):
        version = _choose(item, [f"{full}-1" for full in TOOLKITS.values()], pinned)
        packages |= _toolkit(item.name, version)
    for item in cudnn.wanted(spec, seen):
        version = _choose(item, [f"{full}-1" for full in CUDNN], pinned)
        packages[item.name] = Package(name=item.name, version=version, state="ii ", origin="nvidia")
    headers = tuple(item.name.removeprefix("linux-headers-") for item in kernel.wanted(spec, seen))
    state = seen.kernel.model_copy(update={"headers": (*seen.kernel.headers, *headers)})
    kits = {cuda.release_in(name): name for name in packages if name.startswith("cuda-toolkit-")}
    toolkits = [
        Toolkit(version=release, path=f"/usr/local/cuda-{release}", package=name.replace("toolkit", "nvcc"))
        for release, name in kits.items()
        if release is not None
    ]
    return _apt(seen, packages=packages).model_copy(
        update={"kernel": state, "cuda": CudaState(toolkits=tuple(toolkits), default=_kept(seen, toolkits))}
    )


def _brought_along(
    packages: dict[str, Package], resolved: driver.ResolvedDriver, spec: HostSpec, seen: Snapshot
) -> dict[str, Package]:
    """What depends on an exact version moves with it."""
    lead = packages[driver.lead(spec, seen) or ""]
    return {
        name: item.model_copy(update={"version": lead.version, "origin": resolved.source})
        for name, item in packages.items()
        if driver.matched(name)
    }


def _kept(seen: Snapshot, toolkits: list[Toolkit]) -> str | None:
    there = [item.version for item in toolkits]
    return seen.cuda.default if seen.cuda.default in there else max(there, default=None)


def _driver(name: str, version: str, resolved: driver.ResolvedDriver) -> dict[str, Package]:
    names = [name]
    if driver.family(name) and not name.startswith(("linux-", "nvidia-persistenced", "nvidia-fabricmanager")):
        names += [f"{base}{resolved.tag}" for base in LIBRARIES]
        names += [f"nvidia-dkms{resolved.tag}{'-open' if resolved.flavour == 'open' else ''}"]
        names += ["nvidia-settings"]
    return {one: Package(name=one, version=version, state="ii ", origin=resolved.source) for one in names}


def _toolkit(name: str, version: str) -> dict[str, Package]:
    release = name.removeprefix("cuda-toolkit-")
    names = (name, f"cuda-nvcc-{release}", f"libcublas-{release}", f"cuda-toolkit-{release}-config-common")
    return {one: Package(name=one, version=version, state="ii ", origin="nvidia") for one in names}


def _apt(seen: Snapshot, **values: object) -> Snapshot:
    return seen.model_copy(update={"apt": seen.apt.model_copy(update=values)})


def _files(spec: HostSpec, seen: Snapshot) -> Snapshot:
    """All owned files, the pins as the transaction left the host, and the vendor's key."""
    there = {path: item for path, item in seen.apt.files.items() if path not in files.OWNED}
    ours = {
        name: item.version
        for name, item in seen.apt.packages.items()
        if item.installed and (driver.family(name) or cuda.family(name) or cudnn.family(name))
    }
    for file in plan.owned_files(spec, seen):
        if file.content is not None:
            text = pins.preferences(ours, spec) if file.path == PATH else file.content
            there[file.path] = FileState(path=file.path, content=text, mode=file.mode, owner="root")
    key = repository.vendor_key(spec)
    keys = (Key(path=key.path, fingerprints=(key.fingerprint,)),) if key is not None else ()
    return _apt(seen, files=there, keys=keys)


def _default(todo: Plan, spec: HostSpec, seen: Snapshot) -> Snapshot:
    if not any(change.item == cuda.LINK for change in todo.changes):
        return seen
    return seen.model_copy(update={"cuda": seen.cuda.model_copy(update={"default": cuda.default(spec)})})


def _reboot(todo: Plan, spec: HostSpec, seen: Snapshot) -> Snapshot:
    """The module on disk, that of the lead package, is loaded; the libraries on disk are of the same version."""
    lead = driver.lead(spec, seen)
    resolved = driver.resolve(spec, seen)
    if resolved is None or lead is None or not any(change.item == "loaded module" for change in todo.changes):
        return seen
    version = upstream(seen.apt.packages[lead].version)
    module = Module(kernel=KERNEL, version=version, flavour=resolved.flavour)
    state = DriverState(
        loaded_version=version, loaded_flavour=resolved.flavour, modules=(module,), libraries=(version,)
    )
    gpus = tuple(
        Gpu(index=index, pci_bus_id=device.slot, name=device.pci_id, persistence_mode=False)
        for index, device in enumerate(seen.gpu.nvidia)
    )
    smi = NvidiaSmi(exit_code=0, driver_version=version, gpus=gpus)
    return seen.model_copy(update={"driver": state, "gpu": seen.gpu.model_copy(update={"smi": smi})})


def _services(spec: HostSpec, seen: Snapshot) -> Snapshot:
    managed, smi = spec.managed_driver, seen.gpu.smi
    if managed is None or smi is None:
        return seen
    on = Service(installed=True, enabled=True, active="active")
    fabric = on if driver.wants_fabric_manager(spec, seen) else Service()
    gpus = tuple(gpu.model_copy(update={"persistence_mode": managed.persistence}) for gpu in smi.gpus)
    state = seen.driver.model_copy(update={"persistenced": on, "fabric_manager": fabric})
    return seen.model_copy(
        update={"driver": state, "gpu": seen.gpu.model_copy(update={"smi": smi.model_copy(update={"gpus": gpus})})}
    )


def _conda(todo: Plan, spec: HostSpec, seen: Snapshot) -> Snapshot:
    """conda by its installer; environments by name, with every declared package; then the record."""
    managed = conda.declared(spec)
    if managed is None:
        return seen
    state = seen.conda or CondaState(prefix=managed.prefix)
    if todo.of("conda"):
        state = state.model_copy(
            update={
                "version": "25.3.1",
                "installer": conda.installer_record(spec),
                "owner": managed.owner,
                "mode": managed.mode,
            }
        )
    there = {item.name: item for item in state.environments}
    for name in {change.item.split("/")[0] for change in todo.of("environments")}:
        there.pop(name, None)
        declared = spec.environments[name]
        if isinstance(declared, EnvironmentSpec):
            there[name] = environment(managed, name, declared)
    environments = tuple(there[name] for name in sorted(there))
    record = {item.name: {one.name: one.version for one in item.packages} for item in environments}
    return seen.model_copy(
        update={
            "conda": state.model_copy(update={"environments": environments}),
            "applied": AppliedRecord(spec_hash="0", time="2026-01-01T00:00:00Z", environments=record),
        }
    )


def environment(managed: CondaSpec, name: str, declared: EnvironmentSpec) -> EnvironmentState:
    """Each declared package in the version it names, 1.0 where it names none, and one dependency."""
    python = [f"python={declared.python}"] if declared.python else []
    kernel_package = ["ipykernel"] if declared.kernel else []
    tool = ["pip"] if declared.pip.wanted else []
    wanted = {requirement_name(text): text for text in [*python, *kernel_package, *tool, *declared.packages]}
    packages = [_package(name, text, "conda") for name, text in wanted.items()]
    packages += [_package(requirement_name(text), text, "pip") for text in declared.pip.wanted]
    packages.append(CondaPackage(name="libdependency", version="1.0", build="0"))
    prefix = f"{managed.prefix}/envs/{name}"
    owner = declared.owner or managed.owner
    return EnvironmentState(name=name, prefix=prefix, owner=owner, kernel=declared.kernel, packages=tuple(packages))


def _package(name: str, text: str, manager: str) -> CondaPackage:
    version = text.partition("=")[2].lstrip("=") or "1.0"
    return CondaPackage.model_validate({"name": name, "version": version, "build": "0", "manager": manager})
