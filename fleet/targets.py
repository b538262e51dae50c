"""Machines named on a command line, `[USER@]HOST` or `local`, as the hosts of a fleet that has no files yet."""

import re
from typing import NamedTuple

from pydantic import ValidationError

from fleet.errors import RunError
from schema.connection import ConnectionSpec
from schema.fleet import Fleet
from schema.host import HostSpec

LOCAL = "local"
ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.%a-z]*")


class Target(NamedTuple):
    """`name` is the host's name so far; `written` is what its file's connection section says."""

    name: str
    spec: HostSpec
    written: dict[str, object]

    @property
    def by_address(self) -> bool:
        """Named by an IP address, so that the host's own name makes a better one."""
        return self.spec.connection.local or ADDRESS.fullmatch(self.name) is not None


def parse(text: str, key: str | None = None, port: int | None = None, accept_new: bool = False) -> Target:
    """One target. Raises RunError when the text is no user and host."""
    user, at, host = text.rpartition("@")
    if text == LOCAL:
        return Target(LOCAL, _spec(LOCAL, ConnectionSpec(local=True)), {LOCAL: True})
    given: dict[str, object] = {"user": user or None, "key": key, "port": port}
    written = {name: value for name, value in given.items() if value is not None}
    try:
        if at and not user:
            raise ValueError("there is nothing before the @")
        if host.count(":") == 1:
            raise ValueError("one colon is a port's; an IPv6 address has two at least")
        trust = "accept-new" if accept_new else "strict"
        connection = ConnectionSpec.model_validate({"address": host, "host_keys": trust} | given)
        return Target(host, _spec(re.sub(r"[:%]", "-", host), connection), {"address": host} | written)
    except (ValidationError, ValueError) as error:
        hint = "write HOST, USER@HOST or local; a port goes in --port"
        raise RunError("RUN290", f"{text!r} is no target", hint=hint) from error


def _spec(name: str, connection: ConnectionSpec) -> HostSpec:
    """A declaration that only says how to get there; a look needs no more, and nothing else reads its release."""
    return HostSpec(name=name, connection=connection, ubuntu="24.04")


def fleet(targets: list[Target]) -> Fleet:
    """The targets as a fleet, each once."""
    hosts = {target.spec.name: target.spec for target in targets}
    return Fleet(root=".", name="discover", hosts=hosts, names=tuple(hosts), groups={})
