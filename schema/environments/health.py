"""The state of conda environments beside what a run changes: copies by pip, moved dependencies, undeclared ones."""

from typing import TYPE_CHECKING

from schema import conda
from schema.conda import EnvironmentState
from schema.environments import obey
from schema.environments.change import by_name, recorded, requested
from schema.environments.model import EnvironmentSpec, requirement_name
from schema.errors import Finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def findings(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Finding, ...]:
    """What a run does not change by itself: packages that moved without being declared, copies by pip, undeclared
    environments.
    """
    if conda.declared(spec) is None or snapshot.conda is None:
        return ()
    found = []
    for state in snapshot.conda.environments:
        declared = obey.of(spec, state.name)
        if declared is None:
            found.append(_undeclared(state))
        elif isinstance(declared, EnvironmentSpec):
            found += _replaced(state)
            found += (
                [] if declared.exact or declared.explicit else _moved(declared, state, recorded(snapshot, state.name))
            )
    return tuple(found)


def _undeclared(state: EnvironmentState) -> Finding:
    return Finding(
        code="GPU171",
        severity="info",
        message=f"environment {state.name} is there and not declared",
        evidence=state.prefix,
        hint=f"declare it, or remove it by declaring {state.name}: absent",
    )


def _replaced(state: EnvironmentState) -> list[Finding]:
    wheels = {requirement_name(item.name): item for item in state.packages if item.manager == "pip"}
    twice = [item for item in state.packages if item.manager == "conda" and requirement_name(item.name) in wheels]
    lines = [f"{item.name}: conda {item.version}, pip {wheels[requirement_name(item.name)].version}" for item in twice]
    if not lines:
        return []
    return [
        Finding(
            code="GPU172",
            severity="error",
            message=f"pip replaced conda's packages in environment {state.name}",
            evidence="\n".join(lines[:10]),
            hint=f"reinstall them: conda install -p {state.prefix} --force-reinstall {twice[0].name}",
        )
    ]


def _moved(declared: EnvironmentSpec, state: EnvironmentState, record: dict[str, str]) -> list[Finding]:
    """Dependencies that differ from the last apply; a user's own work in an environment that is not exact."""
    packages = by_name(state.packages)
    names = sorted(name for name in record if name not in requested(declared))
    lines = []
    for name in names:
        package = packages.get(name)
        if package is None or package.version != record[name]:
            lines.append(
                f"{state.name}/{name}: {record[name]} -> {package.version if package is not None else 'absent'}"
            )
    if not lines:
        return []
    return [
        Finding(
            code="GPU173",
            severity="warning",
            message=f"dependencies in environment {state.name} changed since the last apply",
            evidence="\n".join(lines[:10]),
            hint="declare what must not move, or exact: true; removing the environment and a run bring it back whole",
        )
    ]
