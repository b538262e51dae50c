"""JSON Schema of a host file and of fleet.yaml, for editors; texts may be numbers there, as YAML has them."""

from schema import fields, reference
from schema.fleet import Rollout
from schema.host import HostSpec
from schema.model import Model

Json = dict[str, object]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
TITLES = {"host": "gpufleet host file (hosts/NAME.yaml)", "fleet": "gpufleet fleet.yaml"}


def host() -> Json:
    """The schema of hosts/NAME.yaml. `ubuntu` may come from a group, so that nothing is required."""
    return {"$schema": DRAFT, "title": TITLES["host"], **_part(groups=True), "$defs": _definitions()}


def fleet() -> Json:
    """The schema of fleet.yaml."""
    part = {"anyOf": [{"$ref": "#/$defs/Part"}]}
    keys: Json = {
        "requires": {"type": "string"},
        "require_lock": {"type": "boolean"},
        "rollout": _of(Rollout),
        "defaults": part,
        "groups": {"type": "object", "additionalProperties": part},
    }
    definitions = {**_definitions(), "Part": _part(groups=False)}
    top = {"type": "object", "additionalProperties": False, "properties": keys}
    return {"$schema": DRAFT, "title": TITLES["fleet"], **top, "$defs": definitions}


def _part(*, groups: bool) -> Json:
    made = _of(HostSpec)
    properties = made["properties"]
    if not groups and isinstance(properties, dict):
        properties.pop("groups")
    made.pop("required", None)
    return made


def _definitions() -> Json:
    return {model.__name__: _of(model) for model in _models(HostSpec, {})}


def _models(model: type[Model], seen: dict[type[Model], None]) -> dict[type[Model], None]:
    """Every model below `model`, in order."""
    for name in fields.visible(model):
        for inner in fields.inner_models(fields.annotation(model, name)):
            if inner not in seen:
                seen[inner] = None
                _models(inner, seen)
    return seen


def _of(model: type[Model]) -> Json:
    known = fields.visible(model)
    properties = {name: _property(model, name) for name in known}
    required = [name for name, info in known.items() if info.is_required()]
    made: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": required} if required else {})


def _property(model: type[Model], name: str) -> Json:
    kind = fields.annotation(model, name)
    made = _kind(kind) | {"description": _description(model, name)}
    short = SHORT.get((model.__name__, name))
    return {"anyOf": [short, made]} if short is not None else made


def _description(model: type[Model], name: str) -> str:
    """The key's meaning; of a key of several sections, that of the first."""
    found = (path for path, owner, field in reference.paths() if (owner, field) == (model, name))
    path = next(found, None)
    return reference.meanings()[path] if path is not None else name


def _kind(kind: fields.Annotation) -> Json:
    parts = [_option(option) for option in fields.options(kind)]
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _option(kind: fields.Annotation) -> Json:
    model, item, entry, words = fields.as_model(kind), fields.item(kind), fields.entry(kind), fields.choices(kind)
    if model is not None:
        return {"$ref": f"#/$defs/{model.__name__}"}
    if item is not None:
        return {"type": "array", "items": _kind(item)}
    if entry is not None:
        return {"type": "object", "additionalProperties": _kind(entry[1])}
    if words:
        return {"enum": [value for word in words for value in _spellings(word)]}
    plain = fields.bare(kind)
    # An editor reads an unquoted 12.9 or 580 as a number; gpufleet reads it as it is written.
    return {"type": "integer"} if plain is int else {"type": ["string", "number"]}


def _spellings(word: str) -> list[object]:
    if word in {"true", "false"}:
        return [word == "true"]
    return [word, float(word)] if word.replace(".", "", 1).isdigit() else [word]


SHORT: dict[tuple[str, str], Json] = {
    ("HostSpec", "connection"): {"const": "local"},
    ("HostSpec", "gpus"): {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/GpuSpec"}]}},
    ("CudaSpec", "toolkits"): {
        "type": "array",
        "items": {
            "anyOf": [{"type": ["string", "number"]}, {"type": "object", "additionalProperties": {"const": "absent"}}]
        },
    },
    ("CudnnSpec", "version"): {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
}
