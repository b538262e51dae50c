"""fleet discover: host files from machines that exist."""

import re
from pathlib import Path

import click

from fleet import discover, log, machine, options, output, problems, prompt, run, targets
from fleet.errors import RunError
from schema import load
from schema.snapshot import Snapshot

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@click.command()
@click.argument("machines", nargs=-1, required=True, metavar="[USER@]HOST...|local")
@click.option(
    "--into", "-i", "into", required=True, type=click.Path(path_type=Path, file_okay=False), help="Inventory folder."
)
@click.option("--key", metavar="FILE", help="Private key; without it ssh_config, the agent and the usual keys.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the SSH server.")
@click.option("--accept-new-host-keys", is_flag=True, help="Trust the key of a host seen for the first time.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@options.ask_sudo
def command(
    machines: tuple[str, ...],
    into: Path,
    key: str | None,
    port: int | None,
    accept_new_host_keys: bool,
    force: bool,
    ask_sudo: bool,
) -> int:
    """Look at machines and write DIR/hosts/NAME.yaml for each; nothing is changed on them.

    Exit code: 0 all written, 1 not all.

    \b
    fleet discover local --into my-fleet
    fleet discover ubuntu@10.0.0.11 ubuntu@10.0.0.12 --into my-fleet
    """
    found = [targets.parse(text, key, port, accept_new_host_keys) for text in machines]
    if any(target.spec.connection.local for target in found):
        machine.check_ubuntu()
    log.start("discover", progress=False)
    seen = run.snapshots(
        targets.fleet(found), [target.spec.name for target in found], asked=prompt.sudo_password(ask_sudo)
    )
    failures = 0
    for target in found:
        try:
            click.echo(f"wrote {write(target, seen[target.spec.name], into, force)}")
        except RunError as error:
            failures += 1
            click.echo(error.text(), err=True)
    if failures < len(found):
        _report(into)
    return 1 if failures else 0


def write(target: targets.Target, seen: run.Seen, into: Path, force: bool) -> Path:
    """Write the file of one machine. Raises RunError when it was not seen, is not managed, or its file is there."""
    if not isinstance(seen, Snapshot):
        raise seen
    name = seen.hostname if target.by_address and NAME.fullmatch(seen.hostname) else target.spec.name
    written = {item: value for item, value in target.written.items() if item != "address" or value != name}
    try:
        text = discover.host_file(seen, written)
    except ValueError as error:
        hint = "name other machines; nothing was written for this one"
        raise RunError("RUN292", f"{target.name} is not one we manage: {error}", hint=hint) from error
    file = into / "hosts" / f"{name}.yaml"
    if file.exists() and not force:
        raise RunError("RUN291", f"{file} is there already", state="unchanged", hint="move it away, or add --force")
    _make(file.parent)
    output.emit(text.removesuffix("\n"), file)
    return file


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "name another folder with --into"
        raise RunError("RUN230", f"cannot make {folder}: {error.strerror}", hint=hint) from error


def _report(into: Path) -> None:
    """What `fleet validate` would say of the folder, and the next command."""
    found = load.read(into)
    problems.tell(found.problems, problems.Place(str(into), found.root))
    click.echo(f"next: read the files, then: fleet plan {into}")
