"""conda's environment.yml: name, channels, dependencies with a pip list
(https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html)."""

import re

from pydantic import ValidationError

from schema import document
from schema.content import requirements
from schema.content.reader import refused
from schema.document import Node, Refused
from schema.environments import EnvironmentSpec
from schema.fields import adapter, annotation
from schema.report import shown

# `conda env export` writes a prefix, which conda itself passes over when it reads the file.
IGNORED = frozenset({"name", "prefix"})
PYTHON = re.compile(r"python\s*={1,2}\s*([0-9]+(?:\.[0-9]+){0,2})(?:\.\*)?$")


def applied(spec: EnvironmentSpec, text: str, file: str) -> EnvironmentSpec:
    """`spec` with the python, channels and packages of the file; raises Refused with what the file cannot say."""
    tree, problems = document.parse(text.encode(), file)
    if problems:
        raise Refused(problems[0])
    if tree is None or not isinstance(tree.value, dict):
        raise refused("INV023", file, 1, "the file holds no environment.", "Begin with dependencies: and a list.")
    for key, node in tree.value.items():
        if key not in {"channels", "dependencies", *IGNORED}:
            message = f"the key {key!r} of environment.yml is not supported."
            raise _at("INV023", node, message, "Possible: name, channels, dependencies.")
    conda, pip = _dependencies(tree.value.get("dependencies"))
    python = next((match[1] for match in map(PYTHON.match, conda) if match), None)
    packages = tuple(one for one in conda if python is None or not PYTHON.match(one))
    update: dict[str, object] = {"packages": packages, "pip": spec.pip.model_copy(update={"packages": pip})}
    if "channels" in tree.value:
        update["channels"] = _texts(tree.value["channels"], "channels")
    return spec.model_copy(update={**update, "python": python} if python else update)


def _dependencies(node: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The conda packages and the pip packages."""
    if node is None:
        return (), ()
    if not isinstance(node.value, list):
        raise _at("INV023", node, "`dependencies` is not a list.", "Begin each line with '- '.")
    pip: tuple[str, ...] = ()
    plain = []
    for item in node.value:
        if isinstance(item.value, dict):
            if set(item.value) != {"pip"}:
                raise _at("INV023", item, "only `pip:` can have a list of its own here.")
            lines = item.value["pip"]
            entries = lines.value if isinstance(lines.value, list) else None
            if entries is None:
                raise _at("INV023", lines, "`pip:` is not a list.", "Begin each line with '- '.")
            pip += tuple(requirements.checked(str(one.value), one.file, one.line) for one in entries)
        else:
            plain.append(item)
    return _texts(node.like(plain), "packages"), pip


def _texts(node: Node, field: str) -> tuple[str, ...]:
    """A list of texts, each as the field of EnvironmentSpec wants it."""
    if not isinstance(node.value, list):
        raise _at("INV023", node, "a list is wanted here.", "Begin each line with '- '.")
    for item in node.value:
        try:
            adapter(annotation(EnvironmentSpec, field)).validate_python([item.value])
        except ValidationError:
            raise _at("INV023", item, f"got {shown(item, field)}, which is not a {field.rstrip('s')}.") from None
    return tuple(str(item.value) for item in node.value)


def _at(code: str, node: Node, message: str, hint: str | None = None) -> Refused:
    problem = refused(code, node.file, node.line, message, hint).problem
    return Refused(problem.model_copy(update={"column": node.column}))
