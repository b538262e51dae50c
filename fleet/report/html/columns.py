"""The columns of the table of versions: what each shows of a host's facts, in words, and what was not seen."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from fleet.report.html import shown
from fleet.report.model import Facts

NONE, NOT_SEEN = "none", "not seen"


class Column(NamedTuple):
    """`key` stands in the page's address, `title` above the column."""

    key: str
    title: str


class Cell(NamedTuple):
    """`kind`: "" for a value, "none" for something that is not there, "unseen" for what could not be read."""

    text: str
    kind: str = ""


COLUMNS = (
    Column("ubuntu", "Ubuntu"),
    Column("kernel", "Kernel"),
    Column("driver", "Driver"),
    Column("cuda", "CUDA"),
    Column("cudnn", "cuDNN"),
    Column("conda", "conda"),
    Column("gpus", "GPUs"),
)


def cells(facts: Facts) -> tuple[Cell, ...]:
    """One cell for each column, in their order."""
    return tuple(_cell(facts, column.key, READ[column.key](facts)) for column in COLUMNS)


def _cell(facts: Facts, key: str, text: str) -> Cell:
    if set(FIELDS.get(key, (key,))) & set(facts.unseen):
        return Cell(NOT_SEEN, "unseen")
    return Cell(shown.text(text)) if text else Cell(NONE, "none")


def _ubuntu(facts: Facts) -> str:
    parts = [facts.ubuntu or "", facts.arch if facts.arch not in {None, "x86_64"} else "", facts.board or ""]
    return " ".join(part for part in parts if part)


def _driver(facts: Facts) -> str:
    return " ".join(part for part in (facts.driver, facts.modules) if part)


def _cuda(facts: Facts) -> str:
    """All toolkits, the default one first."""
    return _listed(sorted(facts.cuda, key=lambda version: version != facts.cuda_default))


def _gpus(facts: Facts) -> str:
    return _listed(f"{kind.count} x {kind.name}" for kind in facts.gpus)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


READ: dict[str, Callable[[Facts], str]] = {
    "ubuntu": _ubuntu,
    "kernel": lambda facts: facts.kernel or "",
    "driver": _driver,
    "cuda": _cuda,
    "cudnn": lambda facts: _listed(facts.cudnn),
    "conda": lambda facts: facts.conda or "",
    "gpus": _gpus,
}
# The fields a column needs, where they are not the one of its own name.
FIELDS = {"gpus": ("gpus_on_bus",)}
