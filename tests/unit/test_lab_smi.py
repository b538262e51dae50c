"""The structure of the lab's `nvidia-smi -q -x` against real boards' output."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lab import smi

REAL = [
    ("a100", "570.148.08", "ampere"),
    ("h100", "580.105.08", "tlimit"),
    ("l40s", "595.91.07", "tlimit"),
    ("t4", "595.91.07", "pages"),
]


def _paths(node: ElementTree.Element, place: str = "") -> Iterator[str]:
    """Each path of elements once, in the order of the document."""
    seen = set()
    for child in node:
        path = f"{place}/{child.tag}"
        if path not in seen:
            seen.add(path)
            yield path
            yield from _paths(child, path)


def _parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - from the lab's generator, or a capture named by the developer


@pytest.mark.parametrize(("board", "driver", "generation"), REAL)
def test_elements_and_their_order_are_those_of_the_real_board(board: str, driver: str, generation: str) -> None:
    folder = os.environ.get("GPUFLEET_CAPTURES")
    if not folder:
        pytest.skip("set GPUFLEET_CAPTURES to the folder of real nvidia-smi outputs")
    text = (Path(folder) / "nvidia-smi" / f"qx-{board}.xml").read_text()
    real = _parsed(text).find("gpu")
    assert real is not None
    assert list(_paths(_parsed(smi.element(driver, generation)))) == list(_paths(real))
    head = smi.skeletons(driver)["head"]
    assert re.findall(r"nvsmi_device_v\d+", head) == re.findall(r"nvsmi_device_v\d+", text)
    assert _tags(head) == _tags(text.split("<gpu ")[0])


def _tags(text: str) -> list[str]:
    return re.findall(r"<(\w+)>", text)


@pytest.mark.parametrize("driver", ["470.256.02", "570.195.03", "580.95.05", "595.71.05", "610.43.02"])
@pytest.mark.parametrize("generation", smi.GENERATIONS)
def test_every_skeleton_is_well_formed_and_has_the_places_of_one_gpu(driver: str, generation: str) -> None:
    element = _parsed(smi.element(driver, generation))
    places = set(re.findall(r"@([A-Z_]+)@", smi.element(driver, generation)))
    assert {"NAME", "UUID", "BUS_ID", "MEMORY", "PERSISTENCE", "PROCESSES"} <= places
    assert element.get("id") == "@BUS_ID@"
    assert not [node for node in element.iter() if "when" in node.attrib]


def test_a_board_without_ecc_says_so() -> None:
    element = _parsed(smi.element("580.95.05", "plain"))
    assert element.findtext("ecc_mode/current_ecc") == "N/A"
    assert element.findtext("remapped_rows") == "N/A"


def test_every_place_is_filled_by_the_awk_program() -> None:
    """What the skeletons ask for and nobody fills in would reach a parser as an empty element."""
    program = (Path(smi.__file__).parent / "standin" / "render.awk").read_text()
    filled = set(re.findall(r'v\["([A-Z_]+)"\] *=', program))
    for driver in ("470.256.02", "595.71.05"):
        for skeleton in smi.skeletons(driver).values():
            assert set(re.findall(r"@([A-Z_]+)@", skeleton)) - {"TIME", "ATTACHED"} <= filled
