"""docs/inventory.md, made from the models: `make docs`."""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic_core import PydanticUndefined

from schema import compat, fields, host
from schema.model import Model

HEAD = """# The inventory

Made from the models by `make docs`; a test fails when it is stale.

    fleet.yaml           defaults, groups, policy (optional)
    hosts/**/NAME.yaml   one file per host; the file's name is the host's
    environments/        environment.yml, requirements.txt, explicit locks
    keys/                signing keys of mirrors, CA bundles

A host's value is its own, else that of the last of its groups that has one, else that of the defaults. Mappings merge;
lists and texts replace, and so does a value of another kind. `fleet show HOST` prints each value with its origin.

Values are read as they are written: 12.10 stays 12.10, 0755 stays 0755, `no` stays a text. Only `true` and `false` are
booleans. Refused are a key without a value, duplicate keys, tags, anchors, tabs, several documents in one file, and
everything that is not UTF-8. Paths are relative to the inventory folder and stay in it.

## auto

A driver's `branch`, `modules`, `delivery`, `variant` and `fabric_manager` are auto where nothing is written;
`cuda.toolkits`, `cudnn.version` (or one CUDA major of it) and an environment's `pip.indexes` (or the `url` of one) are
auto where that is written. What it stands for is settled in this order, and then kept:

1. what `fleet.lock` says;
2. what works on the host, or was put there by an earlier run, where it suits what is declared;
3. the rule: the driver branch that NVIDIA keeps up longest of those that drive all GPUs, that the source carries, and
   that toolkits and wheels can use; the newest toolkit with code for all GPUs that this driver serves in full; the
   newest cuDNN and the build of PyTorch with code for all GPUs, PyPI's own build where it is one of these.

`fleet show HOST` prints the value, who decided and why. Where nothing suits, or a GPU is not known, it is an error that
says what to write. Nothing that is installed and suits is upgraded because something newer came out.

## In an editor

VS Code's YAML extension, and every editor with the YAML language server, completes and checks host files by their JSON
Schema: keys with their meaning and default, names of GPUs, branches, CUDA releases, codes. A comment at the top of a
file names it, relative to that file; `fleet init` writes the comments and the schemas.

    # yaml-language-server: $schema=../.schema/host.json

After an update of gpufleet, and for a folder made by hand:

    mkdir -p inventory/.schema
    fleet schema -o inventory/.schema/host.json
    fleet schema fleet -o inventory/.schema/fleet.json

Without comments, VS Code takes them from `.vscode/settings.json`, for folders inside hosts/ too:

    {"yaml.schemas": {"inventory/.schema/host.json": "inventory/hosts/**/*.yaml",
                      "inventory/.schema/fleet.json": "inventory/fleet.yaml"}}

What several keys say together an editor does not know; `fleet validate` does.

## fleet.yaml

| Key | Possible | Default | Meaning |
|---|---|---|---|
| `defaults` | what a host file may say, except `groups` | | holds for every host |
| `groups` | a mapping by name, each as `defaults` | | holds for the hosts that list the group |
| `requires` | a version such as ">=0.1" | | the versions of gpufleet that may read this inventory |
| `require_lock` | true, false | `false` | hosts that `fleet.lock` does not answer for are refused |
| `rollout.max_unavailable` | a whole number | `1` | how many hosts a plain run may reboot at a time |

## Host files
"""
EXCEPTIONS = """## Exceptions

    accept:
      - {code: CMP001, reason: "the vendor's beta drives it", until: 2027-01-31}

What an entry excuses is still shown, with the reason, and does not count: `fleet validate` says valid, an apply goes
on, `fleet drift` says in-sync.

- `CMP` codes are excused when the inventory is read. Where an `auto` has no value at all (CMP006), the error stays
  until you write the values: there would be nothing to install. An accepted driver for the declared GPUs is not
  refused on the host either (GPU003).
- `GPU` codes of warnings and errors are excused when a host is looked at. Those that forbid touching a host (GPU001
  to GPU008) or protect somebody's work (GPU101 to GPU103) are not; `INV` and `RUN` codes are not either.
- After `until` the code counts again, and the entry warns. An entry that excuses nothing warns; one in a group or in
  the defaults only when none of its hosts needs it, once: of `CMP` codes when the inventory is read, of `GPU` codes
  by a `fleet drift` that could look at all of them.
"""
SPECIAL = {
    "connection": "local, or a mapping",
    "gpus": "a list of names or mappings",
    "cuda.toolkits": 'a list of CUDA versions such as "12.9", or auto',
    "cudnn.version": "auto, a version such as 9.10.2, or a mapping by CUDA major",
    "environments.pip.indexes": "auto, or a list of mappings",
    "environments": "a mapping by name; each a mapping, or absent",
}
# Defaults that depend on something else; they are said in the key's meaning.
IMPLIED = {
    "driver": "with `gpus`: all defaults",
    "arch": "`x86_64`; `aarch64` on boards",
    "environments.owner": "conda.owner",
}


@functools.cache
def meanings() -> dict[str, str]:
    """What each key means, by dotted path."""
    loaded = yaml.load((Path(__file__).parent / "keys.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return dict(loaded)


def paths(model: type[Model] = host.HostSpec, prefix: str = "") -> Iterator[tuple[str, type[Model], str]]:
    """Every key that a user may write: dotted path, model and field, in the order of the models."""
    for name in fields.visible(model):
        path = f"{prefix}{name}"
        yield path, model, name
        for inner in fields.inner_models(fields.annotation(model, name)):
            yield from paths(inner, f"{path}.")


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for path, model, name in paths():
        if "." not in path:
            lines += ["", f"### {path}", "", "| Key | Possible | Default | Meaning |", "|---|---|---|---|"]
        lines.append(
            f"| `{path}` | {_possible(path, model, name)} | {default(path, model, name)} | {meanings()[path]} |"
        )
    return "\n".join([*lines, "", EXCEPTIONS, *_installers(), ""])


def _possible(path: str, model: type[Model], name: str) -> str:
    kind = fields.annotation(model, name)
    words = list(fields.choices(kind)) if fields.inner_models(kind) else [fields.words(kind)]
    if fields.inner_models(kind):
        words.append("a list of mappings" if fields.item(fields.options(kind)[0]) is not None else "a mapping")
    return (SPECIAL.get(path) or " or ".join(words)).replace("|", "\\|")


def default(path: str, model: type[Model], name: str) -> str:
    """A key's default in Markdown; "" where there is none."""
    info = model.model_fields[name]
    if path in IMPLIED:
        return IMPLIED[path]
    if info.is_required():
        return "**required**"
    value = info.default
    if value is None or value is PydanticUndefined or isinstance(value, Model) or value in ((), {}):
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(str(item) for item in value)}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _installers() -> list[str]:
    lines = ["## conda installers whose sha256 is known", "", "| Distribution | x86_64 | aarch64 |", "|---|---|---|"]
    for name in ("miniforge", "miniconda", "anaconda"):
        known = [", ".join(compat.installer_versions(name, arch)) for arch in ("x86_64", "aarch64")]
        lines.append(f"| {name} | {' | '.join(known)} |")
    return [*lines, "", "Others need `conda.sha256`."]


if __name__ == "__main__":
    sys.stdout.write(page())
