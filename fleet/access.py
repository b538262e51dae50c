"""How a host of an inventory is logged in to: its endpoint, whether commands need sudo, and sudo's password."""

import contextlib
from pathlib import Path

from fleet import endpoint, secrets, ssh_config
from fleet.endpoint import Endpoint
from fleet.errors import RunError
from fleet.secrets import Secret
from schema.fleet import Fleet


def endpoint_of(fleet: Fleet, name: str) -> Endpoint:
    """Raises RunError where the jumps form a ring."""
    try:
        return endpoint.of(name, fleet.hosts[name].connection, Path(fleet.root), fleet.hosts)
    except ValueError as error:
        raise RunError("RUN206", f"{name}: {error}", hint="fleet show " + name) from None


def needs_sudo(fleet: Fleet, name: str) -> bool:
    """As declared; else whether the user who logs in is another than root."""
    connection = fleet.hosts[name].connection
    user = None
    if not connection.local:
        made = endpoint_of(fleet, name)
        # An ssh_config that cannot be used fails its hosts when they are connected to, and no others.
        with contextlib.suppress(RunError):
            user = ssh_config.text(ssh_config.options(made.ssh_config, made.hostname), "user")
    return endpoint.needs_sudo(connection, user)


def sudo_password(fleet: Fleet, name: str, asked: Secret | None) -> Secret | None:
    """The inventory's reference, else what was asked for at the start."""
    reference = fleet.hosts[name].connection.sudo_password
    return secrets.of(reference, Path(fleet.root)) if reference is not None else asked
