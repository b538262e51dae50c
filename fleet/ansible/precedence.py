"""Which groups a host is in, in the order of their precedence, and which value of a variable holds.

Source: Ansible's guide "How to build your inventory", section "How variables are merged": all, parents, children, by
`ansible_group_priority` and then by name among those of one depth; the inventory's own variables before those of
group_vars/ and host_vars/, a host's after its groups'.
"""

from fleet.ansible.model import ALL, UNGROUPED, Inventory, Variables, wrong

PRIORITY = "ansible_group_priority"


def parents(found: Inventory) -> dict[str, list[str]]:
    """The groups above each group; a group that stands below none is one of `all`."""
    above: dict[str, list[str]] = {name: [] for name in found.groups}
    for name, group in found.groups.items():
        for child in group.children:
            above[child].append(name)
    for name, names in above.items():
        if not names and name != ALL:
            names.append(ALL)
    return above


def depths(found: Inventory, file: str) -> dict[str, int]:
    """How far each group stands below `all`, by the longest way. Raises RunError for groups in a ring."""
    above, known = parents(found), dict[str, int]()

    def depth(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            ring = " -> ".join([*way[way.index(name) :], name])
            raise wrong(file, None, f"groups in a ring: {ring}", "remove one of these children")
        if name not in known:
            known[name] = max((depth(one, (*way, name)) + 1 for one in above[name]), default=0)
        return known[name]

    for name in found.groups:
        depth(name, ())
    return known


def ordered(found: Inventory, file: str) -> dict[str, tuple[str, ...]]:
    """The groups of each host, a later one winning over an earlier one; `all` is the first of them."""
    above, depth = parents(found), depths(found, file)
    direct: dict[str, set[str]] = {name: set() for name in found.hosts}
    for name, group in found.groups.items():
        for host in group.hosts:
            direct[host].add(name)
    key = {name: (depth[name], _priority(group.variables), name) for name, group in found.groups.items()}
    return {host: tuple(sorted(_upwards(names, above), key=key.__getitem__)) for host, names in direct.items()}


def _priority(variables: Variables) -> int:
    try:
        return int(str(variables.get(PRIORITY, 1)))
    except ValueError:
        return 1


def _upwards(names: set[str], above: dict[str, list[str]]) -> set[str]:
    seen, waiting = {ALL}, list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += above[name]
    # A host of another group is not ungrouped, whatever an inventory says.
    others = seen - {UNGROUPED}
    return others if len(others) > 1 else {ALL, UNGROUPED}


def effective(found: Inventory, host: str, groups: tuple[str, ...]) -> Variables:
    """The variables of a host as Ansible has them for a task."""
    values: Variables = {}
    for name in groups:
        # The inventory's own priorities are used up by the order; Ansible does not list them either.
        values |= {key: value for key, value in found.groups[name].variables.items() if key != PRIORITY}
    for name in groups:
        values |= found.groups[name].files
    return values | found.hosts[host].variables | found.hosts[host].files
