"""Builds a model from a tree of nodes and reports every problem at the place where its value stands."""

import contextlib
import difflib
import functools
import re
from collections.abc import Callable
from datetime import date
from enum import Enum, auto
from typing import Union

from pydantic import ValidationError

from schema import fields, wording
from schema.document import Node
from schema.host import HostSpec
from schema.model import Model
from schema.report import Report, shown


class Failed(Enum):
    """The result for a value that has problems, all of them reported."""

    FAILED = auto()


FAILED = Failed.FAILED
FORMS = {int: re.compile(r"-?[0-9]{1,9}"), date: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")}


# What reads the value that a node says: a value, or FAILED with its problems reported.
Read = Callable[[Node, str, Report], object]


@functools.cache
def reader(kind: fields.Annotation) -> Read:
    """What reads a value of `kind`. Made once: to take a type apart costs far more than to read a value of it."""
    options = fields.options(kind)
    mappings = [one for one in map(_mapping, options) if one is not None]
    items = [item for item in map(fields.item, options) if item is not None]
    scalars = tuple(option for option in options if not _is_container(option))
    as_mapping = mappings[0] if mappings else None
    as_list = functools.partial(_several, reader(items[0]), _texts(items[0])) if items else None
    as_scalar = _scalar(kind, scalars) if scalars else None

    def read(node: Node, path: str, report: Report) -> object:
        value = node.value
        if as_scalar is not None and isinstance(value, str | bool):
            return as_scalar(node, path, report)
        if as_list is not None and isinstance(value, list):
            return as_list(node, path, report)
        if as_mapping is not None and isinstance(value, dict):
            return as_mapping(node, path, report)
        return _other_kind(kind, node, path, report)

    return read


def _other_kind(kind: fields.Annotation, node: Node, path: str, report: Report) -> object:
    """Nothing, or a text where a list is wanted."""
    if node.value is None:
        report.add("INV012", node, path, "there is no value.", f"Write {fields.words(kind)}, or delete the key.")
    else:
        message = f"got {shown(node, path)}; possible: {fields.words(kind)}."
        report.add("INV015", node, path, message, _kind_hint(kind, node))
    return FAILED


def _mapping(option: fields.Annotation) -> Read | None:
    model, entry = fields.as_model(option), fields.entry(option)
    if model is not None:
        return functools.partial(mapping, model)
    return functools.partial(_named, entry[0], reader(entry[1])) if entry is not None else None


@functools.cache
def _readers(model: type[Model]) -> dict[str, Read]:
    """By key, hidden ones included: a short spelling may stand for one."""
    return {name: reader(fields.annotation(model, name)) for name in model.model_fields}


def mapping(model: type[Model], node: Node, path: str, report: Report) -> object:
    """An instance of `model`, a dict of what there is where the report is partial, or FAILED."""
    known, readers, values, failed = fields.visible(model), _readers(model), dict[str, object](), False
    children = node.value if isinstance(node.value, dict) else {}
    for key, child in children.items():
        inner = f"{path}.{key}" if path else key
        if key not in known and not child.made:
            code, message, hint = wording.unknown(model, key, path)
            told = inner if repr(key) in message else path
            report.add(code, child, told, message, hint, at_key=True)
            failed = True
            continue
        value = values[key] = readers[key](child, inner, report)
        failed = failed or value is FAILED
    for key in _required(model):
        if key not in children and not report.partial:
            message = f"the key {key!r} is missing."
            report.add("INV014", node, path, message, wording.add_key(model, key))
            failed = True
    if failed or report.partial:
        return FAILED if failed else values
    return _made(model, values, node, path, report)


@functools.cache
def _required(model: type[Model]) -> tuple[str, ...]:
    return tuple(name for name, info in fields.visible(model).items() if info.is_required())


def _made(model: type[Model], values: dict[str, object], node: Node, path: str, report: Report) -> object:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            key = str(one["loc"][0]) if one["loc"] else ""
            if (model, key) == (HostSpec, "name"):
                continue  # The name of the file, which `schema.names` reports.
            children = node.value if isinstance(node.value, dict) else {}
            place, inner = children.get(key, node), f"{path}.{key}" if path and key else path or key
            report.add("INV016", place, inner, *wording.refused(one, shown(place, inner), ()))
        return FAILED


def _named(key_kind: fields.Annotation, read: Read, node: Node, path: str, report: Report) -> object:
    """A mapping by name."""
    found: dict[str, object] = {}
    for key, child in node.value.items() if isinstance(node.value, dict) else ():
        inner = f"{path}.{key}"
        try:
            fields.adapter(key_kind).validate_python(key)
        except ValidationError:
            message = f"got the name {key!r}; possible: {fields.words(key_kind)}."
            report.add("INV016", child, inner, message, at_key=True)
            found[key] = FAILED
            continue
        found[key] = read(child, inner, report)
    return FAILED if any(item is FAILED for item in found.values()) else found


def _texts(item: fields.Annotation) -> Callable[[object], object] | None:
    """What validates a list of plain texts at once, which most lists are; None where each entry is more than that."""
    options = fields.options(item)
    if len(options) != 1 or fields.bare(options[0]) is not str:
        return None
    return fields.adapter(tuple[item, ...]).validator.validate_python  # type: ignore[valid-type]


def _several(read: Read, texts: Callable[[object], object] | None, node: Node, path: str, report: Report) -> object:
    """A list. Where not all of its texts are right, they are looked at one by one."""
    children = node.value if isinstance(node.value, list) else []
    if texts is not None and all(isinstance(child.value, str) for child in children):
        with contextlib.suppress(ValidationError):
            return texts([child.value for child in children])
    found = [read(child, f"{path}.{index}", report) for index, child in enumerate(children)]
    return FAILED if any(one is FAILED for one in found) else tuple(found)


def _is_container(kind: fields.Annotation) -> bool:
    return bool(fields.as_model(kind) or fields.item(kind) or fields.entry(kind))


def _scalar(kind: fields.Annotation, scalars: tuple[fields.Annotation, ...]) -> Read:
    """Only plain true and false are booleans, only digits a number, and only 2027-01-31 a date: pydantic would take
    "no", "1" and "2.0" too, and a number of seconds for a day."""
    bare = fields.bare(scalars[0])
    form = FORMS.get(bare) if isinstance(bare, type) else None
    union = scalars[0] if len(scalars) == 1 else Union[scalars]  # noqa: UP007 - known at run time only.
    validate = fields.adapter(union).validator.validate_python

    def read(node: Node, path: str, report: Report) -> object:
        value = node.value
        wrong = bare is bool and not isinstance(value, bool)
        if wrong or (form is not None and not (isinstance(value, str) and form.fullmatch(value))):
            hint = f"Write {value} without quotes." if bare is bool and value in {"true", "false"} else None
            message = f"got {shown(node, path)}; possible: {fields.words(kind)}."
            report.add("INV016", node, path, message, hint)
            return FAILED
        try:
            return validate(value)
        except ValidationError as error:
            return _refused(kind, error, node, path, report)

    return read


def _refused(kind: fields.Annotation, error: ValidationError, node: Node, path: str, report: Report) -> object:
    one = error.errors(include_url=False)[0]
    code = "INV017" if "credentials" in one["msg"] else "INV016"
    message, hint = wording.refused(one, shown(node, path), fields.choices(kind), fields.words(kind))
    near = difflib.get_close_matches(str(node.value), fields.choices(kind), n=1)
    report.add(code, node, path, message, f"Did you mean {near[0]!r}?" if near else hint or _kind_hint(kind, node))
    return FAILED


def _kind_hint(kind: fields.Annotation, node: Node) -> str | None:
    wants_list = any(fields.item(option) is not None for option in fields.options(kind))
    if wants_list and isinstance(node.value, str) and "@" not in node.value:
        return f"Write [{node.value}]."
    models = [model for option in fields.options(kind) if (model := fields.as_model(option)) is not None]
    return wording.written_out(models[0], node.value) if models and isinstance(node.value, str) else None


def host(tree: Node, name: str, report: Report) -> tuple[HostSpec | None, frozenset[str]]:
    """The spec of what has no problem, and the keys that have; None where not even that can be made."""
    children = tree.value if isinstance(tree.value, dict) else {}
    values: dict[str, object] = {"name": name}
    failed = set()
    for key, child in children.items():
        if key not in fields.visible(HostSpec):
            code, message, hint = wording.unknown(HostSpec, key)
            report.add(code, child, key, message, hint, at_key=True)
            continue
        value = _readers(HostSpec)[key](child, key, report)
        if value is FAILED:
            failed.add(key)
        else:
            values[key] = value
    if report.partial:
        return None, frozenset(failed)
    if "ubuntu" not in children:
        words = fields.words(fields.annotation(HostSpec, "ubuntu"))
        report.add("INV014", tree, "ubuntu", "the key 'ubuntu' is missing.", f'Add ubuntu: "24.04"; possible: {words}.')
    if "ubuntu" not in values:
        return None, frozenset(failed | {"ubuntu"})
    made = _made(HostSpec, values, tree, "", report)
    return (made if isinstance(made, HostSpec) else None), frozenset(failed)
