"""fleet schema: JSON Schema of the inventory's files, for editors."""

from pathlib import Path

import click

from fleet import options, output
from schema import jsonschema


@click.command()
@click.argument("kind", type=click.Choice(["host", "fleet"]), default="host")
@options.file
def command(kind: str, file: Path | None) -> int:
    """Print the JSON Schema of a host file (the default) or of fleet.yaml.

    Editors with the YAML language server read it from a comment in the first line of a file:
    # yaml-language-server: $schema=../host.schema.json

    \b
    fleet schema -o inventory/host.schema.json
    fleet schema fleet -o inventory/fleet.schema.json
    """
    made = jsonschema.host() if kind == "host" else jsonschema.fleet()
    output.emit(output.dumps(made), file)
    return 0
