"""What hosts may not have in common."""

from collections.abc import Mapping

from schema import merge
from schema.document import Node
from schema.errors import Problem
from schema.host import HostSpec


def one_local(hosts: Mapping[str, HostSpec], trees: Mapping[str, Node]) -> list[Problem]:
    """Only one host can be the machine that the command runs on."""
    local = [name for name, spec in hosts.items() if spec.connection.local]
    problems = []
    for name in local if len(local) > 1 else ():
        node = merge.find(trees[name], "connection")
        others = ", ".join(other for other in local if other != name)
        problems.append(
            Problem(
                code="INV036",
                file=node.file,
                line=node.line,
                column=node.column,
                host=name,
                path="connection",
                message=f"only one host can be this machine, and so is {others}.",
                hint="Write connection: {address: ...} for the others.",
            )
        )
    return problems


def jumps(hosts: Mapping[str, HostSpec], trees: Mapping[str, Node]) -> list[Problem]:
    """The hosts on the way to a host must end somewhere."""
    problems = []
    for name, spec in hosts.items():
        way, jump = [name], spec.connection.jump
        while jump is not None and jump in hosts and jump not in way:
            way.append(jump)
            jump = hosts[jump].connection.jump
        if jump is None or jump not in way:
            continue
        node = merge.find(trees[name], "connection.jump")
        problems.append(
            Problem(
                code="INV037",
                file=node.file,
                line=node.line,
                column=node.column,
                host=name,
                path="connection.jump",
                message=f"the way to this host goes in a ring: {' -> '.join([*way, jump])}.",
                hint="Delete the jump of the host that is reached directly, or move `jump` from defaults to a group.",
            )
        )
    return problems
