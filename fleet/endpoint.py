"""How a host is reached, resolved from its ConnectionSpec: what the connectors read from host data."""

import getpass
import os
from pathlib import Path

from schema.connection import ConnectionSpec
from schema.host import HostSpec
from schema.model import Model


class Endpoint(Model):
    """An address and how to prove who is there; `jump` is reached first. Times in seconds, paths absolute."""

    hostname: str
    port: int | None = None
    user: str | None = None
    key: str | None = None
    ssh_config: str | None = None
    known_hosts: tuple[str, ...] = ()
    accept_new: bool = False
    timeout: int = 10
    jump: "Endpoint | None" = None


def of(name: str, connection: ConnectionSpec, folder: Path, hosts: dict[str, HostSpec]) -> Endpoint:
    """The endpoint of a host; `jump` names another host of the inventory, else what ssh_config knows, else an address.

    Raises ValueError when the jumps form a ring.
    """
    return _of(name, connection, folder, hosts, (name,))


def _of(
    name: str, connection: ConnectionSpec, folder: Path, hosts: dict[str, HostSpec], seen: tuple[str, ...]
) -> Endpoint:
    return Endpoint(
        hostname=connection.address or name,
        port=connection.port,
        user=connection.user,
        key=_path(connection.key, folder),
        ssh_config=_path(connection.ssh_config, folder),
        known_hosts=tuple(filter(None, [_path(connection.known_hosts, folder)])),
        accept_new=connection.host_keys == "accept-new",
        timeout=connection.timeout,
        jump=_jump(connection, folder, hosts, seen) if connection.jump else None,
    )


def _jump(connection: ConnectionSpec, folder: Path, hosts: dict[str, HostSpec], seen: tuple[str, ...]) -> Endpoint:
    name = connection.jump or ""
    if name in seen:
        raise ValueError(f"connection.jump goes in a ring: {' -> '.join([*seen, name])}")
    if name in hosts and not hosts[name].connection.local:
        return _of(name, hosts[name].connection, folder, hosts, (*seen, name))
    # A bastion that is not in the inventory is trusted by the same files, and reached as ssh_config says.
    bare = ConnectionSpec(
        address=name,
        ssh_config=connection.ssh_config,
        known_hosts=connection.known_hosts,
        host_keys=connection.host_keys,
        timeout=connection.timeout,
        key=connection.key,
    )
    return _of(name, bare, folder, hosts, (*seen, name))


def _path(text: str | None, folder: Path) -> str | None:
    return None if text is None else str(folder / Path(text).expanduser())


def needs_sudo(connection: ConnectionSpec, ssh_config_user: str | None) -> bool:
    """`connection.sudo`; without it, unless the user who logs in is root."""
    if connection.sudo is not None:
        return connection.sudo
    if connection.local:
        return os.geteuid() != 0
    return (connection.user or ssh_config_user or getpass.getuser()) != "root"
