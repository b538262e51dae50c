"""`accept`: which problems a host's exceptions excuse, and which exceptions excuse nothing.

CMP codes are excused here, where they are found; findings on a host (GPU codes) in `schema.health.accepted`.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from schema import codes, merge
from schema.document import Node
from schema.errors import Problem
from schema.host import Accepted, HostSpec
from schema.rules.breach import Breach

NOT_ACCEPTED = {
    "INV": ("without mending it, nobody can tell what the file means", "error"),
    "RUN": ("it says that a command could not do its work", "error"),
    "GPU": ("it forbids touching the host, or protects somebody's work there", "warning"),
}


def excused(spec: HostSpec, breaches: list[Breach], today: date) -> list[Breach]:
    """The breaches, those whose code the host accepts marked so: shown as warnings, with the reason.

    Where an `auto` has no value the error stays: accepting it would leave nothing to install.
    """
    if not spec.accept:
        return breaches
    valid = {one.code: one for one in spec.accept if one.until >= today}
    return [_excused(breach, valid[breach.code]) if _may(breach, valid) else breach for breach in breaches]


def _may(breach: Breach, valid: Mapping[str, Accepted]) -> bool:
    return breach.code in valid and breach.code.startswith("CMP")


def _excused(breach: Breach, by: Accepted) -> Breach:
    if breach.undecided:
        hint = (
            f"{breach.hint} Or write the values yourself: {by.code} is accepted, and auto still has nothing to choose."
        )
        return breach.model_copy(update={"hint": hint})
    message = f"{breach.message} Accepted until {by.until}: {by.reason.rstrip('.')}."
    return breach.model_copy(update={"message": message, "hint": None, "severity": "warning", "accepted": True})


def entries(spec: HostSpec, today: date) -> list[Breach]:
    """Exceptions that have ended, and those for what cannot be excused: a code that there is not, or a wrong file."""
    found = []
    for index, one in enumerate(spec.accept):
        if one.until < today:
            message = f"the exception for {one.code} ended on {one.until}."
            hint = "Mend what it excused, or set a later day."
            found.append(Breach(code="INV032", path=f"accept.{index}", message=message, hint=hint, severity="warning"))
        if codes.entry(one.code) is None:
            hint = f"The nearest is {codes.nearest(one.code)}; fleet explain lists all."
            found.append(
                Breach(code="INV016", path=f"accept.{index}.code", message=f"there is no code {one.code}.", hint=hint)
            )
        elif not codes.acceptable(one.code):
            found.append(_not_accepted(one.code, f"accept.{index}.code"))
    return found


def _not_accepted(code: str, path: str) -> Breach:
    reason, severity = NOT_ACCEPTED[code[:3]]
    hint = f"Delete the entry; fleet explain {code} says how to mend it."
    breach = Breach(code="INV070", path=path, message=f"{code} cannot be accepted: {reason}.", hint=hint)
    return breach.model_copy(update={"severity": severity})


def marked(spec: HostSpec, tree: Node) -> HostSpec:
    """`spec` with `shared` set in the exceptions that a group or the defaults say."""
    if not spec.accept:
        return spec
    shared = merge.find(tree, "accept").file == "fleet.yaml"
    return spec.model_copy(update={"accept": tuple(one.model_copy(update={"shared": shared}) for one in spec.accept)})


def unused(
    hosts: Mapping[str, HostSpec], trees: Mapping[str, Node], problems: Iterable[Problem], today: date
) -> list[Problem]:
    """Exceptions for CMP codes that excuse nothing on any of the hosts that have them; one of a group is told once.

    Where a host has an error, what it accepts is passed over: its rules were not all asked.
    """
    if not any(spec.accept for spec in hosts.values()):
        return []
    known = list(problems)
    used = {(problem.host, problem.code) for problem in known if problem.accepted}
    wrong = {problem.host for problem in known if problem.severity == "error"}
    found: dict[tuple[str, int, int], Problem] = {}
    needed = set()
    for name, spec in hosts.items():
        for index, one in enumerate(spec.accept):
            if not one.code.startswith("CMP") or one.until < today:
                continue
            node = merge.find(trees[name], f"accept.{index}")
            place = (node.file, node.line, node.column)
            if name in wrong or (name, one.code) in used:
                needed.add(place)
            else:
                found[place] = _unused(one, f"accept.{index}", place, name)
    return [problem for place, problem in found.items() if place not in needed]


def _unused(one: Accepted, path: str, place: tuple[str, int, int], host: str) -> Problem:
    file, line, column = place
    return Problem(
        code="INV071",
        severity="warning",
        file=file,
        line=line,
        column=column,
        host=None if one.shared else host,
        path=path,
        message=f"{one.code} is accepted, and nothing here has it.",
        hint="Delete the entry: it would hide the error if it came back.",
    )
