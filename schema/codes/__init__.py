"""Codes: what each means, how it was recognised, what breaks, how to mend it, and where that was read."""

import difflib
import functools
import re
from pathlib import Path

import yaml
from pydantic import Field

from schema.model import Model

FAMILIES = {
    "INV": "the shape of an inventory",
    "CMP": "versions that cannot go together",
    "GPU": "the state of a host",
    "RUN": "a command that could not do its work",
}
ORDER = tuple(FAMILIES)
# What forbids touching a host (schema.health.refusal), or makes changes wait for somebody's work (schema.gates).
REFUSALS = ("GPU00", "GPU10")


class Entry(Model):
    """One code. All fields are plain text; `source` is a URL, a man page or a file."""

    code: str = Field(pattern=r"^(INV|CMP|GPU|RUN)[0-9]{3}$")
    title: str = Field(min_length=1)
    meaning: str = Field(min_length=1)
    recognised: str = Field(min_length=1)
    breaks: str = Field(min_length=1)
    mend: str = Field(min_length=1)
    source: str = Field(min_length=1)


def entry(code: str) -> Entry | None:
    """The entry of a code ("INV003", in any case), None when there is none."""
    return all_codes().get(code.upper())


@functools.cache
def all_codes() -> dict[str, Entry]:
    """Every entry by code, in the order of the families and numbers, from all YAML files of this folder."""
    found: dict[str, Entry] = {}
    for file in sorted(Path(__file__).parent.glob("*.yaml")):
        rows = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) or {}
        found |= {code: Entry.model_validate({"code": code, **row}) for code, row in rows.items()}
    return dict(sorted(found.items(), key=lambda item: (ORDER.index(item[0][:3]), item[0])))


def acceptable(code: str) -> bool:
    """Whether `accept` can excuse it: a combination, or a finding that neither forbids nor protects."""
    return code.startswith("CMP") or (code.startswith("GPU") and not code.startswith(REFUSALS))


def of_family(family: str) -> tuple[Entry, ...]:
    """The entries of "CMP", in any case; () where there is no such family."""
    return tuple(entry for code, entry in all_codes().items() if code[:3] == family.upper())


def nearest(code: str) -> str:
    """The code that looks most like `code`: of its own family where it has one."""
    return (near(code) or difflib.get_close_matches(code.upper(), all_codes(), n=1, cutoff=0.0))[0]


def near(code: str, count: int = 1) -> list[str]:
    """The codes that look most like `code`, best first: "cmp1" is most like CMP001; none for what is like none."""
    letters, digits = re.match(r"([A-Z]*)\W*([0-9]*)", code.strip().upper()).groups()  # type: ignore[union-attr]
    wanted = f"{letters}{digits.lstrip('0'):0>3}" if digits else letters
    family = [entry.code for entry in of_family(letters[:3])]
    return difflib.get_close_matches(wanted, family or all_codes(), n=count, cutoff=0.0 if family else 0.6)


def is_code(text: str) -> bool:
    return re.fullmatch(r"(INV|CMP|GPU|RUN)[0-9]{3}", text) is not None
