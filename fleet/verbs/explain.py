"""fleet explain: what a code means and how to mend it."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import click

from fleet import options, output
from fleet.errors import RunError
from schema import codes

WIDTH = 100
ACCEPT = (
    "Where you know better: accept: [{{code: {code}, reason: WHY, until: YYYY-MM-DD}}] in the host's file or a group."
)


@click.command()
@click.argument("code", required=False)
@options.form
@options.file
def command(code: str | None, form: str, file: Path | None) -> int:
    """Say what CODE means, how it was recognised, what breaks and how to mend it.

    Without one, or with a family (INV, CMP, GPU, RUN), list them in one line each. Exit code: 0, or 1 for a code that
    there is not.

    \b
    fleet explain CMP001
    fleet explain CMP
    fleet explain
    """
    listed = codes.all_codes().values() if code is None else codes.of_family(code.strip())
    if listed:
        document = {"version": 1, "codes": [entry.model_dump(mode="json") for entry in listed]}
        output.emit(output.dumps(document) if form == "json" else _lines(listed), file)
        return 0
    entry = codes.entry((code or "").strip())
    if entry is None:
        raise _unknown(code or "")
    output.emit(output.dumps({"version": 1} | entry.model_dump(mode="json")) if form == "json" else _text(entry), file)
    return 0


def _lines(listed: Iterable[codes.Entry]) -> str:
    """A line for each code, below its family."""
    lines: list[str] = []
    for family, title in codes.FAMILIES.items():
        members = [f"{entry.code}  {entry.title}" for entry in listed if entry.code.startswith(family)]
        lines += [*([""] if lines else []), f"{family}: {title}", *members] if members else []
    return "\n".join(lines)


def _unknown(code: str) -> RunError:
    near = [entry for one in codes.near(code, 3) if (entry := codes.entry(one)) is not None]
    if not near:
        families = "\n".join(f"{family}  {title}" for family, title in codes.FAMILIES.items())
        hint = "fleet explain for all, or with one of these for those of a family"
        return RunError(
            "RUN282", f"there is no code {code!r}; codes are of these families:", evidence=families, hint=hint
        )
    family = near[0].code[:3]
    return RunError(
        "RUN282",
        f"there is no code {code!r}; the nearest:",
        evidence="\n".join(f"{entry.code}  {entry.title}" for entry in near),
        hint=f"fleet explain {near[0].code}, or fleet explain {family} for all of {family}, or fleet explain for all",
    )


def _text(entry: codes.Entry) -> str:
    parts = [
        ("Meaning", entry.meaning),
        ("Recognised", entry.recognised),
        ("Breaks", entry.breaks),
        ("Mend", entry.mend),
        *([("Or accept", ACCEPT.format(code=entry.code))] if codes.acceptable(entry.code) else []),
        ("Source", entry.source),
    ]
    lines = [f"{entry.code}  {entry.title}", ""]
    for title, text in parts:
        lines += textwrap.wrap(
            " ".join(text.split()),
            WIDTH,
            initial_indent=f"{title:<12}",
            subsequent_indent=" " * 12,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)
