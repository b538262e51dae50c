"""The lab's own generator of `nvidia-smi -q -x`: real boards' structure, with places for one GPU's values.

The structure is that of outputs of drivers 570, 580 and 595 (Tesla T4, A100, H100, L40S). That of 470 is from memory.
"""

import copy
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

# The newest CUDA version of a driver branch; NVIDIA, CUDA release notes, table 3.
CUDA = {470: "11.4", 570: "12.8", 580: "13.0", 595: "13.2", 610: "13.3"}
# How a board reports memory errors: not, by retired pages, or by remapped rows (temperatures as thresholds or margins).
GENERATIONS = ("plain", "pages", "ampere", "tlimit")
RENAMED_BEFORE_500 = {"clocks_event": "clocks_throttle", "gpu_power_readings": "power_readings"}


def cuda(driver: str) -> str:
    """The CUDA version that nvidia-smi of this driver names."""
    return CUDA[_branch(driver)]


@cache
def skeletons(driver: str) -> dict[str, str]:
    """`head`, and one `gpu` element per generation, with @PLACES@ that nvidia-smi fills in on the host."""
    head = (
        '<?xml version="1.0" ?>\n'
        f'<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_{_dtd(driver)}.dtd">\n'
        "<nvidia_smi_log>\n\t<timestamp>@TIME@</timestamp>\n"
        f"\t<driver_version>{driver}</driver_version>\n\t<cuda_version>{cuda(driver)}</cuda_version>\n"
        "\t<attached_gpus>@ATTACHED@</attached_gpus>\n"
    )
    return {"head": head} | {name: element(driver, name) for name in GENERATIONS}


def element(driver: str, generation: str) -> str:
    """The `gpu` element of one driver and generation as text, indented by tabs."""
    root = ElementTree.fromstring(_source(generation))  # noqa: S314 - the lab's own file
    kept = _filtered(root, _branch(driver), generation)
    if generation in ("plain", "pages"):
        rows = kept.find("remapped_rows")
        if rows is not None:
            rows.text = "N/A"
    ElementTree.indent(kept, space="\t", level=1)
    kept.set("id", "@BUS_ID@")
    body = ElementTree.tostring(kept, encoding="unicode", short_empty_elements=False)
    if _branch(driver) < 500:
        for new, old in RENAMED_BEFORE_500.items():
            body = body.replace(new, old)
    return f"\t{body}\n\n"


def _source(generation: str) -> str:
    body = (Path(__file__).parent / "standin" / "gpu.xml").read_text()
    for key, value in _values(generation).items():
        body = body.replace(f"@{key}@", value)
    return body


def _values(generation: str) -> dict[str, str]:
    ecc = generation != "plain"
    pages = generation == "pages"
    return {
        "COUNT": "0" if ecc else "N/A",
        "ECC_MODE": "Enabled" if ecc else "N/A",
        "PAGES": "0" if pages else "N/A",
        "PENDING": "No" if pages else "N/A",
        "INFOROM": "G000.0000.00.00",
    }


def _filtered(node: ElementTree.Element, branch: int, generation: str) -> ElementTree.Element:
    kept = copy.copy(node)
    kept[:] = [_filtered(child, branch, generation) for child in node if _wanted(child, branch, generation)]
    kept.attrib.pop("when", None)
    return kept


def _wanted(node: ElementTree.Element, branch: int, generation: str) -> bool:
    """`when` lists a lowest branch ("580+"), a highest one ("-579") and generations; all of those kinds must agree."""
    words = node.get("when", "").split()
    generations = [word for word in words if word in GENERATIONS]
    low = [int(word[:-1]) for word in words if word.endswith("+")]
    high = [int(word[1:]) for word in words if word.startswith("-")]
    within = all(branch >= number for number in low) and all(branch <= number for number in high)
    return within and (not generations or generation in generations)


def _dtd(driver: str) -> str:
    branch = _branch(driver)
    return "v11" if branch < 500 else "v12" if branch < 580 else "v13"


def _branch(driver: str) -> int:
    return int(driver.split(".")[0])
