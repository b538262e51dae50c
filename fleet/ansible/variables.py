"""Ansible's connection variables as keys of `connection`; everything else is named with the reason why it is not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from fleet.ansible import ssh, template
from fleet.ansible.model import Secret, Variables
from schema.connection import ConnectionSpec

Value = str | int | bool | dict[str, str]
ADDRESS = ("ansible_host", "ansible_ssh_host")
PORT = ("ansible_port", "ansible_ssh_port")
USER = ("ansible_user", "ansible_ssh_user")
KEY = ("ansible_ssh_private_key_file", "ansible_private_key_file")
ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
TIMEOUT = ("ansible_ssh_timeout", "ansible_timeout")
BECOME = ("ansible_become", "ansible_ssh_become", "ansible_sudo")
BECOME_PASSWORD = ("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass", "ansible_ssh_become_pass")
PASSWORD = (
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_private_key_passphrase",
    "ansible_ssh_private_key_passphrase",
)
CHECKING = ("ansible_host_key_checking", "ansible_ssh_host_key_checking")
CONNECTION, BECOME_USER, BECOME_METHOD = "ansible_connection", "ansible_become_user", "ansible_become_method"
PLAIN = frozenset({*ADDRESS, *PORT, *USER, *KEY, *ARGUMENTS, *TIMEOUT, *BECOME, *CHECKING})
SUDO_VARIABLE = "GPUFLEET_SUDO"
OVER_SSH = frozenset(
    {"ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh"}
)
LOCAL = frozenset({"local", "ansible.builtin.local"})

NOT_OURS = "not of the connection: gpufleet runs no playbooks"
TEMPLATE = "it is a template, whose value only Ansible knows"
HIDDEN = "a secret is not copied"


@dataclass
class Connection:
    """What a host's or a group's variables say of the connection, and what of them is left out, by name.

    `local`: the controller itself. `other`: a kind of connection that is not SSH. `jumps`: the first one first.
    """

    keys: dict[str, Value] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    jumps: list[ssh.Jump] = field(default_factory=list)
    local: bool = False
    other: str | None = None


def connection(name: str, variables: Variables, folder: Path) -> Connection:
    """The connection of the host `name`; paths of keys that are relative are looked for in `folder`."""
    found, values = Connection(), Variables()
    for key, value in variables.items():
        ready = template.filled(value, name, variables) if isinstance(value, str) and key in PLAIN else value
        if key in PLAIN and (ready is None or isinstance(ready, Secret | dict | list)):
            found.left_out[key] = TEMPLATE if value is not None and not isinstance(value, Secret | dict) else HIDDEN
        elif key in PLAIN:
            values[key] = ready
        else:
            _other(found, key, value)
    _plain(found, values, folder)
    _arguments(found, values, folder)
    return found


def _other(found: Connection, key: str, value: object) -> None:
    """Variables that decide something, and all those that are left out."""
    if key == CONNECTION:
        kind = str(value)
        found.local = kind in LOCAL
        found.other = None if found.local or kind in OVER_SSH else kind
    elif key in BECOME_PASSWORD:
        found.keys["sudo_password"] = {"env": template.environment(value) or SUDO_VARIABLE}
        found.left_out[key] = f"{HIDDEN}; the file names the variable {template.environment(value) or SUDO_VARIABLE}"
    elif key in PASSWORD:
        found.left_out[key] = f"{HIDDEN}; gpufleet logs in with a key or an agent"
    elif isinstance(value, Secret) or (isinstance(value, dict) and "__ansible_vault" in value):
        found.left_out[key] = HIDDEN
    elif not _usual(key, value):
        found.left_out[key] = REASONS.get(key) or _reason(key)


def _usual(key: str, value: object) -> bool:
    """What gpufleet does anyway, or reads elsewhere."""
    usual = {BECOME_USER: {"root"}, BECOME_METHOD: {"sudo", "ansible.builtin.sudo"}}
    return key == "ansible_group_priority" or str(value) in usual.get(key, ())


REASONS = {
    BECOME_USER: "gpufleet works as root",
    BECOME_METHOD: "gpufleet knows sudo only",
    "ansible_python_interpreter": "hosts need no Python",
    "ansible_become_flags": "gpufleet chooses sudo's flags",
    "ansible_become_exe": "sudo is found on the host's PATH",
}


def _reason(key: str) -> str:
    return "connection has no such key" if key.startswith("ansible_") else NOT_OURS


def _first(values: Variables, names: Iterable[str]) -> tuple[str, object] | None:
    return next(((name, values[name]) for name in names if values.get(name) not in {None, ""}), None)


SAYS_ONE: dict[str, tuple[str, ...]] = {"address": ADDRESS, "port": PORT, "user": USER, "key": KEY, "timeout": TIMEOUT}


def _plain(found: Connection, values: Variables, folder: Path) -> None:
    """Those that say one key each."""
    for key, names in SAYS_ONE.items():
        given = _first(values, names)
        if given is not None:
            value = _path(str(given[1]), folder) if key == "key" else given[1]
            _set(found, key, _number(value) if key in {"port", "timeout"} else str(value), given[0])
    for key, variables in (("sudo", BECOME), ("host_keys", CHECKING)):
        given = _first(values, variables)
        switch = _switch(given[1]) if given is not None else None
        if given is not None and switch is None:
            found.left_out[given[0]] = "it is neither true nor false"
        elif switch is not None and key == "sudo":
            found.keys["sudo"] = switch
        elif switch is False:
            found.keys["host_keys"] = "accept-new"


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


def _switch(value: object) -> bool | None:
    """Ansible's booleans (its module_utils, `BOOLEANS`)."""
    text = str(value).lower()
    return True if text in {"true", "yes", "y", "on", "1", "t", "1.0"} else False if text in FALSE else None


FALSE = frozenset({"false", "no", "n", "off", "0", "f", "0.0"})


def _path(text: str, folder: Path) -> str:
    """A relative path is one of the inventory that is imported, so it is written whole."""
    return text if text.startswith(("/", "~")) else str((folder / text).resolve())


def _set(found: Connection, key: str, value: object, variable: str) -> None:
    """A key whose value our type takes; another is left out, and the variable named."""
    try:
        ConnectionSpec.model_validate({key: value})
    except ValidationError:
        found.left_out[variable] = f"connection.{key} cannot be that value"
        return
    if isinstance(value, str | int):
        found.keys.setdefault(key, value)


OPTIONS = {
    "user": "user",
    "port": "port",
    "identityfile": "key",
    "userknownhostsfile": "known_hosts",
    "connecttimeout": "timeout",
    "configfile": "ssh_config",
    "hostname": "address",
}


def _arguments(found: Connection, values: Variables, folder: Path) -> None:
    """ssh's own arguments; a variable of Ansible's says a key before they do."""
    for variable in ARGUMENTS:
        try:
            given = ssh.parse(str(values.get(variable) or ""))
        except ValueError:
            found.left_out[variable] = "it is no command line: quotes that do not end, or far too long"
            continue
        left = [*given.left, *given.words]
        for option, value in given.options.items():
            if option in OPTIONS:
                _from_option(found, option, value, folder, variable)
            elif option == "stricthostkeychecking":
                found.keys |= {"host_keys": "accept-new"} if value.lower() in {"no", "off", "accept-new"} else {}
            elif option not in ssh.HARMLESS and not option.startswith("proxy"):
                left.append(option)
        jumps = ssh.jumps(given.options)
        found.jumps = found.jumps or jumps or []
        left += ["a proxy that is not ssh"] if jumps is None else []
        if left:
            found.left_out[variable] = f"in part: {', '.join(_shown(word) for word in left)}"


def _from_option(found: Connection, option: str, value: str, folder: Path, variable: str) -> None:
    key = OPTIONS[option]
    if value in {"/dev/null", "none"}:
        return
    path = key in {"key", "known_hosts", "ssh_config"}
    _set(
        found, key, _path(value, folder) if path else _number(value) if key in {"port", "timeout"} else value, variable
    )


def _shown(word: str) -> str:
    """A word of a command line in a report: an option's name; anything else may hold what nobody should read."""
    return word if re.fullmatch(r"-?[A-Za-z]+|a proxy that is not ssh", word) and len(word) < 32 else "a word"
