"""Which known_hosts files count for an endpoint."""

import os
from pathlib import Path

from fleet import ssh_config
from fleet.endpoint import Endpoint
from fleet.ssh_config import Options

USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


def of(endpoint: Endpoint, found: Options) -> tuple[Path, ...]:
    """The inventory's file, else ssh_config's two settings, each else OpenSSH's own (ssh_config(5)); the first one is
    where a key that is accepted is written to."""
    if endpoint.known_hosts:
        return tuple(Path(file) for file in endpoint.known_hosts)
    user = _named(found, "userknownhostsfile", USER_FILES, endpoint)
    return user + _named(found, "globalknownhostsfile", GLOBAL_FILES, endpoint)


def _named(found: Options, key: str, usual: tuple[str, ...], endpoint: Endpoint) -> tuple[Path, ...]:
    files = ssh_config.words(found, key) if found.get(key) else usual
    home = os.path.expanduser("~")  # noqa: PTH111 - a text to put in.
    tokens = {"%%": "%", "%d": home, "%n": endpoint.hostname, "%h": ssh_config.text(found, "hostname") or ""}
    return tuple(Path(_filled(file, tokens)).expanduser() for file in files if file.lower() != "none")


def _filled(file: str, tokens: dict[str, str]) -> str:
    """The tokens of TOKENS in ssh_config(5) that a file of one user's may have."""
    parts = file.replace('"', "").split("%")
    text = parts.pop(0)
    while parts:
        part = parts.pop(0)
        if not part and parts:
            text += f"%{parts.pop(0)}"
        else:
            text += tokens.get(f"%{part[:1]}", f"%{part[:1]}") + part[1:]
    return text
