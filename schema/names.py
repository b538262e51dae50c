"""Which name each host file gives its host, and which names pyinfra or the fleet would misunderstand."""

from pathlib import Path

from schema.errors import Problem
from schema.folder import Folder
from schema.groups import NAME_WORDS, Policy, is_name


def listed(found: Folder, policy: Policy, problems: list[Problem]) -> dict[str, str]:
    """Host file by host name, sorted by name; names that pyinfra or the fleet would misunderstand are reported."""
    files: dict[str, str] = {}
    for file in found.hosts:
        name = Path(file).stem
        message, hint = _wrong(name, files, found, policy)
        if message:
            problems.append(Problem(code="INV018", file=file, host=name, message=message, hint=hint))
        files.setdefault(name, file)
    for group in policy.groups:
        if group in {"all", found.name}:
            message = f"a group cannot be named {group!r}: it would mean every host."
            node = policy.groups[group]
            place = {"file": node.file, "line": node.key_line, "column": node.key_column, "path": f"groups.{group}"}
            problems.append(Problem(code="INV018", message=message, hint="Rename the group.", **place))
    return dict(sorted(files.items()))


def _wrong(name: str, files: dict[str, str], found: Folder, policy: Policy) -> tuple[str, str]:
    if name in files:
        return f"the host {name!r} has two files; the other is {files[name]}.", "Rename or delete one of them."
    if not is_name(name):
        return f"{name!r} cannot be a host's name; {NAME_WORDS}", "Rename the file."
    if name == "all" or (name == found.name and not found.single):
        return f"a host cannot be named {name!r}: it would mean every host.", "Rename the file."
    if name in policy.groups:
        return f"{name!r} is a host and a group at once.", "Rename one of them."
    return "", ""
