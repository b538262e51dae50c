"""Names that our inventory can have for Ansible's hosts and groups; each change of one is told."""

import re

from fleet.ansible.model import ALL, UNGROUPED, Inventory
from schema.groups import is_name

Renamed = list[tuple[str, str, str, str]]
SIGNS = "a name has letters, digits, '.', '_' and '-', with a letter or digit first"


def cleaned(name: str) -> str:
    """The nearest name that is possible: other signs become hyphens, and the first is a letter or a digit."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:253].strip("-._") or "host"


def hosts(found: Inventory, folder: str, renamed: Renamed) -> dict[str, str]:
    """Our name of each host. `all` and the folder's name would mean every host."""
    return _named("host", list(found.hosts), {ALL, folder}, "-host", renamed)


def groups(found: Inventory, taken: set[str], folder: str, renamed: Renamed) -> dict[str, str]:
    """Our name of each group but `all`, which are the defaults, and `ungrouped`, unless it says something."""
    said = [
        name
        for name, group in found.groups.items()
        if name != ALL and (name != UNGROUPED or _says(group.variables, group.files))
    ]
    return _named("group", said, {ALL, folder, *taken}, "-group", renamed)


def _says(*variables: dict[str, object]) -> bool:
    return any(variables)


def _named(kind: str, names: list[str], taken: set[str], ending: str, renamed: Renamed) -> dict[str, str]:
    """Names that are fine as they are keep theirs; the others get the nearest that is free."""
    result = {name: name for name in names if is_name(name) and name not in taken}
    used = taken | set(result)
    for name in names:
        if name in result:
            continue
        base = cleaned(name) if not is_name(name) else f"{name}{ending}"
        new = next(one for one in (base, *(f"{base}-{number}" for number in range(2, 20_000))) if one not in used)
        used.add(new)
        result[name] = new
        why = SIGNS if not is_name(name) else "the name would mean every host, or is a host's as well"
        renamed.append((kind, name, new, why))
    return {name: result[name] for name in names}
