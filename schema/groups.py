"""fleet.yaml: the defaults, the groups and the policy of a fleet; and which of them a host takes."""

import contextlib
import difflib
import importlib.metadata
import operator
import re
from dataclasses import dataclass, field

from schema import build, merge, spelling
from schema.document import Node
from schema.fleet import Rollout
from schema.report import EnoughError, Report, short, shown

KEYS = ("defaults", "groups", "requires", "require_lock", "rollout")
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Policy:
    """What fleet.yaml says; trees have their short spellings as written."""

    defaults: Node | None = None
    groups: dict[str, Node] = field(default_factory=dict)
    rollout: Rollout = field(default_factory=Rollout)
    requires: str | None = None
    require_lock: bool = False

    @property
    def layers(self) -> tuple[tuple[int, int, str], ...]:
        """Where each part begins, in the order of the file: line, column, and "defaults" or "group h100"."""
        parts = {f"group {name}": node for name, node in self.groups.items()}
        parts |= {"defaults": self.defaults} if self.defaults is not None else {}
        return tuple(sorted((node.key_line, node.key_column, name) for name, node in parts.items()))


def policy(tree: Node, report: Report) -> Policy:
    """The policy in a fleet.yaml; every problem in it is reported, without a host."""
    children = tree.value if isinstance(tree.value, dict) else {}
    for key, child in children.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            hint = (
                f"Did you mean {near[0]!r}?"
                if near
                else f"Possible: {', '.join(KEYS)}. A host's keys go under defaults."
            )
            report.add("INV013", child, key, f"unknown key {key!r}.", hint, at_key=True)
    defaults = _part(children.get("defaults"), "defaults", report)
    groups = {}
    for name, node in _mapping(children.get("groups"), "groups", report).items():
        if not is_name(name):
            report.add("INV018", node, "groups", f"got the group name {name!r}; {NAME_WORDS}", at_key=True)
        part = _part(node, f"groups.{name}", report)
        groups[name] = part if part is not None else node.like({})
    rollout = _rollout(children.get("rollout"), report)
    return Policy(defaults, groups, rollout, _requires(children, report), _require_lock(children, report))


def is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}", text) is not None


NAME_WORDS = "possible: letters, digits, '.', '_' and '-', with a letter or digit first."


def _mapping(node: Node | None, path: str, report: Report) -> dict[str, Node]:
    if node is None or isinstance(node.value, dict):
        return node.value if node is not None and isinstance(node.value, dict) else {}
    code = "INV012" if node.value is None else "INV015"
    report.add(
        code,
        node,
        path,
        f"got {shown(node, path)}; possible: a mapping.",
        "Delete the key, or indent what belongs to it.",
    )
    return {}


def _part(node: Node | None, path: str, report: Report) -> Node | None:
    """Defaults or a group: everything a host may have but `groups`, and no key is required."""
    children = _mapping(node, path, report)
    if node is None or not children:
        return None
    inner = Report(partial=True)
    if "groups" in children:
        inner.add(
            "INV013", children["groups"], "groups", "groups are listed by hosts.", "Move it to the host.", at_key=True
        )
        children = {key: child for key, child in children.items() if key != "groups"}
    tree = node.like(dict(children))
    with contextlib.suppress(EnoughError):
        build.host(spelling.written_out(tree), path, inner)
    for one in inner.problems:
        report.keep(one.model_copy(update={"path": f"{path}.{one.path}"}))
    return tree


def _rollout(node: Node | None, report: Report) -> Rollout:
    children = _mapping(node, "rollout", report)
    if node is None or not children:
        return Rollout()
    made = build.mapping(Rollout, node, "rollout", report)
    return made if isinstance(made, Rollout) else Rollout()


def _require_lock(children: dict[str, Node], report: Report) -> bool:
    node = children.get("require_lock")
    if node is None:
        return False
    if not isinstance(node.value, bool):
        report.add("INV016", node, "require_lock", f"got {shown(node, '')}; possible: true or false.")
        return False
    return node.value


def _requires(children: dict[str, Node], report: Report) -> str | None:
    """`requires: ">=0.1"`, comma-separated as in PEP 440 without its pre-releases."""
    node = children.get("requires")
    if node is None:
        return None
    text = str(node.value)
    parts = [re.fullmatch(r"\s*(==|!=|>=|<=|>|<)\s*([0-9]{1,9}(?:\.[0-9]{1,9})*)\s*", part) for part in text.split(",")]
    if node.value is None or not all(parts):
        report.add("INV028", node, "requires", f'got {shown(node, "")}; possible: versions such as ">=0.1".')
        return None
    own = _own()
    for part in parts:
        if part is not None and not COMPARISONS[part[1]](_padded(own), _padded(part[2])):
            message = f"this inventory requires gpufleet {text}; this is gpufleet {own}."
            report.add("INV028", node, "requires", message, "Use that version of gpufleet, or change `requires`.")
            break
    return text


def _own() -> str:
    """This version; of a checkout that is not installed, one that meets every demand for a newer one."""
    try:
        return importlib.metadata.version("gpufleet")
    except importlib.metadata.PackageNotFoundError:
        return "9999"


def _padded(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"[0-9]+", version)[:4]]
    return tuple(numbers + [0] * (4 - len(numbers)))


def resolved(host: Node, rules: Policy, report: Report) -> tuple[Node, tuple[str, ...]]:
    """The host on its groups, in the order it lists them, on the defaults; and the names of the groups."""
    names = host.value.get("groups") if isinstance(host.value, dict) else None
    tree = host.like({})
    layers = [rules.defaults] if rules.defaults is not None else []
    listed = []
    for index, node in enumerate(names.value if names is not None and isinstance(names.value, list) else []):
        name = node.value
        if isinstance(name, str) and name in rules.groups:
            layers.append(rules.groups[name])
            listed.append(name)
        elif isinstance(name, str):
            near = difflib.get_close_matches(name, rules.groups, n=1)
            known = ", ".join(rules.groups) or "none"
            hint = f"Did you mean {near[0]!r}?" if near else f"Groups in fleet.yaml: {known}."
            report.add("INV019", node, f"groups.{index}", f"there is no group {short(name)}.", hint)
    for layer in [*layers, host]:
        tree = merge.merge(tree, layer)
    return tree, tuple(listed)
