"""Builds a model from a tree of nodes and reports every problem at the place where its value stands."""

import difflib
import functools
import re
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


def build(kind: fields.Annotation, node: Node, path: str, report: Report) -> object:
    """The value of `kind` that `node` says, or FAILED."""
    value, options = node.value, fields.options(kind)
    if value is None:
        hint = f"Write {fields.words(kind)}, or delete the key."
        report.add("INV012", node, path, "there is no value.", hint)
        return FAILED
    if isinstance(value, dict):
        for option in options:
            model, entry = fields.as_model(option), fields.entry(option)
            if model is not None:
                return mapping(model, node, path, report)
            if entry is not None:
                return _named(entry, value, path, report)
    if isinstance(value, list):
        items = [item for item in map(fields.item, options) if item is not None]
        if items:
            return _several(kind, items[0], node, path, report)
    scalars = tuple(option for option in options if not _is_container(option))
    if isinstance(value, str | bool) and scalars:
        return _scalar(kind, scalars, node, path, report)
    report.add(
        "INV015", node, path, f"got {shown(node, path)}; possible: {fields.words(kind)}.", _kind_hint(kind, node)
    )
    return FAILED


def mapping(model: type[Model], node: Node, path: str, report: Report) -> object:
    """An instance of `model`, a dict of what there is where the report is partial, or FAILED."""
    known, values, failed = fields.visible(model), dict[str, object](), False
    children = node.value if isinstance(node.value, dict) else {}
    for key, child in children.items():
        inner = f"{path}.{key}" if path else key
        if key not in known and not child.made:
            code, message, hint = wording.unknown(model, key)
            report.add(code, child, inner, message, hint, at_key=True)
            failed = True
            continue
        values[key] = build(fields.annotation(model, key), child, inner, report)
        failed = failed or values[key] is FAILED
    for key, info in known.items():
        if info.is_required() and key not in children and not report.partial:
            message = f"the key {key!r} is missing."
            report.add("INV014", node, path, message, wording.add_key(model, key))
            failed = True
    if failed or report.partial:
        return FAILED if failed else values
    return _made(model, values, node, path, report)


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


def _named(
    entry: tuple[fields.Annotation, fields.Annotation], value: dict[str, Node], path: str, report: Report
) -> object:
    key_kind, value_kind = entry
    found: dict[str, object] = {}
    for key, child in value.items():
        inner = f"{path}.{key}"
        try:
            fields.adapter(key_kind).validate_python(key)
        except ValidationError:
            report.add(
                "INV016", child, inner, f"got the name {key!r}; possible: {fields.words(key_kind)}.", at_key=True
            )
            found[key] = FAILED
            continue
        found[key] = build(value_kind, child, inner, report)
    return FAILED if any(item is FAILED for item in found.values()) else found


def _several(kind: fields.Annotation, item: fields.Annotation, node: Node, path: str, report: Report) -> object:
    children = node.value if isinstance(node.value, list) else []
    found = [build(item, child, f"{path}.{index}", report) for index, child in enumerate(children)]
    return FAILED if any(one is FAILED for one in found) else tuple(found)


def _is_container(kind: fields.Annotation) -> bool:
    return bool(fields.as_model(kind) or fields.item(kind) or fields.entry(kind))


@functools.cache
def _union(scalars: tuple[fields.Annotation, ...]) -> fields.Annotation:
    return scalars[0] if len(scalars) == 1 else Union[scalars]  # noqa: UP007 - the members are known at run time only.


def _scalar(
    kind: fields.Annotation, scalars: tuple[fields.Annotation, ...], node: Node, path: str, report: Report
) -> object:
    """Only plain true and false are booleans, and only digits a number: pydantic would take "no", "1" and "2.0" too."""
    bare, value = fields.bare(scalars[0]), node.value
    wrong = (bare is bool and not isinstance(value, bool)) or (
        bare is int and not (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value))
    )
    if wrong:
        hint = f"Write {value} without quotes." if bare is bool and value in {"true", "false"} else None
        report.add("INV016", node, path, f"got {shown(node, path)}; possible: {fields.words(kind)}.", hint)
        return FAILED
    try:
        return fields.adapter(_union(scalars)).validate_python(value)
    except ValidationError as error:
        one = error.errors(include_url=False)[0]
        got = shown(node, path)
        code = "INV017" if "credentials" in one["msg"] else "INV016"
        message, hint = wording.refused(one, got, fields.choices(kind), fields.words(kind))
        near = difflib.get_close_matches(str(value), fields.choices(kind), n=1)
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
        value = build(fields.annotation(HostSpec, key), child, key, report)
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
