"""conda config: change and show settings."""

import argparse
import json
from pathlib import Path

import yaml

from lab.conda import condarc, context
from lab.conda.errors import CondaError


def command(here: context.Context, options: argparse.Namespace) -> int:
    if options.show is not None or options.get is not None:
        return _show(here, options.show if options.show is not None else options.get, options.json)
    if options.show_sources:
        for path in condarc.files(here.root):
            print(f"==> {path} <==\n{path.read_text()}")
        return 0
    target = _target(here, options)
    content = condarc.read(target) if target.is_file() else {}
    for key, value in options.set or []:
        _assign(content, key, yaml.safe_load(value))
    for key, value in [*(options.add or []), *(options.prepend or [])]:
        _list(content, key).insert(0, value)
    for key, value in options.append or []:
        _list(content, key).append(value)
    for key, value in options.remove or []:
        if value not in condarc.strings(content, key):
            raise CondaError("CondaKeyError", f"'{key}': value {value!r} not present in config")
        _list(content, key).remove(value)
    for key in options.remove_key or []:
        if key not in content:
            raise CondaError("CondaKeyError", f"'{key}': undefined in config")
        del content[key]
    condarc.write(target, content)
    return 0


def _target(here: context.Context, options: argparse.Namespace) -> Path:
    if options.config_file:
        return Path(options.config_file)
    if options.system:
        return here.root / ".condarc"
    if options.env:
        return context.prefix_of(here, None, None) / ".condarc"
    return Path.home() / ".condarc"


def _assign(content: condarc.Settings, key: str, value: object) -> None:
    """Set a scalar, or `mapping.name`; an unknown key is refused as conda does."""
    top, _, below = key.partition(".")
    if top in condarc.MAPPINGS or (top == "plugins" and below):
        if not below:
            raise CondaError("CondaValueError", f"Parameter {key!r} is a map; use --set {key}.NAME VALUE")
        content[top] = condarc.mapping(content, top) | {below: value}
    elif top in condarc.SCALARS:
        content[top] = value
    elif top in condarc.LISTS:
        raise CondaError("CondaValueError", f"Key '{key}' is a list; use --add, --append or --prepend")
    else:
        raise CondaError("CondaKeyError", f"'{key}': unknown parameter")


def _list(content: condarc.Settings, key: str) -> list[object]:
    """The list in `content`, made where there is none; raises CondaError for a key that is none."""
    key = condarc.ALIASES.get(key, key)
    if key not in condarc.LISTS:
        problem = "is not a list" if key in condarc.SCALARS else "unknown parameter"
        raise CondaError("CondaKeyError", f"'{key}': {problem}")
    found: list[object] = list(condarc.strings(content, key))
    content[key] = found
    return found


def _show(here: context.Context, keys: list[str], as_json: bool) -> int:
    shown = {key: value for key, value in here.settings.items() if not keys or key in keys}
    print(json.dumps(shown, indent=2) if as_json else yaml.safe_dump(shown, sort_keys=True), end="")
    return 0
