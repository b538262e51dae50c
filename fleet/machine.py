"""The machine this command runs on."""

import distro

from fleet.errors import RunError


def check_ubuntu() -> None:
    """Raise RunError where this machine is no Ubuntu: nothing needs to be read to say that it cannot be managed."""
    if distro.id() != "ubuntu":
        found = distro.name(pretty=True) or "a system without /etc/os-release"
        message = f"local is not one we manage: this machine is {found}; gpufleet manages Ubuntu"
        raise RunError("RUN292", message, hint="name Ubuntu machines: fleet discover USER@HOST --into DIR")
