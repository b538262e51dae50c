"""An Ansible inventory as ours: defaults, groups and hosts, each with its part of the connection; the rest by name."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fleet.ansible import naming, precedence, ssh, variables
from fleet.ansible.model import ALL, UNGROUPED, Inventory
from fleet.ansible.variables import Connection, Value

Keys = dict[str, Value]


@dataclass
class OurHost:
    """One host file: `connection` is {"local": True} for the controller; `left_out` as in the report."""

    name: str
    connection: Keys = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass
class LeftOut:
    """`kind`: variable, group, host or file; `where` names the groups and hosts that have it."""

    kind: str
    name: str
    reason: str
    where: list[str] = field(default_factory=list)


@dataclass
class Ours:
    """`renamed`: (kind, Ansible's name, ours, why). `notes`: what is worth knowing beside."""

    defaults: Keys = field(default_factory=dict)
    groups: dict[str, Keys] = field(default_factory=dict)
    hosts: dict[str, OurHost] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    renamed: list[tuple[str, str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def inventory(found: Inventory, source: Path, folder: str) -> Ours:
    """Ours of Ansible's, from the file `source`, for a folder of the name `folder`. Raises RunError for a ring."""
    ours, listed = Ours(), precedence.ordered(found, str(source))
    names = naming.hosts(found, folder, ours.renamed)
    groups = naming.groups(found, set(names.values()), folder, ours.renamed)
    full = {
        host: variables.connection(host, precedence.effective(found, host, order), source.parent)
        for host, order in listed.items()
    }
    for host, made in full.items():
        here = next((name for name, one in ours.hosts.items() if one.connection.get("local")), None)
        if made.other is not None:
            ours.left_out.append(LeftOut("host", host, f"its connection is {made.other}, and gpufleet uses SSH"))
        elif made.local and here is not None:
            ours.left_out.append(LeftOut("host", host, f"only one host can be this machine, and so is {here}"))
        else:
            ours.hosts[names[host]] = _host(
                names[host], host, made, [groups[one] for one in listed[host] if one in groups]
            )
    _jumps(ours, full, names)
    _shared(ours, found, groups, source.parent)
    for made_host in ours.hosts.values():
        _own(ours, made_host)
    ours.left_out += [LeftOut("file" if "/" in name else "variable", name, why) for name, why in found.left_out]
    ours.left_out += _variables(found, full, source.parent)
    if (source.parent / "ansible.cfg").is_file():
        ours.notes.append(
            "ansible.cfg beside the inventory is not read: its remote_user, key or ssh_args are defaults here"
        )
    return ours


def _host(name: str, original: str, made: Connection, groups: list[str]) -> OurHost:
    """The whole connection of a host; a host under another name keeps its own one as the address."""
    keys: Keys = {"local": True} if made.local else dict(made.keys)
    if not made.local and keys.get("address") == name:
        del keys["address"]
    if not made.local and name != original and "address" not in keys:
        keys["address"] = original
    return OurHost(name=name, connection=keys, groups=tuple(groups), left_out=made.left_out)


def _jumps(ours: Ours, full: dict[str, Connection], names: dict[str, str]) -> None:
    """`jump` of each host, and a host file for each bastion that needs more than its name."""
    places = {names[host]: {host, str(made.keys.get("address", host))} for host, made in full.items() if host in names}
    for host, made in full.items():
        ours_host = ours.hosts.get(names[host])
        if ours_host is None or made.local or not made.jumps:
            continue
        previous: str | None = None
        for jump in made.jumps:
            previous = _bastion(ours, jump, previous, places)
        if previous in {ours_host.name, None}:
            ours.notes.append(f"{ours_host.name} would go through itself; its jump is left out")
        else:
            ours_host.connection["jump"] = previous or ""


def _bastion(ours: Ours, jump: ssh.Jump, previous: str | None, places: dict[str, set[str]]) -> str | None:
    """The name by which a host is gone through: one of the inventory, one of ssh_config, or one that is added."""
    known = next((name for name, words in places.items() if jump.host in words), None)
    name = known or naming.cleaned(jump.host)
    own = {key: value for key in ("user", "port", "key") if (value := getattr(jump, key)) is not None}
    if known is not None:
        there = ours.hosts[known].connection if known in ours.hosts else {}
        other = sorted(key for key, value in own.items() if there.get(key, value) != value)
        if (
            other
            and (note := f"{known} is gone through as its own file says, with another {', '.join(other)}")
            not in ours.notes
        ):
            ours.notes.append(note)
        for key, value in own.items():
            there.setdefault(key, value)
        return known
    if not own and previous is None and name == jump.host and name not in ours.hosts:
        return name
    if name in ours.groups or any(name == one for host in ours.hosts.values() for one in host.groups):
        name = f"{name}-host"
    if name not in ours.hosts:
        keys: Keys = ({"address": jump.host} if name != jump.host else {}) | own
        keys |= {"jump": previous} if previous is not None else {}
        ours.hosts[name] = OurHost(name=name, connection=keys, note="Added: other hosts are reached through it.")
    return name


def _shared(ours: Ours, found: Inventory, groups: dict[str, str], folder: Path) -> None:
    """Keys of `all` and of each group, those that every host in it has: a key cannot be taken back by a host."""
    remote = [host for host in ours.hosts.values() if not host.connection.get("local")]
    for name in (ALL, *groups):
        source = found.groups.get(name)
        made = variables.connection("", source.variables | source.files, folder) if source is not None else Connection()
        ours_name = groups.get(name)
        inside = [host for host in remote if ours_name is None or ours_name in host.groups]
        keys = {
            key: value
            for key, value in made.keys.items()
            if key != "address" and inside and all(key in host.connection for host in inside)
        }
        jump = {host.connection.get("jump") for host in inside}
        if made.jumps and len(jump) == 1 and (only := jump.pop()) is not None:
            keys["jump"] = only
        if ours_name is None:
            ours.defaults = keys
        else:
            ours.groups[ours_name] = keys


def _own(ours: Ours, host: OurHost) -> None:
    """Leave to a host only what its groups and the defaults do not say already."""
    if host.connection.get("local"):
        return
    inherited: Keys = dict(ours.defaults)
    for group in host.groups:
        inherited |= ours.groups.get(group, {})
    host.connection = {key: value for key, value in host.connection.items() if inherited.get(key) != value}


def _variables(found: Inventory, full: dict[str, Connection], folder: Path) -> list[LeftOut]:
    """Each variable that is left out, with its reason and where it stands."""
    entries: dict[tuple[str, str], LeftOut] = {}
    reasons = {key: Counter[str]() for made in full.values() for key in made.left_out}
    for made in full.values():
        for key, why in made.left_out.items():
            reasons[key][why] += 1
    places = [(f"group {name}", group.variables | group.files) for name, group in found.groups.items()]
    places += [(f"host {name}", host.variables | host.files) for name, host in found.hosts.items()]
    for place, values in places:
        alone = variables.connection("", values, folder).left_out
        for key in values:
            reason = reasons[key].most_common(1)[0][0] if key in reasons else alone.get(key)
            if reason is not None:
                entries.setdefault((key, reason), LeftOut("variable", key, reason)).where.append(place)
    return sorted(entries.values(), key=lambda one: one.name)


__all__ = ["UNGROUPED", "LeftOut", "OurHost", "Ours", "inventory"]
