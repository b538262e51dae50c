"""fleet init: a new inventory folder with one commented host file."""

import shutil
import tempfile
from pathlib import Path

import click

from fleet import options, output
from fleet.errors import RunError
from schema import jsonschema

STARTER = Path(__file__).parent.parent / "starter"
# Beside the files, as each release of gpufleet has its own; `fleet schema` writes them again.
SCHEMAS = ".schema"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@options.form
def command(folder: Path, form: str) -> int:
    """Make a new inventory FOLDER with a commented host file and fleet.yaml, and what editors complete them with.

    An existing folder must be empty. Exit code: 0 made, 1 not.

    \b
    fleet init inventory
    fleet init ~/racks/berlin
    """
    made = create(folder.expanduser())
    if form == "json":
        click.echo(output.dumps({"version": 1, "folder": str(folder), "files": made}))
        return 0
    for file in made:
        click.echo(f"{folder / file}")
    click.echo(f"next: edit {folder / 'hosts' / 'desk.yaml'}, then fleet validate {folder}")
    return 0


def create(folder: Path) -> list[str]:
    """The files made, relative to `folder`; raises RunError, and leaves nothing behind, when it cannot be made."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        hint = f"name a folder that does not exist, or empty {folder}"
        raise RunError("RUN280", f"{folder} exists and is not an empty folder", hint=hint)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            whole = Path(beside) / folder.name
            shutil.copytree(STARTER, whole, copy_function=shutil.copyfile)
            schemas(whole)
            # rename(2) takes the place of an empty folder at once, so nobody sees a half-written one.
            whole.replace(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError("RUN281", f"cannot make {folder}: {reason}", hint="name a folder that you may write") from error
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def schemas(folder: Path) -> None:
    """What editors complete and check with: the first line of each file in the starter names its own."""
    (folder / SCHEMAS).mkdir()
    for name, made in (("host", jsonschema.host()), ("fleet", jsonschema.fleet())):
        (folder / SCHEMAS / f"{name}.json").write_text(f"{output.dumps(made)}\n", encoding="utf-8")
