"""A host as it is declared, whole: every value that counts, as text, and where it comes from."""

from typing import Literal

from schema import choose
from schema.choose import Choice
from schema.cuda import CudaSpec
from schema.fleet import Fleet, Origin
from schema.host import HostSpec
from schema.merge import Plain
from schema.model import Model, version_key

# Read from files into the spec: their text is no value of the host file. The rest stands for a short spelling.
CONTENT = frozenset({"armoured", "ca_pem", "lines", "explicit", "pinned", "auto", "only", "chosen"})
# Keys of an environment that its file fills in (schema/content/environment_file.py).
FROM_FILE = frozenset({"python", "channels", "packages", "pip"})
MANAGED = frozenset({"gpus", "driver", "cuda", "cudnn", "conda", "proxy", "ca_bundle"})
By = Literal["file", "default", "lock", "observed", "rule"]


class Value(Model):
    """One value: `path` dotted, `text` as a user would write it.

    `by`: what decided it: a file, a built-in default, the lock or the rule. `origin`: where it, or the `auto` that
    it stands for, was written, and `layer` which part of fleet.yaml that is ("defaults", "group h100"); None where it
    was not written. `note`: the rule's reason, or what else there is to say.
    """

    path: str
    text: str
    by: By
    note: str | None = None
    layer: str | None = None
    origin: Origin | None = None

    @property
    def written(self) -> str | None:
        """ "group h100, fleet.yaml:12"."""
        if self.origin is None:
            return None
        place = f"{self.origin.file}:{self.origin.line}"
        return f"{self.layer}, {place}" if self.layer else place

    @property
    def place(self) -> str:
        """In one line: "rule: the production branch  (auto: defaults, fleet.yaml:3)"."""
        if self.by in {"file", "default"}:
            where = self.written or "built-in default"
            return f"{where}  ({self.note})" if self.note else where
        decided = self.by if self.note is None or self.by == "lock" else f"{self.by}: {self.note}"
        return f"{decided}  (auto: {self.written or 'built-in default'})"


def values(fleet: Fleet, host: str) -> tuple[Value, ...]:
    """All values of a valid host, in the order of the models; sections that are not managed say so."""
    spec = fleet.hosts[host]
    choices = _paths(spec, choose.choices(spec))
    found: list[Value] = []
    for field in HostSpec.model_fields:
        if field in {"name", "locked", *CONTENT}:
            continue
        value = spec.managed_driver if field == "driver" and spec.driver is None else getattr(spec, field)
        found += _section(fleet, host, spec, field, value, choices)
    return tuple(found)


def _section(
    fleet: Fleet, host: str, spec: HostSpec, field: str, value: object, choices: dict[str, tuple[Choice, str]]
) -> list[Value]:
    if value is None:
        return [Value(path=field, text="not managed" if field in MANAGED else "none given", by="default")]
    if field == "driver" and spec.gpus == () and fleet.origin(host, "driver") is not None and value != "none":
        return [_value(fleet, host, "driver", "passed over", "the host has no GPU")]
    if field == "connection" and spec.connection.local:
        return [_value(fleet, host, field, "local")]
    plain = value.model_dump(mode="json") if isinstance(value, Model) else spec.model_dump(mode="json")[field]
    notes: dict[str, str] = {}
    if isinstance(value, CudaSpec) and value.toolkits and isinstance(plain, dict):
        notes = {"cuda.default": "the newest listed"} if value.default is None else {}
        plain = plain | {"default": value.default or max(value.toolkits, key=version_key)}
    found = []
    for path, text in _leaves(field, plain):
        choice = choices.get(path)
        if choice is not None:
            found.append(_chosen(fleet, host, path, text, *choice))
        else:
            found.append(_value(fleet, host, path, *_undecided(spec, path, text, notes.get(path))))
    # Users write `version` for both forms.
    return [one.model_copy(update={"path": one.path.replace("cudnn.versions.", "cudnn.version.")}) for one in found]


def _value(fleet: Fleet, host: str, path: str, text: str, note: str | None = None) -> Value:
    """A value that a file or the built-in default gives."""
    origin = fleet.origin(host, path)
    parts = path.split(".")
    if origin is None and parts[0] == "environments" and FROM_FILE.intersection(parts[2:3]):
        named = fleet.origin(host, f"environments.{parts[1]}.file")
        environment = fleet.hosts[host].environments[parts[1]]
        if named is not None and environment != "absent" and environment.file is not None:
            origin, note = named, f"in {environment.file}, which this line names"
    layer = fleet.layer(origin) if origin is not None else None
    by: By = "file" if origin is not None else "default"
    return Value(path=path, text=text, by=by, note=note, layer=layer, origin=origin)


def _paths(spec: HostSpec, choices: dict[str, Choice]) -> dict[str, tuple[Choice, str]]:
    """The choices by the paths of the values that they gave; and where `auto` for each was written."""
    found = {}
    for path, choice in choices.items():
        parts = path.split(".")
        if path == "cuda.toolkits":
            found[path] = choice, "cuda.auto"
        elif parts[0] == "cudnn":
            found[f"cudnn.versions.{parts[-1]}"] = choice, "cudnn.auto"
        elif parts[0] == "environments":
            one = spec.environments[path.removeprefix("environments.").removesuffix(".pip.indexes")]
            last = len(one.pip.indexes) - 1 if one != "absent" else 0
            found[f"{path}.{last}.url"] = choice, path.removesuffix("indexes") + "auto"
        else:
            found[path] = choice, path
    return found


def _chosen(fleet: Fleet, host: str, path: str, text: str, choice: Choice, at: str) -> Value:
    """A value that stands for `auto`, which was written `at` a path. A list that has others beside it keeps them."""
    origin = fleet.origin(host, at)
    layer = fleet.layer(origin) if origin is not None else None
    by: By = choice.by if choice.by != "declared" else "rule"
    shown = text if path == "cuda.toolkits" or path.endswith(".url") else choice.value or "auto"
    note = choice.reason if choice.value is not None else f"not known from the inventory: {choice.reason}"
    return Value(path=path, text=shown, by=by, note=note or None, layer=layer, origin=origin)


def _undecided(spec: HostSpec, path: str, text: str, note: str | None) -> tuple[str, str | None]:
    """Text and note of an `auto` that is not chosen here."""
    managed = spec.managed_driver
    if text != "auto":
        return text, note
    if path == "kernel.flavour":
        return text, "that of the running kernel"
    if managed is not None and managed.source == "external":
        return "any", "what else manages the driver decides"
    if path in {"driver.delivery", "driver.variant"}:
        return ("dkms" if path == "driver.delivery" else "not used"), "source: nvidia has one kind"
    return text, note


def _leaves(path: str, value: Plain) -> list[tuple[str, str]]:
    """Dotted paths and texts; None and empty are left out below the top, where they only mean "not given"."""
    if isinstance(value, dict):
        inner = [(key, child) for key, child in value.items() if key not in CONTENT and child not in (None, [], {})]
        return [leaf for key, child in inner for leaf in _leaves(f"{path}.{key}", child)] or [(path, "{}")]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(f"{path}.{index}", item)]
    if isinstance(value, list):
        return [(path, f"[{', '.join(str(item) for item in value)}]")]
    return [(path, str(value).lower() if isinstance(value, bool) else str(value))]
