"""How the driver on a host differs from the declared one: packages, the loaded module, and its services."""

from typing import TYPE_CHECKING

from schema.change import Change
from schema.driver import names, packages
from schema.driver.resolve import ResolvedDriver, resolve
from schema.model import within
from schema.once import once
from schema.repository.model import Package
from schema.wanted import difference, observed, present, removal, upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

LOADED = "loaded module"
PERSISTENCE = "persistence"
FABRIC_MANAGER = "fabric manager"


@once
def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """The driver's differences, packages first; () for a driver that is not managed, or `external`."""
    driver = resolve(spec, snapshot)
    if driver is None or driver.source == "external":
        return ()
    found = [*_wanted(spec, snapshot, driver), *_rest(spec, snapshot, driver), *_missing(spec, snapshot)]
    found += [removal("driver", snapshot.apt.packages[name]) for name in packages.removals(spec, snapshot)]
    module = _module(spec, snapshot, driver)
    found += [module] if module is not None else _services(spec, snapshot)
    return tuple(found)


def _wanted(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver) -> list[Change]:
    pinned, found = packages.pins(spec, snapshot), []
    for item in packages.wanted(spec, snapshot):
        package = snapshot.apt.packages.get(item.name)
        change = difference("driver", item, package, pinned.get(item.name))
        found += [change] if change is not None else _foreign(spec, snapshot, driver, package)
    return found


def _foreign(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver, package: Package | None) -> list[Change]:
    """The same name from the other origin: its version must become one of the declared origin."""
    if package is None or package.origin in {None, driver.source} or not names.matched(package.name):
        return []
    desired = f"{packages.target(spec, snapshot)} of {driver.source}"
    return [Change(concern="driver", item=package.name, observed=observed(package), desired=desired)]


def _rest(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver) -> list[Change]:
    """The other packages of the set: as pinned; without a pin, of the lead package's version."""
    asked = {item.name for item in packages.wanted(spec, snapshot)} | set(packages.removals(spec, snapshot))
    pinned, limit = packages.pins(spec, snapshot), packages.target(spec, snapshot)
    found = []
    for name, package in sorted(snapshot.apt.packages.items()):
        if name in asked or not present(package) or not names.family(name):
            continue
        pin = pinned.get(name)
        unmatched = pin is None and names.matched(name) and not within(upstream(package.version), limit)
        if package.broken or (pin is not None and package.version != pin) or unmatched:
            desired = pin or (limit if names.matched(name) else upstream(package.version))
            found.append(Change(concern="driver", item=name, observed=observed(package), desired=desired))
        else:
            found += _foreign(spec, snapshot, driver, package)
    return found


def _missing(spec: "HostSpec", snapshot: "Snapshot") -> list[Change]:
    """Packages that our pins name and that are gone, besides those asked for."""
    asked = {item.name for item in packages.wanted(spec, snapshot)}
    return [
        Change(concern="driver", item=name, observed=None, desired=version)
        for name, version in sorted(packages.pins(spec, snapshot).items())
        if name not in asked and not present(snapshot.apt.packages.get(name))
    ]


def _module(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver) -> Change | None:
    """The module in memory, where there is a GPU for it: only a reboot changes it."""
    if not snapshot.gpu.nvidia or not snapshot.kernel.running:
        return None
    version, flavour = snapshot.driver.loaded_version, snapshot.driver.loaded_flavour
    desired = packages.target(spec, snapshot)
    # Of a branch alone the transaction takes the newest, which is not the loaded one.
    stays = "." in desired or not _wanted(spec, snapshot, driver)
    if version is not None and stays and within(version, desired) and flavour in {None, driver.flavour}:
        return None
    return Change(
        concern="driver",
        item=LOADED,
        observed=f"{version} {flavour or ''}".strip() if version is not None else None,
        desired=f"{desired} {driver.flavour}",
        disruption="reboot",
    )


def _services(spec: "HostSpec", snapshot: "Snapshot") -> list[Change]:
    """Asked of the GPUs: Ubuntu's unit runs with --no-persistence-mode, so that an active one says nothing."""
    managed, smi, found = spec.managed_driver, snapshot.gpu.smi, []
    if managed is None or smi is None or smi.exit_code != 0:
        return []
    daemon, fabric = snapshot.driver.persistenced, snapshot.driver.fabric_manager
    off = any(gpu.persistence_mode is False for gpu in smi.gpus)
    if managed.persistence and (off or (daemon.installed and not daemon.enabled)):
        state = "off" if off else "on, not after a boot"
        found.append(Change(concern="driver", item=PERSISTENCE, observed=state, desired="on", disruption="restart"))
    if packages.wants_fabric_manager(spec, snapshot) and fabric.installed:
        right = fabric.enabled and fabric.active == "active"
        state = fabric.active if fabric.enabled else f"{fabric.active}, not enabled"
        desired = Change(concern="driver", item=FABRIC_MANAGER, observed=state, desired="active", disruption="restart")
        found += [] if right else [desired]
    return found
