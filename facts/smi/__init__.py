"""`nvidia-smi -q -x`: its XML, in any edition of its document type, read for what matters."""

import re
from xml.etree import ElementTree

from facts.smi import board, value
from schema.gpu import NvidiaSmi

# Characters that XML 1.0 (section 2.2) does not allow; a process may have them in its name.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")


def parse(output: str, exit_code: int | None) -> NvidiaSmi:
    """What one run said. Text that is no XML, or is too broken to read, is kept in `text`, at most 2,000 characters."""
    start, end = output.find("<?xml"), output.rfind("</nvidia_smi_log>")
    if start < 0 or end < 0:
        return NvidiaSmi(exit_code=exit_code, text=output.strip()[:2000])
    tail = end + len("</nvidia_smi_log>")
    said = (output[:start] + output[tail:]).strip()[:2000]
    root = _tree(output[start:tail])
    if root is None:
        return NvidiaSmi(exit_code=exit_code, text=said or "its XML could not be read")
    gpus = [(board.gpu(index, element), element) for index, element in enumerate(root.findall("gpu"))]
    return NvidiaSmi(
        exit_code=exit_code or 0,
        text=said if exit_code else "",
        # From release 610 the program calls its own part KMD and UMD; both names are accepted.
        driver_version=value.words(root, "driver_version", "kmd_version"),
        cuda_version=value.words(root, "cuda_version", "cuda_umd_version"),
        gpus=tuple(gpu for gpu, _ in gpus),
        processes=tuple(process for gpu, element in gpus for process in board.processes(gpu.slot, element)),
    )


def _tree(xml: str) -> ElementTree.Element | None:
    """The document's root. Entities are never declared by the program: a document that does so is not its own."""
    if "<!ENTITY" in xml:
        return None
    for attempt in (xml, STRAY_AMPERSAND.sub("&amp;", ILLEGAL.sub("?", xml))):
        try:
            return ElementTree.fromstring(attempt)  # noqa: S314 - entities are refused above, nothing is fetched.
        except (ElementTree.ParseError, ValueError, RecursionError):
            continue
    return None
