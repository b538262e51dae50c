"""Codes: what each means, how it was recognised, what breaks, how to mend it, and where that was read."""

import functools
import re
from pathlib import Path

import yaml
from pydantic import Field

from schema.model import Model

# INV: shape of the inventory. CMP: versions that cannot go together. GPU: state of a host. RUN: a command's work.
FILES = ("inv", "cmp", "gpu", "run")


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
    """Every entry by code, in the order of the files."""
    found: dict[str, Entry] = {}
    for file in FILES:
        text = (Path(__file__).parent / f"{file}.yaml").read_bytes()
        rows = yaml.load(text, Loader=yaml.CSafeLoader) or {}
        found |= {code: Entry.model_validate({"code": code, **row}) for code, row in rows.items()}
    return found


def is_code(text: str) -> bool:
    return re.fullmatch(r"(INV|CMP|GPU|RUN)[0-9]{3}", text) is not None
