"""Prometheus' text exposition format, version 0.0.4: families of samples, and reading those of an earlier file.

Source: prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
"""

import re
from collections.abc import Iterator
from pathlib import Path

from schema.errors import printable

# A host's text as a label; longer ones are no version or name, and each is kept by Prometheus for as long as its data.
LONGEST_LABEL = 200
ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}


class Families:
    """Samples by family, in the order in which they were declared; one without a sample is not written."""

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}
        self._samples: dict[str, list[str]] = {}

    def declare(self, name: str, meaning: str) -> None:
        """A gauge and its HELP line."""
        self._heads[name] = f"# HELP {name} {_help(meaning)}\n# TYPE {name} gauge"
        self._samples[name] = []

    def add(self, name: str, value: float | None, **labels: str) -> None:
        """A sample; None is no value, and no sample."""
        if value is None:
            return
        told = ",".join(f'{key}="{label(text)}"' for key, text in labels.items())
        self._samples[name].append(f"{name}{{{told}}} {number(value)}" if told else f"{name} {number(value)}")

    def lines(self) -> Iterator[str]:
        for name, samples in self._samples.items():
            if samples:
                yield self._heads[name]
                yield from samples


def label(text: str) -> str:
    """The text within a label's quotes: what cannot be seen as escapes, cut where it is long."""
    shown = printable(text)[:LONGEST_LABEL]
    return "".join(ESCAPES.get(one, one) for one in shown) if not shown.isalnum() else shown


def number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def earlier(file: Path | None, name: str, key: str) -> dict[str, float]:
    """The values of one family by one label, as a file that this program wrote has them; {} where there is none.

    Lines that are not of that form are nobody's: they are left out.
    """
    if file is None or not file.is_file():
        return {}
    line = re.compile(rf'{re.escape(name)}\{{{key}="([A-Za-z0-9._-]+)"\}} ([0-9]+(?:\.[0-9]+)?)')
    found: dict[str, float] = {}
    with file.open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            if text.startswith(name) and (hit := line.fullmatch(text.rstrip("\n"))):
                found[hit[1]] = float(hit[2])
    return found
