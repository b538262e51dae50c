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
