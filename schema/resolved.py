"""A host as it is declared: every value that counts, as text, with the place where it was written."""

from schema.cuda import CudaSpec
from schema.fleet import Fleet, Origin
from schema.host import HostSpec
from schema.merge import Plain
from schema.model import Model, version_key
from schema.rules import auto

# Read from files into the spec: their text is no value of the host file.
CONTENT = frozenset({"armoured", "ca_pem", "lines", "explicit"})
# Keys of an environment that its file fills in (schema/content/environment_file.py).
FROM_FILE = frozenset({"python", "channels", "packages", "pip"})


class Value(Model):
    """`note` says what stands behind `text`: the rule's value for auto, or why it is passed over.

    `origin` is None for a default.
    """

    path: str
    text: str
    note: str | None = None
    origin: Origin | None = None

    @property
    def place(self) -> str:
        where = f"{self.origin.file}:{self.origin.line}" if self.origin is not None else "default"
        return f"{where}  ({self.note})" if self.note else where


def values(fleet: Fleet, host: str) -> tuple[Value, ...]:
    """All values of a valid host, in the order of the models; sections that are not managed say so."""
    spec = fleet.hosts[host]
    found: list[Value] = []
    for field in HostSpec.model_fields:
        if field in {"name", "locked", *CONTENT}:
            continue
        value = spec.managed_driver if field == "driver" and spec.driver is None else getattr(spec, field)
        found += _section(fleet, host, spec, field, value)
    return tuple(found)


def _section(fleet: Fleet, host: str, spec: HostSpec, field: str, value: object) -> list[Value]:
    if value is None:
        return [Value(path=field, text="not managed" if field in MANAGED else "none given")]
    if field == "driver" and spec.gpus == () and fleet.origin(host, "driver") is not None and value != "none":
        origin = fleet.origin(host, "driver")
        return [Value(path="driver", text="passed over", note="the host has no GPU", origin=origin)]
    if field == "connection" and spec.connection.local:
        return [Value(path=field, text="local", origin=fleet.origin(host, field))]
    plain = value.model_dump(mode="json") if isinstance(value, Model) else spec.model_dump(mode="json")[field]
    if isinstance(value, CudaSpec) and value.toolkits and isinstance(plain, dict):
        plain = plain | {"default": value.default or max(value.toolkits, key=version_key)}
    return [
        Value(path=path, text=text, note=_note(spec, path, text), origin=_origin(fleet, host, path))
        for path, text in _leaves(field, plain)
    ]


def _origin(fleet: Fleet, host: str, path: str) -> Origin | None:
    """Where a value was written. What an environment file says has the place that names the file."""
    origin, parts = fleet.origin(host, path), path.split(".")
    if origin is None and parts[0] == "environments" and FROM_FILE.intersection(parts[2:3]):
        return fleet.origin(host, f"environments.{parts[1]}.file")
    return origin


MANAGED = frozenset({"gpus", "driver", "cuda", "cudnn", "conda", "proxy", "ca_bundle"})


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


def _note(spec: HostSpec, path: str, text: str) -> str | None:
    """What the rule makes of `auto` without a lock and without a look at the host."""
    ruled = {"driver.branch": auto.branch, "driver.modules": auto.flavour}
    if text != "auto" or path not in ruled or spec.managed_driver is None:
        return None
    value = ruled[path](spec)
    return f"by rule {value}" if value is not None else "not known from the inventory alone"
