"""The models as JSON Schema: each key with its meaning, its kind, what is known to be possible, and its default.

A path is dotted as in docs/inventory.md; `[]` stands behind it for an entry of its list.
"""

import re
from typing import get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schema import fields, reference
from schema.gpu import GpuSpec
from schema.jsonschema import known
from schema.model import Model

Json = dict[str, object]
# Texts that YAML 1.2 reads as numbers, by the kind of number.
AUTO: Json = {"const": "auto"}
NUMBERS = {"integer": ("580", "9", "13", "0755"), "number": ("12.9", "24.04")}


def mapping(
    model: type[Model], prefix: str = "", *, without: frozenset[str] = frozenset(), whole: bool = False
) -> Json:
    """A mapping with the keys of `model`; unknown ones are refused.

    Only where it is `whole`, in a list, can a key be required: elsewhere a group or the defaults may have it.
    """
    names = [name for name in fields.visible(model) if name not in without]
    properties = {name: _key(model, name, f"{prefix}{name}") for name in names}
    required = [name for name in names if whole and model.model_fields[name].is_required()]
    made: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": required} if required else {})


def _key(model: type[Model], name: str, path: str) -> Json:
    default, said = _default(model, name), reference.default(path, model, name).strip("*`")
    meaning = reference.meanings()[path] + (f" Default: {said}." if said and said != "required" else "")
    made = kind(fields.annotation(model, name), path) | {"description": meaning}
    return made if default is None else made | {"default": default}


def _default(model: type[Model], name: str) -> object:
    """What an editor writes when the key is chosen: plain values only."""
    value = model.model_fields[name].default
    if value is PydanticUndefined or value is None or isinstance(value, Model | dict):
        return None
    return (list(value) or None) if isinstance(value, tuple) else value


def kind(annotation: fields.Annotation, path: str) -> Json:
    """One kind of value: what is known to be possible first, for completion, then all that is."""
    parts = [*known.reference(path), *_short(path)]
    for option in fields.options(annotation):
        words = fields.choices(option)
        # An editor would mix the words of two lists into one long message.
        parts += [] if words and known.offers(path, words) else [_option(option, path)]
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _short(path: str) -> list[Json]:
    """The short spelling of a value, which `schema.spelling` writes out."""
    if path == "connection":
        return [{"const": "local"}]
    if path == "gpus[]":
        return [kind(fields.annotation(GpuSpec, "model"), "gpus.model")]
    if path in {"cuda.toolkits", "environments.pip.indexes", "environments.pip.indexes[]"}:
        return [AUTO]
    if path == "cuda.toolkits[]":
        names: Json = {"pattern": r"^[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?$"}
        absent: Json = {"const": "absent"}
        return [{"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": absent}]
    if path == "cudnn.version":
        version: Json = {"anyOf": [*known.reference(path), {"type": ["string", "number"]}]}
        majors: Json = {"pattern": r"^[0-9]{1,2}$"}
        return [{"type": "object", "minProperties": 1, "propertyNames": majors, "additionalProperties": version}]
    return []


def _option(option: fields.Annotation, path: str) -> Json:
    model, item, entry, words = (
        fields.as_model(option),
        fields.item(option),
        fields.entry(option),
        fields.choices(option),
    )
    if model is not None:
        return mapping(model, f"{path.removesuffix('[]')}.", whole=path.endswith("[]"))
    if item is not None:
        longest = _limit(option, MaxLen)
        made: Json = {"type": "array", "items": kind(item, f"{path}[]")}
        return made if longest is None else made | {"maxItems": longest}
    if entry is not None:
        return {"type": "object", "propertyNames": text(entry[0]), "additionalProperties": kind(entry[1], path)}
    if words:
        return _choice(words)
    return _number(option) if fields.bare(option) is int else text(option)


def _choice(words: tuple[str, ...]) -> Json:
    if set(words) == {"true", "false"}:
        return {"type": "boolean"}
    values: list[object] = [word == "true" if word in {"true", "false"} else word for word in words]
    numbers: list[object] = [float(word) for word in words if re.fullmatch(r"[0-9]+\.[0-9]+", word)]
    return {"const": values[0]} if len(values) == 1 else {"enum": values + numbers}


def _number(option: fields.Annotation) -> Json:
    least, most = _limit(option, Ge), _limit(option, Le)
    made: Json = {"type": "integer"}
    return made | {key: value for key, value in (("minimum", least), ("maximum", most)) if value is not None}


def text(option: fields.Annotation) -> Json:
    """A text, or what YAML makes a number of: 580 and 12.9 need no quotes."""
    if getattr(fields.bare(option), "__name__", "") == "date":
        form, words = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", f"Write {fields.words(option)}."
        return {"type": "string", "format": "date", "pattern": form, "patternErrorMessage": words}
    pattern, longest = fields.pattern(option), _limit(option, MaxLen)
    if pattern is None:
        return {"type": ["string", "number"]}
    numbers = [name for name, samples in NUMBERS.items() if any(re.search(pattern, one) for one in samples)]
    made: Json = {"type": ["string", numbers[-1]] if numbers else "string", "pattern": _portable(pattern)}
    made["patternErrorMessage"] = f"Write {fields.words(option)}."
    digits = [count for count in range(1, 5) if re.search(pattern, "9" * count)] if numbers == ["integer"] else []
    made |= {"minimum": 10 ** (digits[0] - 1), "maximum": 10 ** digits[-1] - 1} if digits else {}
    return made if longest is None else made | {"maxLength": longest}


def _portable(pattern: str) -> str:
    r"""The same for ECMAScript's Unicode mode, which refuses escapes that do nothing, such as \" (ECMA-262, 22.2.1).

    Letters of hexadecimal digits may be of either case, as `schema.spelling` takes them.
    """
    pattern = pattern.replace("[0-9a-f]{4}:[0-9a-f]{4}", "[0-9a-fA-F]{4}:[0-9a-fA-F]{4}")
    return re.sub(r"\\([\"'#%&,:;<=>@`~-])", r"\1", pattern)


def _limit(option: fields.Annotation, wanted: type[Ge] | type[Le] | type[MaxLen]) -> int | None:
    """The bound of one kind among the constraints of a field; None without one."""
    name = {"Ge": "ge", "Le": "le", "MaxLen": "max_length"}[wanted.__name__]
    for constraint in get_args(option)[1:] if get_origin(option) is not None else ():
        inner = constraint.metadata if isinstance(constraint, FieldInfo) else [constraint]
        for one in inner:
            value = getattr(one, name, None)
            if isinstance(value, int):
                return value
    return None
