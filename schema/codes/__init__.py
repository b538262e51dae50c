"""Codes: what each means, how it was recognised, what breaks, how to mend it, and where that was read."""

import difflib
import functools
import re
from pathlib import Path

import yaml
from pydantic import Field

from schema.model import Model

# INV: shape of the inventory. CMP: versions that cannot go together. GPU: state of a host. RUN: a command's work.
FAMILIES = ("INV", "CMP", "GPU", "RUN")


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
    return dict(sorted(found.items(), key=lambda item: (FAMILIES.index(item[0][:3]), item[0])))


def nearest(code: str) -> str:
    """The code that looks most like `code`."""
    return difflib.get_close_matches(code.upper(), all_codes(), n=1, cutoff=0.0)[0]


def is_code(text: str) -> bool:
    return re.fullmatch(r"(INV|CMP|GPU|RUN)[0-9]{3}", text) is not None
