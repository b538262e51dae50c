"""fleet explain: what a code means and how to mend it."""

import difflib
import textwrap

import click

from fleet import options, output
from fleet.errors import RunError
from schema import codes

WIDTH = 100


@click.command()
@click.argument("code", required=False)
@options.form
def command(code: str | None, form: str) -> int:
    """Say what CODE means, how it was recognised, what breaks and how to mend it; without one, list all.

    Exit code: 0, or 1 for a code that there is not.

    \b
    fleet explain CMP001
    fleet explain
    """
    if code is None:
        listed = list(codes.all_codes().values())
        document = {"version": 1, "codes": [entry.model_dump(mode="json") for entry in listed]}
        text = "\n".join(f"{entry.code}  {entry.title}" for entry in listed)
        click.echo(output.dumps(document) if form == "json" else text)
        return 0
    entry = codes.entry(code)
    if entry is None:
        near = difflib.get_close_matches(code.upper(), codes.all_codes(), n=3)
        hint = f"fleet explain {near[0]}" if near else "fleet explain lists all codes"
        raise RunError("RUN282", f"there is no code {code!r}", hint=hint)
    click.echo(output.dumps({"version": 1} | entry.model_dump(mode="json")) if form == "json" else _text(entry))
    return 0


def _text(entry: codes.Entry) -> str:
    parts = [
        ("Meaning", entry.meaning),
        ("Recognised", entry.recognised),
        ("Breaks", entry.breaks),
        ("Mend", entry.mend),
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
