"""The files of an imported inventory as text."""

import json
import re
import textwrap

from fleet.ansible.convert import Keys, OurHost, Ours

ORDER = (
    "address",
    "port",
    "user",
    "key",
    "ssh_config",
    "jump",
    "known_hosts",
    "host_keys",
    "sudo",
    "sudo_password",
    "timeout",
)
# Text that no reader of YAML takes for anything else, so that it needs no quotes.
PLAIN = re.compile(r"(?!(?:true|false|null|yes|no|on|off|y|n)$)(?:[A-Za-z]|~/)[A-Za-z0-9._/-]*", re.IGNORECASE)


def files(ours: Ours, source: str) -> dict[str, str]:
    """Text by path inside the folder; fleet.yaml only where there are defaults or groups."""
    made = {f"hosts/{name}.yaml": _host(host, source) for name, host in sorted(ours.hosts.items())}
    if ours.defaults or ours.groups:
        made["fleet.yaml"] = _fleet(ours, source)
    return made


def _fleet(ours: Ours, source: str) -> str:
    lines = [f"# Imported from the Ansible inventory {plain(source)}."]
    if ours.defaults:
        lines += ["defaults:", *_connection(ours.defaults, "  ")]
    if ours.groups:
        lines.append("groups:")
        for name, keys in ours.groups.items():
            lines += [f"  {_name(name)}:", *_connection(keys, "    ")] if keys else [f"  {_name(name)}: {{}}"]
    return "\n".join(lines) + "\n"


def _host(host: OurHost, source: str) -> str:
    lines = [f"# Imported from the Ansible inventory {plain(source)}."]
    lines += [f"# {host.note}"] if host.note else []
    if host.left_out:
        lines += textwrap.wrap(
            f"Left out: {', '.join(plain(name) for name in sorted(host.left_out))}.",
            118,
            initial_indent="# ",
            subsequent_indent="#   ",
            break_long_words=False,
        )
    lines += [f"groups: [{', '.join(_name(name) for name in host.groups)}]"] if host.groups else []
    if host.connection.get("local"):
        lines.append("connection: local")
    elif host.connection:
        lines += _connection(host.connection, "")
    return "\n".join(lines) + "\n"


def _connection(keys: Keys, indent: str) -> list[str]:
    ordered = sorted(keys.items(), key=lambda item: ORDER.index(item[0]))
    return [f"{indent}connection:", *(f"{indent}  {key}: {_value(value)}" for key, value in ordered)]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    # JSON's scalars are YAML's as well (YAML 1.2, chapter 1.3).
    return json.dumps(value)


def _name(name: str) -> str:
    return name if PLAIN.fullmatch(name) else json.dumps(name)


def plain(text: str, longest: int = 200) -> str:
    """Text for a comment or a report's line: on one line, printable ASCII."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text)[:longest]
