"""conda list, info, env list."""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path

import rattler

from lab.conda import condarc, context, transaction
from lab.conda.errors import CondaError

Row = dict[str, object]


def version(here: context.Context) -> str:
    """The version of the conda package in base, which is the one that this command plays."""
    for path in (here.root / "conda-meta").glob("conda-[0-9]*.json"):
        return str(json.loads(path.read_text())["version"])
    raise CondaError("CondaError", f"there is no conda package in {here.root}")


def packages(here: context.Context, options: argparse.Namespace) -> int:
    prefix = context.prefix_of(here, options.name, options.prefix)
    context.require_environment(prefix)
    records = transaction.installed(prefix)
    if options.explicit:
        print("# This file may be used to create an environment using:")
        print("# $ conda create --name <env> --file <this file>\n# platform: linux-64\n@EXPLICIT")
        print("\n".join(_url(record, options) for record in records))
        return 0
    rows = [_row(here, record) for record in records] + pip_rows(prefix, records)
    rows = sorted(
        (row for row in rows if re.search(options.regex or "", str(row["name"]))), key=lambda row: str(row["name"])
    )
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"# packages in environment at {prefix}:\n#")
    print("# Name                     Version          Build             Channel")
    for row in rows:
        print(f"{row['name']:<26} {row['version']:<16} {row['build_string']:<17} {row['channel']}".rstrip())
    return 0


def _url(record: rattler.PrefixRecord, options: argparse.Namespace) -> str:
    if options.sha256 and record.sha256:
        return f"{record.url}#sha256:{record.sha256.hex()}"
    return f"{record.url}#{record.md5.hex()}" if options.md5 and record.md5 else str(record.url)


def _row(here: context.Context, record: rattler.PrefixRecord) -> Row:
    name, build = record.name.normalized, str(record.build)
    channel = context.channel_name(here.settings, str(record.channel))
    return {
        "base_url": re.sub(r"/(noarch|linux-64)/?$", "", str(record.channel).rstrip("/")),
        "build_number": record.build_number,
        "build_string": build,
        "channel": channel,
        "dist_name": f"{name}-{record.version}-{build}",
        "name": name,
        "platform": str(record.subdir),
        "version": str(record.version),
    }


def pip_rows(prefix: Path, records: list[rattler.PrefixRecord]) -> list[Row]:
    """The distributions in site-packages that no conda package brought, told by their RECORD's owner, not by name."""
    owned = {str(path) for record in records for path in record.files}
    rows = []
    for folder in sorted(prefix.glob("lib/python3.[0-9][0-9]*/site-packages/*.dist-info")):
        metadata = folder / "METADATA"
        if str(metadata.relative_to(prefix)) in owned or not metadata.is_file():
            continue
        found = importlib.metadata.PathDistribution(folder)
        rows.append(_pip_row(re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(), found.version))
    return rows


def _pip_row(name: str, version: str) -> Row:
    return {
        "base_url": "https://conda.anaconda.org/pypi",
        "build_number": 0,
        "build_string": "pypi_0",
        "channel": "pypi",
        "dist_name": f"{name}-{version}-pypi_0",
        "name": name,
        "platform": "pypi",
        "version": version,
    }


def environments(here: context.Context, options: argparse.Namespace) -> int:
    prefixes = context.known_prefixes(here)
    if options.json:
        print(json.dumps({"envs": [str(prefix) for prefix in prefixes]}, indent=2))
        return 0
    print("\n# conda environments:\n#")
    active = Path(os.environ.get("CONDA_PREFIX", "/"))
    for prefix in prefixes:
        name = "base" if prefix == here.root else prefix.name if prefix.parent in here.envs_dirs else ""
        print(f"{name:<20} {'*' if prefix == active else ' '} {prefix}")
    print()
    return 0


def info(here: context.Context, options: argparse.Namespace) -> int:
    if options.base:
        print(here.root)
        return 0
    if options.envs:
        return environments(here, options)
    facts = _facts(here)
    if options.json:
        print(json.dumps(facts, indent=2))
        return 0
    for key, value in facts.items():
        print(f"{key.replace('_', ' '):>24} : {' '.join(map(str, value)) if isinstance(value, list) else value}")
    return 0


def _facts(here: context.Context) -> Row:
    virtual = rattler.VirtualPackage.detect(overrides=rattler.VirtualPackageOverrides.from_env())
    return {
        "active_prefix": str(context.prefix_of(here, None, None)),
        "channels": context.channel_urls(here.settings, [], False),
        "conda_prefix": str(here.root),
        "conda_version": version(here),
        "config_files": [str(path) for path in condarc.files(here.root)],
        "default_prefix": str(context.prefix_of(here, None, None)),
        "envs": [str(prefix) for prefix in context.known_prefixes(here)],
        "envs_dirs": [str(path) for path in here.envs_dirs],
        "pkgs_dirs": [str(here.pkgs_dir)],
        "platform": "linux-64",
        "python_version": f"{platform.python_version()}.final.0",
        "root_prefix": str(here.root),
        "root_writable": context.writable(here.root / "conda-meta"),
        "stand_in": "gpufleet lab, over py-rattler " + rattler.__version__,
        "sys.executable": sys.executable,
        "virtual_pkgs": [str(package.into_generic()).split("=") for package in virtual],
    }
