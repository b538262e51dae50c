"""An inventory folder as pyinfra wants it: groups, hosts and their data. The only translation."""

from collections.abc import Iterable

from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from fleet import access
from fleet.local import Local
from fleet.secrets import Secret
from fleet.ssh import Ssh
from schema.fleet import Fleet
from schema.host import HostSpec

Data = dict[str, object]
Groups = dict[str, list[tuple[str, Data]]]


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
    data: Data = {"spec": spec, "max_unavailable": fleet.rollout.max_unavailable}
    if not spec.connection.local:
        made = access.endpoint_of(fleet, name)
        data |= {"endpoint": made, "ssh_hostname": made.hostname}
        data |= {f"ssh_{key}": value for key in ("port", "user", "key") if (value := getattr(made, key)) is not None}
    data["_sudo"] = access.needs_sudo(fleet, name)
    secret = access.sudo_password(fleet, name, asked)
    if secret is not None:
        data["sudo_password"] = secret
    return data


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
