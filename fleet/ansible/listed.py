"""What `ansible-inventory --list` prints, and what dynamic inventories answer: groups by name, and `_meta.hostvars`."""

from fleet.ansible.model import Inventory, Variables, wrong

META = "_meta"
HINT = "give the whole output of: ansible-inventory -i INVENTORY --list"


def is_listed(document: object) -> bool:
    """Whether a document has this form rather than that of a YAML inventory, whose hosts are mappings."""
    if not isinstance(document, dict):
        return False
    parts = [part for value in document.values() for part in (value, *_values(value))]
    return META in document or any(isinstance(part, list) for part in parts)


def _values(value: object) -> list[object]:
    return [value.get("hosts"), value.get("children")] if isinstance(value, dict) else []


def parse(document: object, file: str) -> Inventory:
    """The inventory in such a document. Raises RunError when a part is not of its form."""
    found = Inventory()
    content = document if isinstance(document, dict) else {}
    for name, group in content.items():
        if name != META:
            _group(found, str(name), group, file)
    meta = content.get(META)
    hostvars = meta.get("hostvars", {}) if isinstance(meta, dict) else {}
    if not isinstance(hostvars, dict):
        raise wrong(file, None, "_meta.hostvars is no mapping", HINT)
    grouped = {name for group in found.groups.values() for name in group.hosts}
    for name, variables in hostvars.items():
        host = found.host(str(name), _home(str(name), grouped))
        if not isinstance(variables, dict):
            raise wrong(file, None, f"_meta.hostvars.{name} is no mapping", HINT)
        host.variables |= _named(variables)
    return found


def _home(name: str, grouped: set[str]) -> str:
    return "all" if name in grouped else "ungrouped"


def _named(variables: dict[object, object]) -> Variables:
    """Vault texts come as {"__ansible_vault": "..."}; whatever reads a value takes a mapping for none."""
    return {str(key): value for key, value in variables.items()}


def _group(found: Inventory, name: str, content: object, file: str) -> None:
    group = found.group(name)
    parts = {"hosts": content} if isinstance(content, list) else content
    if not isinstance(parts, dict):
        raise wrong(file, None, f"{name} is neither a mapping nor a list", HINT)
    for key in ("hosts", "children"):
        names = parts.get(key) or []
        if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
            raise wrong(file, None, f"{name}.{key} is no list of names", HINT)
        for item in names:
            if key == "hosts":
                found.host(item, name)
            else:
                found.group(item)
                group.children.append(item)
    variables = parts.get("vars") or {}
    if not isinstance(variables, dict):
        raise wrong(file, None, f"{name}.vars is no mapping", HINT)
    group.variables |= _named(variables)
