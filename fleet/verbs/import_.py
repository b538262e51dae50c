"""fleet import: an inventory of another tool as ours."""

from pathlib import Path

import click

from fleet import options, output, staged
from fleet.ansible import convert, read, render, report
from fleet.errors import RunError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make an inventory folder from another tool's; `fleet discover` then fills in what machines say."""


@command.command()
@click.argument("inventory", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--into", required=True, type=click.Path(path_type=Path, file_okay=False), help="Inventory folder.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@options.form
@options.file
def ansible(inventory: Path, into: Path, force: bool, form: str, file: Path | None) -> int:
    """Turn an Ansible inventory FILE into a folder of ours; nothing is connected to.

    FILE is INI, YAML, or the output of ansible-inventory --list, - for standard input; group_vars/ and host_vars/
    beside it are read. Groups,
    and what is said of the connection, are taken; everything else is named with the reason. Secrets are never copied.
    Exit code: 0 written, 1 not.

    \b
    fleet import ansible hosts.ini --into my-fleet
    ansible-inventory -i inventory/ --list | fleet import ansible - --into my-fleet
    """
    into = into.expanduser()
    ours = convert.inventory(read.file(inventory.expanduser()), inventory, into.resolve().name)
    if not ours.hosts:
        hint = "see which connections they have: ansible-inventory -i FILE --list"
        raise RunError("RUN384", f"no host of {inventory} is reached by SSH", state="nothing was written", hint=hint)
    files = render.files(ours, inventory.name)
    _free(into, files, force)
    staged.write(into, files)
    if form == "json":
        output.emit(output.dumps(report.document(ours, into, files)), file)
    else:
        output.emit(report.text(ours, into, files), file)
    return 0


def _free(into: Path, files: dict[str, str], force: bool) -> None:
    """Raises RunError when a file that would be written is there already."""
    there = [name for name in sorted(files) if (into / name).exists()]
    if there and not force:
        shown = "\n".join(there[:10] + ([f"and {len(there) - 10} more"] if len(there) > 10 else []))
        count = f"{len(there)} file{'s' if len(there) > 1 else ''} of {into}"
        hint = "name another folder with --into, or write over them with --force"
        raise RunError(
            "RUN383", f"{count} would be written over", evidence=shown, state="nothing was written", hint=hint
        )
