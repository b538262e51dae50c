"""An Ansible inventory as it is after parsing, whatever form it had; and how a variable's value is told apart."""

from dataclasses import dataclass, field

from fleet.errors import RunError

ALL, UNGROUPED = "all", "ungrouped"
Variables = dict[str, object]


@dataclass
class Group:
    """A group's own hosts, children and variables, as written; `files` are those of group_vars/."""

    hosts: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    variables: Variables = field(default_factory=dict)
    files: Variables = field(default_factory=dict)


@dataclass
class Host:
    """A host's variables from the inventory itself, and from host_vars/."""

    variables: Variables = field(default_factory=dict)
    files: Variables = field(default_factory=dict)


@dataclass
class Inventory:
    """Groups and hosts by name, in the order of the file; `left_out`: what could not be taken, and why."""

    groups: dict[str, Group] = field(default_factory=lambda: {ALL: Group(), UNGROUPED: Group()})
    hosts: dict[str, Host] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def group(self, name: str) -> Group:
        return self.groups.setdefault(name, Group())

    def host(self, name: str, group: str) -> Host:
        """The host of this name, made where there is none, in a group."""
        listed = self.group(group).hosts
        if name not in listed:
            listed.append(name)
        return self.hosts.setdefault(name, Host())


class Secret:
    """A value that is never read: text of Ansible Vault. It prints as what it is."""

    def __repr__(self) -> str:
        return "(encrypted with Ansible Vault)"


def wrong(file: str, line: int | None, message: str, hint: str) -> RunError:
    """The error of an inventory that cannot be read, with its place."""
    place = file if line is None else f"{file}:{line}"
    return RunError("RUN381", f"{place}: {message}", state="nothing was written", hint=hint)
