"""What stands in the place of a host: a name, an address, a range of them, each perhaps with a port."""

import ipaddress
import re

from fleet.ansible import ranges

BRACKETED = re.compile(r"\[([^\[\]]+)\](?::([0-9]{1,5}))?")
WITH_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])+):([0-9]{1,5})")


def hosts(text: str) -> tuple[list[str], int | None]:
    """Names, and the port of `host:22` and `[2001:db8::1]:22`; ranges are written out. Raises ValueError in words."""
    bracketed = BRACKETED.fullmatch(text)
    if bracketed is not None and is_address(text):
        return [bracketed[1]], _port(bracketed[2])
    if _is_ipv6(text):
        return [text], None
    found = WITH_PORT.fullmatch(text)
    bare = found[1] if found else text
    if bare.endswith(":"):
        raise ValueError("a name cannot end with a colon; YAML inventories begin with `all:` or `---`")
    return ranges.expand(bare) if "[" in bare or "]" in bare else [bare], _port(found[2]) if found else None


def is_address(text: str) -> bool:
    """Whether `[2001:db8::1]` is an address in brackets, and neither a range nor a section."""
    found = BRACKETED.fullmatch(text)
    return found is not None and _is_ipv6(found[1])


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.split("%")[0]).version == 6
    except ValueError:
        return False


def _port(text: str | None) -> int | None:
    return int(text) if text else None
