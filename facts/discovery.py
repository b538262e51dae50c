"""Where conda stands on a machine, and what its environments were asked for; one command, for `fleet discover` only."""

import ast
import json
import re

from facts import probe
from facts.fact import FactBase
from schema.discovery import CondaPrefix, Discovery, EnvironmentOrigin, requested_name
from schema.environments import requirement_name

# conda's own lines (conda/history.py); a package's name stands before the last two hyphens of its record.
SPECS = re.compile(r"# (\w+) specs: (.*)")
WHEEL = re.compile(r"(/.+?)/lib/python[^/]+/site-packages/([^/]+?)-([^/-]+)\.dist-info/(REQUESTED|direct_url\.json)")
USES = re.compile(r"\s*[0-9]+ channel (\S+)")


class Origins(FactBase[Discovery]):
    """conda's prefixes and the origins of environments.

    `{"prefixes": [{"prefix": "/opt/conda", "conda": "25.3.1", "channel": "conda-forge", "distribution": null, "python":
    "3.12.10"}], "origins": {"/opt/conda/envs/ds": {"prefix": ..., "requested": ["python=3.12", "numpy"], "channels":
    ["conda-forge"], "wheels": ["torch"], "foreign": [], "recorded": true}}, "elsewhere": ["/home/ann/env"]}`.
    """

    def command(self) -> str:
        return probe.script(("discovery",))

    def process(self, output: list[str]) -> Discovery:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> Discovery:
    """The discovery of one run; lines of no known form are passed over."""
    prefixes: list[CondaPrefix] = []
    origins: dict[str, EnvironmentOrigin] = {}
    block: list[str] = []
    for line in reversed(found.of("discovery/prefixes")):
        block.insert(0, line)
        word, _, rest = line.partition(" ")
        if word == "environment":
            origins[rest] = _origin(rest, block[1:])
            block = []
        elif word == "prefix":
            prefixes.insert(0, _prefix(rest, block[1:]))
            block = []
    known = {prefix.prefix for prefix in prefixes}
    elsewhere = dict.fromkeys(line for line in found.of("discovery/elsewhere") if line not in known | origins.keys())
    return Discovery(prefixes=tuple(prefixes), origins=dict(sorted(origins.items())), elsewhere=tuple(elsewhere))


def _prefix(path: str, lines: list[str]) -> CondaPrefix:
    versions = dict[str, str]()
    for line in lines:
        record = re.fullmatch(r"base ([a-z]+)-([0-9][^-]*)-[^-]+\.json", line)
        if record:
            versions[record[1]] = record[2]
    source = re.match(r"from \+(\S*)/[^/:]+::conda-", "\n".join(line for line in lines if line.startswith("from ")))
    return CondaPrefix(
        prefix=path,
        conda=versions.get("conda"),
        channel=_channel(source[1]) if source else None,
        distribution=f"anaconda {versions['anaconda']}" if "anaconda" in versions else None,
        python=versions.get("python"),
    )


def _channel(text: str) -> str:
    """ "conda-forge" of "https://conda.anaconda.org/conda-forge"; "defaults" of Anaconda's own, however written."""
    name = re.sub(r"^https?://(conda\.anaconda\.org|repo\.anaconda\.com)/", "", text)
    return "defaults" if re.match(r"(pkgs|anaconda\.com/pkgs)/", name) else name


def _origin(path: str, lines: list[str]) -> EnvironmentOrigin:
    requested: dict[str, str] = {}
    wheels: list[tuple[str, str]] = []
    channels: list[str] = []
    for line in lines:
        specs, wheel, use = SPECS.fullmatch(line), WHEEL.fullmatch(line), USES.fullmatch(line)
        if specs:
            _asked(requested, specs[1], _listed(specs[2]))
        elif use:
            channels.append(_channel(use[1]))
        elif wheel is None and (named := re.fullmatch(r"wheel (.+)", line)):
            wheel = WHEEL.fullmatch(named[1])
        if wheel:
            wheels.append((requirement_name(wheel[2]), wheel[4]))
    return EnvironmentOrigin(
        prefix=path,
        requested=tuple(requested.values()),
        channels=tuple(dict.fromkeys(channels)),
        wheels=tuple(dict.fromkeys(name for name, file in wheels if file == "REQUESTED")),
        foreign=tuple(dict.fromkeys(name for name, file in wheels if file != "REQUESTED")),
        recorded="history" in lines,
    )


def _asked(requested: dict[str, str], verb: str, specs: list[str]) -> None:
    """conda's history, read as conda does for `env export --from-history`: the last word on a name holds."""
    for spec in specs:
        name = requested_name(spec)
        if verb == "remove":
            requested.pop(name, None)
        elif name:
            requested[name] = spec


def _listed(text: str) -> list[str]:
    """A list as Python writes it, or as JSON does (mamba)."""
    for read in (ast.literal_eval, json.loads):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
    return []


__all__ = ["Origins", "parse"]
