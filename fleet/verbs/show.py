"""fleet show: a host as it is declared, each value with where it comes from.

The JSON: `{"version": 1, "host", "values": [{"path", "text", "by": "file|default|lock|observed|rule", "note": str|null,
"layer": "defaults"|"group NAME"|null, "origin": {"file", "line", "column"}|null}]}`; see `schema.resolved.Value`.
"""

import difflib
from pathlib import Path

import click

from fleet import options, output
from fleet.errors import RunError
from schema import load, resolved


@click.command()
@click.argument("host")
@click.option("-i", "--inventory", "inventory", type=click.Path(), help="The inventory, as of the other verbs.")
@options.form
@options.file
def command(host: str, inventory: str | None, form: str, file: Path | None) -> int:
    """Print HOST with its defaults and groups merged in: every value, and where it comes from.

    That is a line of a file, with the group or the defaults that it belongs to; a built-in default; or, where a value
    is auto, the lock, or the rule with its reason. On the host, what works there comes before the rule. Exit code: 0
    shown, 1 not valid or no such host.

    \b
    fleet show desk
    fleet show h1 -i ~/racks/berlin --format json
    """
    path = options.inventory_path(inventory)
    names = load.read(path).names
    if host not in names:
        near = difflib.get_close_matches(host, names, n=1)
        hint = f"fleet show {near[0]}" if near else f"hosts: {', '.join(names[:20]) or 'none'}"
        raise RunError("RUN283", f"there is no host {host!r} in {path}", hint=hint)
    fleet = load.fleet(path, [host])
    values = resolved.values(fleet, host)
    if form == "json":
        listed = [value.model_dump(mode="json") for value in values]
        output.emit(output.dumps({"version": 1, "host": host, "values": listed}), file)
    else:
        output.emit(_table(host, values), file)
    return 0


def _table(host: str, values: tuple[resolved.Value, ...]) -> str:
    paths = max(len(value.path) for value in values)
    shown = min(max(len(value.text) for value in values), 60)
    lines = [f"{value.path:<{paths}}  {value.text:<{shown}}  {value.place}".rstrip() for value in values]
    return "\n".join([host, *(f"  {line}" for line in lines)])
