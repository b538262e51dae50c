"""conda create, install, update and remove."""

import argparse
import json
import shutil
from pathlib import Path

import rattler

from lab.conda import context, explicit, history, tos, transaction
from lab.conda.errors import CondaError


def _urls(here: context.Context, options: argparse.Namespace) -> list[str]:
    urls = context.channel_urls(here.settings, options.channel, options.override_channels)
    tos.require(here, urls)
    return urls


def _specs(options: argparse.Namespace) -> list[str]:
    """The specs of the command line and of --file, whose comments and blank lines do not count."""
    specs = list(options.packages)
    for name in options.file:
        lines = [line.split("#", 1)[0].strip() for line in Path(name).read_text().splitlines()]
        specs += [line for line in lines if line]
    return specs


def create(here: context.Context, options: argparse.Namespace) -> int:
    if not (options.name or options.prefix):
        raise CondaError("ArgumentError", "one of the arguments -n/--name -p/--prefix is required")
    prefix = context.prefix_of(here, options.name, options.prefix, new=True)
    if (prefix / "conda-meta/history").is_file():
        print(f"WARNING: A conda environment already exists at '{prefix}'\n")
        transaction.confirm(options.yes, "Remove existing environment")
        if not options.dry_run:
            shutil.rmtree(prefix)
    context.require_writable(prefix)
    if any(explicit.is_explicit(Path(name)) for name in options.file):
        return _explicit(here, options, prefix)
    specs = _specs(options)
    records = transaction.solve(here, _urls(here, options), specs, []) if specs else []
    return _carry_out(here, options, prefix, records, specs, "create")


def install(here: context.Context, options: argparse.Namespace) -> int:
    prefix = _existing(here, options)
    if any(explicit.is_explicit(Path(name)) for name in options.file):
        return _explicit(here, options, prefix)
    asked = _specs(options)
    if not asked:
        raise CondaError("CondaValueError", "too few arguments, must supply command line package specs or --file")
    specs = _combined(prefix, asked)
    keep = transaction.installed(prefix)
    records = transaction.solve(here, _urls(here, options), specs, keep)
    return _carry_out(here, options, prefix, records, asked, "install")


def update(here: context.Context, options: argparse.Namespace) -> int:
    prefix = _existing(here, options)
    asked = _specs(options)
    if not asked and not options.all:
        raise CondaError("CondaValueError", "no package names supplied\n# Example: conda update -n myenv scipy")
    held = transaction.installed(prefix)
    names = {history.name(spec) for spec in asked}
    if missing := sorted(names - {record.name.normalized for record in held}):
        raise CondaError(
            "PackageNotInstalledError",
            f"Package is not installed in prefix.\n  prefix: {prefix}\n  package name: {missing[0]}",
        )
    keep = [] if options.all else [record for record in held if record.name.normalized not in names]
    specs = transaction.requested(prefix) if options.all else _combined(prefix, asked)
    records = transaction.solve(here, _urls(here, options), specs, keep)
    return _carry_out(here, options, prefix, records, asked, "update")


def remove(here: context.Context, options: argparse.Namespace) -> int:
    """Remove packages with what depends on them; with --all the environment itself."""
    prefix = _existing(here, options)
    if options.all:
        if prefix == here.root:
            raise CondaError("CondaEnvironmentError", "cannot remove root environment, add -n NAME or -p PREFIX option")
        transaction.confirm(
            options.yes, f"Everything found within the environment ({prefix}) will be deleted. Continue"
        )
        shutil.rmtree(prefix)
        return 0
    held = transaction.installed(prefix)
    gone = {history.name(spec) for spec in options.packages}
    if missing := sorted(gone - {record.name.normalized for record in held}):
        raise CondaError(
            "PackagesNotFoundError",
            "The following packages are missing from the target environment:\n  - " + "\n  - ".join(missing),
        )
    gone = _with_dependents(held, gone)
    records: list[rattler.RepoDataRecord] = [record for record in held if record.name.normalized not in gone]
    return _carry_out(here, options, prefix, records, options.packages, "remove")


def _existing(here: context.Context, options: argparse.Namespace) -> Path:
    prefix = context.prefix_of(here, options.name, options.prefix)
    context.require_environment(prefix)
    context.require_writable(prefix)
    return prefix


def _combined(prefix: Path, asked: list[str]) -> list[str]:
    """The specs of the history, with those asked for in place of the ones of the same name."""
    names = {history.name(spec) for spec in asked}
    return [spec for spec in transaction.requested(prefix) if history.name(spec) not in names] + asked


def _with_dependents(held: list[rattler.PrefixRecord], gone: set[str]) -> set[str]:
    while True:
        more = {
            record.name.normalized
            for record in held
            if any(dependency.split()[0] in gone for dependency in record.depends)
        }
        if more <= gone:
            return gone
        gone |= more


def _explicit(here: context.Context, options: argparse.Namespace, prefix: Path) -> int:
    records = [record for name in options.file for record in explicit.records(Path(name))]
    if options.download_only:
        raise CondaError(
            "CondaExitZero", "Package caches prepared. UnlinkLinkTransaction cancelled with --download-only.", 0
        )
    if options.verb == "install":
        named = {record.name.normalized for record in records}
        records += [record for record in transaction.installed(prefix) if record.name.normalized not in named]
    return _carry_out(here, options, prefix, records, [], options.verb)


def _carry_out(
    here: context.Context,
    options: argparse.Namespace,
    prefix: Path,
    records: list[rattler.RepoDataRecord],
    specs: list[str],
    verb: str,
) -> int:
    before = transaction.installed(prefix) if (prefix / "conda-meta").is_dir() else []
    wanted = True
    if not options.json and not options.quiet:
        wanted = transaction.show(before, records, prefix) or verb == "create"
    if wanted and not options.dry_run:
        transaction.confirm(options.yes or options.json)
        transaction.link(here, prefix, records, specs, verb)
    if options.json:
        print(json.dumps({"success": True, "prefix": str(prefix), "dry_run": options.dry_run}, indent=2))
    elif options.dry_run:
        raise CondaError("DryRunExit", "Dry run. Exiting.", 0)
    elif wanted and verb == "create" and not options.quiet:
        name = prefix.name if prefix.parent in here.envs_dirs else prefix
        print(f"#\n# To activate this environment, use\n#\n#     $ conda activate {name}\n#")
    return 0
