"""group_vars/ and host_vars/ beside an inventory: files and folders of YAML or JSON by the name of a group or host."""

from pathlib import Path

from fleet.ansible import yaml
from fleet.ansible.model import Inventory, Secret, Variables
from fleet.errors import RunError

VAULT = "$ANSIBLE_VAULT;"
# Ansible's VARIABLE_FILE extensions, "" first (its configuration YAML_FILENAME_EXTENSIONS).
SUFFIXES = ("", ".yml", ".yaml", ".json")


def read(found: Inventory, folder: Path) -> None:
    """Add to each group and host what the files of its name say; others are named in `left_out`."""
    groups = _named(folder / "group_vars", set(found.groups), found)
    for name, variables in groups.items():
        found.groups[name].files |= variables
    for name, variables in _named(folder / "host_vars", set(found.hosts), found).items():
        found.hosts[name].files |= variables


def _named(folder: Path, names: set[str], found: Inventory) -> dict[str, Variables]:
    """The variables by name, those of a folder and of a file of one name together."""
    result: dict[str, Variables] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = _name(path, names)
        if name is None:
            found.left_out.append((f"{folder.name}/{path.name}", "no group or host of the inventory has this name"))
        elif not path.name.startswith(".") and not path.name.endswith("~"):
            result[name] = result.get(name, {}) | _of(path, found)
    return result


def _name(path: Path, names: set[str]) -> str | None:
    if path.name in names:
        return path.name
    fits = not path.is_dir() and path.suffix in SUFFIXES and path.stem in names
    return path.stem if fits else None


def _of(path: Path, found: Inventory) -> Variables:
    """The variables of a file, or of all files in a folder, in the order of their names."""
    if path.is_dir():
        inside: Variables = {}
        for item in sorted(path.iterdir()):
            if item.is_dir() or (not item.name.startswith(".") and item.suffix in SUFFIXES):
                inside |= _of(item, found)
        return inside
    return _file(path, found)


def _file(path: Path, found: Inventory) -> Variables:
    shown = (
        str(Path(*path.parts[-3:]))
        if path.parent.name not in {"group_vars", "host_vars"}
        else "/".join(path.parts[-2:])
    )
    try:
        text = path.read_text(encoding="utf-8")
        content = {} if text.startswith(VAULT) else yaml.load(text, shown)
    except (OSError, UnicodeDecodeError) as error:
        found.left_out.append((shown, f"it cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8'}"))
        return {}
    except RunError as error:
        found.left_out.append((shown, str(error).removeprefix(f"{shown}: ")))
        return {}
    if text.startswith(VAULT):
        found.left_out.append((shown, "it is encrypted with Ansible Vault, and secrets are not copied"))
        return {}
    if content is not None and not isinstance(content, dict):
        found.left_out.append((shown, "it holds no mapping"))
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


__all__ = ["Secret", "read"]
