"""An inventory folder as pyinfra wants it: groups, hosts and their data. The only translation."""

import os
from collections.abc import Iterable
from pathlib import Path

from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from fleet import dial, endpoint, secrets
from fleet.errors import RunError
from fleet.local import Local
from fleet.secrets import Secret
from fleet.ssh import Ssh
from schema import load, ranges
from schema.fleet import Fleet
from schema.host import HostSpec

Data = dict[str, object]
Groups = dict[str, list[tuple[str, Data]]]


def is_inventory(path: str | Path) -> bool:
    """Whether a path is ours to read: a folder, or one host's YAML file."""
    # An empty name is a variable of a script that is not set, and for pathlib the current folder.
    return os.path.isdir(path) or (os.path.isfile(path) and Path(path).suffix in {".yaml", ".yml"})  # noqa: PTH112, PTH113


def read(path: str | Path, limit: Iterable[str] = ()) -> Fleet:
    """The fleet at `path`; `limit` holds host names, groups, globs and ranges, also several with commas between.

    Raises InvalidInventory with every problem of fleet.yaml and the selected hosts, for an inventory without hosts,
    and for a limit that matches none.
    """
    patterns = parts(limit)
    return load.fleet(path, patterns or None)


def parts(limit: Iterable[str]) -> list[str]:
    """The patterns of --limit: it is repeatable, and takes several with commas between."""
    return [part for text in limit for part in ranges.split(text)]


def chosen(fleet: Fleet, limit: Iterable[str] = ()) -> tuple[str, ...]:
    """The valid hosts that a limit selects, in the inventory's order."""
    patterns = parts(limit)
    return tuple(name for name in (fleet.select(patterns)[0] if patterns else fleet.names) if name in fleet.hosts)


def named(fleet: Fleet, names: Iterable[str]) -> frozenset[str]:
    """Hosts named one by one, as --force wants them. Raises RunError for a name that is no host."""
    wanted = frozenset(part.strip() for text in names for part in text.split(",") if part.strip())
    for name in sorted(wanted - fleet.hosts.keys()):
        raise RunError("RUN235", f"--force {name!r}: there is no such host", hint="name hosts, not groups or globs")
    return wanted


def groups(fleet: Fleet) -> Groups:
    """pyinfra's groups, each host with its data."""
    data = {name: host_data(fleet, name) for name in fleet.hosts}
    found: Groups = {"all": list(data.items())}
    for group, names in fleet.groups.items():
        found[group] = [(name, data[name]) for name in names if name in data]
    return found


def host_data(fleet: Fleet, name: str, asked: Secret | None = None) -> Data:
    """What the connectors and deploys read. Nothing in it prints a secret."""
    spec = fleet.hosts[name]
    connection, base = spec.connection, Path(fleet.root)
    data: Data = {"spec": spec, "max_unavailable": fleet.rollout.max_unavailable}
    user = None
    if not connection.local:
        made = _endpoint(name, spec, base, fleet)
        user = dial.text(dial.options(made), "user")
        data |= {"endpoint": made, "ssh_hostname": made.hostname}
        data |= {f"ssh_{key}": value for key in ("port", "user", "key") if (value := getattr(made, key)) is not None}
    data["_sudo"] = endpoint.needs_sudo(connection, user)
    if asked is not None and connection.sudo_password is None:
        data["sudo_password"] = asked
    if connection.sudo_password is not None:
        data["sudo_password"] = secrets.of(connection.sudo_password, base)
    return data


def _endpoint(name: str, spec: HostSpec, base: Path, fleet: Fleet) -> endpoint.Endpoint:
    try:
        return endpoint.of(name, spec.connection, base, fleet.hosts)
    except ValueError as error:
        raise RunError("RUN206", f"{name}: {error}", hint="fleet show " + name) from None


def connectors(hosts: Iterable[Host]) -> None:
    """Let our hosts be reached by our connectors; others (`@docker/...`) keep theirs."""
    for host in hosts:
        spec = host.data.get("spec")
        if isinstance(spec, HostSpec):
            host.connector_cls = Local if spec.connection.local else Ssh


def build(fleet: Fleet, names: Iterable[str], extra: Data, asked: Secret | None = None) -> Inventory:
    """An inventory of some hosts, for pyinfra's API; `extra` is data for all of them."""
    hosts = {name: host_data(fleet, name, asked) | extra for name in names}
    members: dict[str, tuple[list[str], Data]] = {
        group: ([name for name in listed if name in hosts], {}) for group, listed in fleet.groups.items()
    }
    made: Inventory = Inventory((list(hosts.items()), {}), **members)  # type: ignore[no-untyped-call]
    connectors(made)
    return made
