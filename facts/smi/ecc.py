"""Errors of a GPU's memory in nvidia-smi's XML: counted ones, rows and pages taken out of use, repairs that wait."""

from collections.abc import Iterable
from xml.etree import ElementTree

from facts.smi import value


def counts(element: ElementTree.Element) -> dict[str, object]:
    """ECC errors since the driver was loaded (volatile) and ever (aggregate), as fields of `schema.gpu.Gpu`."""
    return {
        f"ecc_{kind}_{since}": errors(element.find(f"ecc_errors/{since}"), kind)
        for kind in ("corrected", "uncorrected")
        for since in ("volatile", "aggregate")
    }


def errors(found: ElementTree.Element | None, kind: str) -> int | None:
    """The errors of a kind: one total up to v10, a count for each kind of memory in v11 and v12, and from v13 on
    SRAM's in two parts (parity, secded)."""
    if found is None:
        return None
    old, ending = ("single_bit", "_correctable") if kind == "corrected" else ("double_bit", "_uncorrectable")
    total = value.count(found, f"{old}/total")
    if total is not None:
        return total
    whole = {child.tag: value.count(child, ".") for child in found if child.tag.endswith(ending)}
    parts = [
        value.count(child, ".")
        for child in found
        if f"{ending}_" in child.tag and whole.get(child.tag[: child.tag.index(f"{ending}_") + len(ending)]) is None
    ]
    places = (value.count(child, ".") for child in found.findall(f"{old}/*"))
    return _sum((*whole.values(), *parts, *places))


def rows(element: ElementTree.Element) -> dict[str, object]:
    """Rows remapped (Ampere and later), pages retired (before), and what waits for a reset; fields of `Gpu`."""
    reasons = ("multiple_single_bit_retirement", "double_bit_retirement")
    retired = (value.count(element, f"retired_pages/{reason}/retired_count") for reason in reasons)
    repairs = [value.switch(element, f"ecc_errors/{name}") for name in ("channel_repair_pending", "tpc_repair_pending")]
    return {
        "remapped_correctable": value.count(element, "remapped_rows/remapped_row_corr"),
        "remapped_uncorrectable": value.count(element, "remapped_rows/remapped_row_unc"),
        "remapped_pending": value.switch(element, "remapped_rows/remapped_row_pending"),
        "remapped_failure": value.switch(element, "remapped_rows/remapped_row_failure"),
        "exhausted_banks": value.count(element, "remapped_rows/row_remapper_histogram/row_remapper_histogram_none"),
        "retired_pages": _sum(retired),
        "retired_pending": value.switch(element, "retired_pages/pending_retirement", "retired_pages/pending_blacklist"),
        "repair_pending": True if any(repairs) else None if None in repairs else False,
        "sram_threshold_exceeded": value.switch(element, "ecc_errors/aggregate/sram_threshold_exceeded"),
    }


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
