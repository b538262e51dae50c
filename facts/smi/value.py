"""Values in nvidia-smi's XML: text, numbers and switches at the first of several names, None for "not available"."""

import math
import re
from xml.etree import ElementTree

# What the program prints for "no value" (nvidia-smi(1), and outputs of real boards).
NOTHING = {
    "",
    "n/a",
    "none",
    "not supported",
    "unknown error",
    "err!",
    "insufficient permissions",
    "gpu is lost",
    "requested functionality has been deprecated",
    "not available",
}
SWITCHES = {"yes": True, "no": False, "enabled": True, "disabled": False}


def words(element: ElementTree.Element, *paths: str) -> str | None:
    """The text at the first of the paths that has a value."""
    for path in paths:
        found = (element.findtext(path) or "").strip()
        if found.strip("[]").lower() not in NOTHING:
            return found
    return None


def count(element: ElementTree.Element, *paths: str) -> int | None:
    """The whole number at the start of "81559 MiB", "16x" or "3"."""
    found = amount(element, *paths)
    return int(found) if found is not None else None


def amount(element: ElementTree.Element, *paths: str) -> float | None:
    """The number at the start of "700.00 W"."""
    for path in paths:
        found = re.match(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(?![0-9])", words(element, path) or "")
        if found and math.isfinite(float(found.group(1))):
            return float(found.group(1))
    return None


def switch(element: ElementTree.Element, *paths: str) -> bool | None:
    """Yes and Enabled are True, No and Disabled False."""
    return SWITCHES.get((words(element, *paths) or "").lower())
