"""conda env: create and update from an environment.yml, export, list and remove."""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import yaml

from lab.conda import condarc, context, history, listing, tos, transaction
from lab.conda.errors import CondaError


def read(path: Path) -> tuple[condarc.Settings, list[str], list[str]]:
    """(the file, its conda specs, its pip lines)."""
    if not path.is_file():
        raise CondaError("EnvironmentFileNotFound", f"'{path}' file not found")
    content = yaml.safe_load(path.read_text()) or {}
    dependencies = content.get("dependencies") or []
    conda = [item for item in dependencies if isinstance(item, str)]
    pip = [line for item in dependencies if isinstance(item, dict) for line in item.get("pip") or []]
    return content, conda, pip


def _name(content: condarc.Settings) -> str | None:
    return str(content["name"]) if content.get("name") else None


def command(here: context.Context, options: argparse.Namespace) -> int:
    actions = {"create": create, "update": update, "export": export, "remove": remove, "list": listing.environments}
    return actions[options.action](here, options)


def create(here: context.Context, options: argparse.Namespace) -> int:
    content, specs, pip = read(Path(options.file))
    name = options.name or (None if options.prefix else _name(content))
    if not (name or options.prefix):
        raise CondaError("CondaEnvException", "Name is required if -p is not given")
    prefix = context.prefix_of(here, name, options.prefix, new=True)
    if (prefix / "conda-meta/history").is_file() and not options.yes:
        raise CondaError("CondaValueError", f"prefix already exists: {prefix}")
    context.require_writable(prefix)
    records = transaction.solve(here, _urls(here, content), specs, [])
    transaction.link(here, prefix, records, specs, "create")
    _pip(prefix, pip, Path(options.file))
    print(f"#\n# To activate this environment, use\n#\n#     $ conda activate {name or prefix}\n#")
    return 0


def update(here: context.Context, options: argparse.Namespace) -> int:
    """Add what the file names; with --prune also remove what it does not need."""
    content, specs, pip = read(Path(options.file))
    prefix = context.prefix_of(here, options.name or (None if options.prefix else _name(content)), options.prefix)
    context.require_environment(prefix)
    context.require_writable(prefix)
    names = {history.name(spec) for spec in specs}
    wanted = (
        [] if options.prune else [spec for spec in transaction.requested(prefix) if history.name(spec) not in names]
    )
    records = transaction.solve(here, _urls(here, content), wanted + specs, transaction.installed(prefix))
    transaction.show(transaction.installed(prefix), records, prefix)
    transaction.link(here, prefix, records, specs, "update")
    _pip(prefix, pip, Path(options.file))
    return 0


def _urls(here: context.Context, content: condarc.Settings) -> list[str]:
    names = condarc.strings(content, "channels")
    bare = [name for name in names if name != "nodefaults"]
    urls = context.channel_urls(here.settings, bare, override="nodefaults" in names)
    tos.require(here, urls)
    return urls


def _pip(prefix: Path, lines: list[str], source: Path) -> None:
    """Install the pip section from a requirements file beside the environment file, where relative paths hold."""
    if not lines:
        return
    folder = source.resolve().parent
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix="condaenv.", suffix=".requirements.txt") as requirements:
        requirements.write("\n".join(lines) + "\n")
        requirements.flush()
        command = [
            str(prefix / "bin/python"),
            "-m",
            "pip",
            "install",
            "-U",
            "-r",
            requirements.name,
            "--exists-action=b",
        ]
        if subprocess.run(command, cwd=folder, env=condarc.STARTED_WITH, check=False).returncode:
            raise CondaError("CondaEnvException", "Pip failed")


def export(here: context.Context, options: argparse.Namespace) -> int:
    prefix = context.prefix_of(here, options.name, options.prefix)
    context.require_environment(prefix)
    records = transaction.installed(prefix)
    channels = sorted({context.channel_name(here.settings, str(record.channel)) for record in records})
    if options.from_history:
        lines: list[object] = list(transaction.requested(prefix))
    else:
        tail = "" if options.no_builds else "={0.build}"
        lines = [f"{record.name.normalized}={record.version}" + tail.format(record) for record in records]
    pip = [f"{row['name']}=={row['version']}" for row in listing.pip_rows(prefix, records)]
    lines += [{"pip": pip}] if pip and not options.from_history else []
    name = "base" if prefix == here.root else prefix.name
    content = {"name": name, "channels": channels, "dependencies": lines, "prefix": str(prefix)}
    print(json.dumps(content, indent=2) if options.json else yaml.safe_dump(content, sort_keys=False), end="")
    return 0


def remove(here: context.Context, options: argparse.Namespace) -> int:
    from lab.conda import environment

    options.all, options.packages = True, []
    return environment.remove(here, options)
