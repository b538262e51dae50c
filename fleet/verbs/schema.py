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

    Editors with the YAML language server (VS Code's YAML extension by Red Hat, Neovim, Emacs, ...) complete and check
    with it where a comment at the top of a file names it, relative to that file:

    \b
    # yaml-language-server: $schema=../.schema/host.json

    \b
    fleet schema -o inventory/.schema/host.json
    fleet schema fleet -o inventory/.schema/fleet.json
    """
    made = jsonschema.host() if kind == "host" else jsonschema.fleet()
    output.emit(output.dumps(made), file)
    return 0
