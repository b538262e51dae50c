"""An Ansible inventory from a file, in whichever of its forms: told by its content, not by its name."""

import contextlib
import json
import re
import sys
from pathlib import Path

from fleet.ansible import beside, ini, listed, yaml
from fleet.ansible.model import Inventory, wrong
from fleet.errors import RunError

LARGEST = 64 << 20
STDIN = Path("-")
# Lines that only YAML, and only TOML has, at the beginning of what is no comment.
YAML_LINE = re.compile(r"---.*|- .*|[\"']?[^\s#\[{=]+[\"']?\s*:(\s.*)?")
TOML_LINE = re.compile(r"\[[^\]]+\.(hosts|vars|children)[^\]]*\]|\w+\s*=\s*[\[{\"].*")


def file(path: Path) -> Inventory:
    """The inventory at `path`, "-" for standard input, with group_vars/ and host_vars/ beside it. Raises RunError."""
    text = _text(path)
    found = _parsed(text, str(path))
    if path != STDIN:
        beside.read(found, path.parent)
    if not found.hosts:
        hint = "name the inventory itself, not a playbook or a file of variables"
        raise RunError("RUN384", f"{path} has no hosts", state="nothing was written", hint=hint)
    return found


def _text(path: Path) -> str:
    if path.is_dir():
        raise _dynamic(path, "is a folder, of several sources perhaps")
    try:
        with path.open("rb") if path != STDIN else contextlib.nullcontext(sys.stdin.buffer) as source:
            data = source.read(LARGEST + 1)
    except OSError as error:
        hint = "name the inventory file: fleet import ansible FILE --into DIR"
        raise RunError("RUN380", f"cannot read {path}: {error.strerror}", hint=hint) from error
    if len(data) > LARGEST:
        raise wrong(str(path), None, f"the file is larger than {LARGEST >> 20} MiB", "name the inventory itself")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise wrong(str(path), line, f"byte {data[error.start]:#04x} is not UTF-8", "save the file as UTF-8") from error
    if text.startswith("#!"):
        raise _dynamic(path, "is a program")
    if text.startswith(beside.VAULT):
        hint = f"print it: ansible-inventory -i {path} --ask-vault-pass --list > inventory.json; then import that file"
        raise RunError("RUN382", f"{path} is encrypted with Ansible Vault", state="nothing was written", hint=hint)
    return text


def _dynamic(path: Path, what: str) -> RunError:
    hint = f"let Ansible answer: ansible-inventory -i {path} --list > inventory.json; then import that file"
    return RunError("RUN382", f"{path} {what}; gpufleet runs none of it", state="nothing was written", hint=hint)


def _parsed(text: str, file: str) -> Inventory:
    if text.lstrip().startswith("{"):
        document = _json(text, file)
        return listed.parse(document, file) if listed.is_listed(document) else _document(document, file)
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;"]
    first = lines[0].strip() if lines else ""
    if any(TOML_LINE.fullmatch(line.strip()) and ".hosts" in line for line in lines):
        raise _dynamic(Path(file), "is TOML")
    if YAML_LINE.fullmatch(first) and not _is_address(first):
        return _document(yaml.load(text, file), file)
    return ini.parse(text, file)


def _is_address(line: str) -> bool:
    """`node1:2222` and `2001:db8::1` have a colon and are no key."""
    return re.fullmatch(r"\S+:\d+(\s.*)?|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+(\s.*)?", line) is not None


def _json(text: str, file: str) -> object:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return yaml.load(text, file)


def _document(document: object, file: str) -> Inventory:
    if isinstance(document, dict) and isinstance(document.get("plugin"), str):
        raise _dynamic(Path(file), f"configures the inventory plugin {document['plugin']}")
    if isinstance(document, list):
        raise wrong(file, None, "the file holds a list, as playbooks do", "name the inventory, not a playbook")
    return yaml.parse(document, file)
