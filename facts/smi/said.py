"""What nvidia-smi says in place of a document, and the exit code that goes with it."""

import re

from schema.errors import printable

LONGEST = 2000
# nvidia-smi(1), RETURN VALUE; NVML's nvmlReturn_t and its nvmlErrorString; and "command not found" of sh(1).
CODES: tuple[tuple[str, int], ...] = (
    (r"invalid argument|invalid combination of input arguments", 2),
    (r"driver/library version mismatch|rm has detected an nvml/rm version mismatch", 18),
    (r"couldn't communicate with the nvidia driver|driver not loaded", 9),
    (r"couldn't find libnvidia-ml|nvml shared library (couldn't be found|not found)", 12),
    (r"function not found|local version of nvml doesn't implement", 13),
    (r"inforom is corrupted", 14),
    (r"gpu is lost|fallen off the bus", 15),
    (r"gpu requires (a )?re(set|start)", 16),
    (r"blocked by the operating system|operating system has blocked", 17),
    (r"insufficient external power|external power cables", 8),
    (r"insufficient permissions|permission denied", 4),
    (r"no devices were found|query to find an object was unsuccessful", 6),
    (r"interrupt issue", 10),
    (r"not supported|not available on target device", 3),
    (r"command not found|nvidia-smi: not found|no such file or directory", 127),
    (r"unknown error|internal driver error|failed to initialize nvml|unable to determine the device handle", 255),
)


def text(output: str) -> str:
    """At most 2,000 printable characters of it, in lines."""
    lines = output[: 2 * LONGEST].strip().splitlines()
    return "\n".join(printable(line.replace("\t", " ")) for line in lines)[:LONGEST]


def code(output: str) -> int | None:
    """The exit code of the first known text; None for what is not known."""
    said = " ".join(output[: 2 * LONGEST].lower().split())
    return next((code for expression, code in CODES if re.search(expression, said)), None)
