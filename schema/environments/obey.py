"""What holds for an environment: its declaration, with every package as fleet.lock names it where the lock answers."""

from typing import TYPE_CHECKING

from schema.environments.model import Environment, EnvironmentSpec, PinnedPackage

if TYPE_CHECKING:
    from schema.host import HostSpec


def of(spec: "HostSpec", name: str) -> Environment | None:
    """The environment of a host, None where it is not declared. A lock of the user's own (`lock:`) stays what it is;
    fleet.lock then says what pip installs beside it.
    """
    declared = spec.environments.get(name)
    said = spec.locked.environments.get(name) if spec.locked is not None else None
    if said is None or not isinstance(declared, EnvironmentSpec):
        return declared
    pinned = tuple(
        PinnedPackage(
            name=item.name,
            version=item.version,
            hashes=item.hashes,
            index=item.index if item.index in {index.url for index in declared.pip.indexes if index.packages} else None,
            url=item.url,
        )
        for item in said.pip
    )
    return declared.model_copy(update={"explicit": declared.explicit or said.packages, "pinned": pinned})


def every(spec: "HostSpec") -> dict[str, Environment]:
    """All environments of a host by name."""
    found = ((name, of(spec, name)) for name in spec.environments)
    return {name: one for name, one in found if one is not None}
