"""Messages for keys and values that are refused: what was found, what is possible, what to type."""

import difflib
import functools
import re
from collections.abc import Mapping

from schema import fields
from schema.conda import CondaSpec
from schema.connection import ConnectionSpec
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec
from schema.host import HostSpec
from schema.model import Model
from schema.report import SECRET_KEY

# Words that others use for a key, or that name concerns which come later.
OTHER_WORDS = {
    "name": "A host's name is its file's name; delete the key.",
    "host": "Write it as connection: {address: ...}.",
    "hostname": "Write it as connection: {address: ...}.",
    "ip": "Write it as connection: {address: ...}.",
    "ansible_host": "Write it as connection: {address: ...}.",
    "os": 'Write ubuntu: "24.04".',
    "gpu": "Write gpus: [GTX 1080].",
    "cuda_version": 'Write cuda: {toolkits: ["12.9"]}.',
    "password": "Write sudo_password: {env: NAME}; SSH passwords are not used, keys are.",
    "envs": "Write environments.",
}
# The key that a value means which stands where a mapping should, and what shows it to be that key's.
FIRST_KEYS: dict[type[Model], tuple[str, str]] = {
    ConnectionSpec: ("address: {}", r"[A-Za-z0-9][A-Za-z0-9.-]*"),
    DriverSpec: ("branch: {}", r"[0-9]{3}"),
    CudaSpec: ('toolkits: ["{}"]', r"[0-9]{1,2}\.[0-9]{1,2}"),
    CudnnSpec: ('version: "{}"', r"[0-9]+(\.[0-9]+)+"),
    CondaSpec: ("version: {}", r"[0-9]+(\.[0-9]+)+(-[0-9]+)?"),
}
# Keys that cannot be left out and whose kind alone does not say what to type.
EXAMPLES: dict[tuple[type[Model], str], str] = {(CondaSpec, "version"): "25.3.1-0"}
LATER = frozenset({"docker", "jupyter", "storage", "power", "jetson", "disks", "mounts"})


def add_key(model: type[Model], key: str) -> str:
    """The hint for a key that is missing."""
    example = EXAMPLES.get((model, key))
    return f"Add {key}: {example or fields.words(fields.annotation(model, key))}."


def written_out(model: type[Model], value: str) -> str | None:
    """The hint for a value that stands where a mapping of `model` should; None where it fits no key of it."""
    if model is ConnectionSpec and value.lower() == "local":
        return "Write local."
    key, pattern = FIRST_KEYS.get(model, ("", r"(?!)"))
    return f"Write {{{key.format(value)}}}." if re.fullmatch(pattern, value) else None


def unknown(model: type[Model], key: str, path: str = "") -> tuple[str, str, str]:
    """Code, message and hint for a key that the mapping of `model` at `path` does not have.

    Where a secret belongs, the key may be the secret itself, so that only one that looks like a valid one is shown.
    """
    if SECRET_KEY.search(path) and not difflib.get_close_matches(key.lower(), fields.visible(model), cutoff=0.6):
        possible = ", ".join(fields.visible(model))
        return "INV013", "an unknown key, which is not shown here.", f"Possible: {possible}."
    if model is HostSpec and key in LATER:
        return "INV090", f"{key!r} is not yet supported.", "Delete the key."
    return ("INV013", *_nearest(model, key))


def _nearest(model: type[Model], key: str) -> tuple[str, str]:
    known = fields.visible(model)
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"unknown key {key!r}.", f"Did you mean {near[0]!r}?"
    if key in OTHER_WORDS:
        return f"unknown key {key!r}.", OTHER_WORDS[key]
    elsewhere = _places().get(key)
    if elsewhere and model is not elsewhere[1]:
        return f"unknown key {key!r} here.", f"It belongs under {elsewhere[0]!r}."
    nearest = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.0)
    where = f"The nearest is {nearest[0]!r}; possible" if nearest else "Possible"
    return f"unknown key {key!r}.", f"{where}: {', '.join(known)}."


@functools.cache
def _places() -> dict[str, tuple[str, type[Model]]]:
    """Where each key of a section of HostSpec belongs, for keys that only one section has."""
    found: dict[str, tuple[str, type[Model]]] = {}
    twice = set()
    for section in fields.visible(HostSpec):
        for option in fields.options(fields.annotation(HostSpec, section)):
            model = fields.as_model(option)
            for key in fields.visible(model) if model is not None else ():
                twice |= {key} if key in found else set()
                found[key] = (section, model or Model)
    return {key: place for key, place in found.items() if key not in twice}


def refused(error: Mapping[str, object], got: str, choices: tuple[str, ...], words: str = "") -> tuple[str, str | None]:
    """Message and hint for one of pydantic's errors (https://docs.pydantic.dev/latest/errors/validation_errors)."""
    kind, context = str(error["type"]), error.get("ctx")
    limits: Mapping[str, object] = context if isinstance(context, Mapping) else {}
    if kind == "value_error":
        return f"got {got}; {limits.get('error', error['msg'])}.", None
    if kind == "string_too_long":
        return f"got {got}; at most {limits.get('max_length')} characters are possible.", None
    if kind in {"string_too_short", "too_short"}:
        return f"got {got}; at least {limits.get('min_length')} is needed.", None
    if kind == "too_long":
        return f"{limits.get('actual_length')} entries; at most {limits.get('max_length')} are possible.", None
    if kind == "greater_than_equal":
        return f"got {got}; at least {limits.get('ge')} is possible.", None
    if kind == "less_than_equal":
        return f"got {got}; at most {limits.get('le')} is possible.", None
    possible = words or " or ".join(choices)
    return f"got {got}; possible: {possible}.", None
