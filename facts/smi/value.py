"""Values in nvidia-smi's XML: text, numbers and switches at the first of several names, None for "not available"."""

import re
from xml.etree import ElementTree

# No element that is read holds more; process names and an error's text are the longest.
LONGEST = 512
# What the program prints for "no value": nvidia-smi(1), NVML's nvmlErrorString, and outputs of real boards. Brackets,
# and a full stop at the end, are taken off before.
NOTHING = frozenset(
    {
        "",
        "-",
        "n/a",
        "none",
        "null",
        "undefined",
        "unknown",
        "unknown error",
        "err",
        "err!",
        "error",
        "not supported",
        "not available",
        "not applicable",
        "not found",
        "not ready",
        "no data",
        "no permission",
        "insufficient permissions",
        "insufficient size",
        "invalid argument",
        "uninitialized",
        "timeout",
        "driver not loaded",
        "function not found",
        "in use by another client",
        "gpu requires reset",
        "requested functionality has been deprecated",
        "the operating system has blocked the request",
        "driver/library version mismatch",
    }
)
# A lost GPU's values go on in several ways ("GPU is lost. Reboot the system to recover this GPU").
NOTHING_STARTS = ("gpu is lost", "unable to ", "failed to ", "unknown error", "err!")
SWITCHES = {
    **dict.fromkeys(("yes", "enabled", "on", "true", "active", "1"), True),
    **dict.fromkeys(("no", "disabled", "off", "false", "not active", "inactive", "0"), False),
}
NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,9})?(?![0-9])\s*([A-Za-z]*)")
# MiB of one unit. Up to v6 the program called a MiB "MB".
MEMORY = {"": 1.0, "mib": 1.0, "mb": 1.0, "m": 1.0, "kib": 1 / 1024, "kb": 1 / 1024, "gib": 1024.0, "gb": 1024.0}
POWER = {"": 1.0, "w": 1.0, "mw": 0.001, "kw": 1000.0}


def words(element: ElementTree.Element, *paths: str) -> str | None:
    """The text at the first of the paths that has a value."""
    for path in paths:
        found = (element.findtext(path) or "").strip()
        if not _is_nothing(found):
            return found[:LONGEST]
    return None


def _is_nothing(text: str) -> bool:
    bare = " ".join(text[:80].strip(" [](){}.").lower().split())
    return bare in NOTHING or bare.startswith(NOTHING_STARTS)


def number(element: ElementTree.Element, *paths: str, units: dict[str, float] | None = None) -> float | None:
    """The number at the first of the paths that starts with one, in the first of `units` (1.0 for one not known)."""
    for path in paths:
        if found := NUMBER.match(words(element, path) or ""):
            whole, part, unit = found.groups()
            factor = 1.0 if units is None else units.get(unit.lower(), 1.0)
            return float(whole.replace(",", "") + (part or "")) * factor
    return None


def count(element: ElementTree.Element, *paths: str) -> int | None:
    """The whole number at the start of "16x" or "3"."""
    found = number(element, *paths)
    return int(found) if found is not None else None


def mib(element: ElementTree.Element, *paths: str) -> int | None:
    """ "81559 MiB" is 81559."""
    found = number(element, *paths, units=MEMORY)
    return int(found) if found is not None else None


def watts(element: ElementTree.Element, *paths: str) -> float | None:
    """ "700.00 W" is 700.0."""
    return number(element, *paths, units=POWER)


def switch(element: ElementTree.Element, *paths: str) -> bool | None:
    """Yes and Enabled are True, No and Disabled False."""
    return SWITCHES.get((words(element, *paths) or "").lower())


def version(element: ElementTree.Element, *paths: str) -> str | None:
    """The version that the text starts with: release 610 goes on with "[Deprecated; ...]"."""
    for path in paths:
        if found := re.match(r"[0-9][0-9A-Za-z.+~-]{0,63}", words(element, path) or ""):
            return found.group()
    return None
