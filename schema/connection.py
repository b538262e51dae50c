"""How a host is reached. Only `fleet` reads this; nothing here is secret, secrets are references."""

from typing import Literal

from pydantic import Field

from schema.model import LocalPath, Model, Name, UserName


class SecretReference(Model):
    """Where a secret is found when it is needed; exactly one of the three."""

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: LocalPath | None = None
    command: tuple[str, ...] | None = Field(default=None, min_length=1)


class ConnectionSpec(Model):
    """`local` is the machine the command runs on; everything else is SSH. Times in seconds."""

    local: bool = False
    address: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9.:%_-]*$")
    port: int | None = Field(default=None, ge=1, le=65535)
    user: UserName | None = None
    key: LocalPath | None = None
    ssh_config: LocalPath | None = None
    jump: Name | None = None
    known_hosts: LocalPath | None = None
    host_keys: Literal["strict", "accept-new"] = "strict"
    sudo: bool | None = None
    sudo_password: SecretReference | None = None
    timeout: int = Field(default=10, ge=1, le=600)
