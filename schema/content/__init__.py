"""The files that a host names: environments, locks, keys and certificates, read into its spec so that it is whole."""

from schema import merge
from schema.content import authority, environment_file, explicit, keys, quoted, requirements
from schema.content.reader import Reader
from schema.document import Node, Refused
from schema.environments import EnvironmentSpec
from schema.host import HostSpec
from schema.report import Report
from schema.repository import MirrorsSpec

__all__ = ["Reader", "filled", "place"]

place = quoted.place


def filled(spec: HostSpec, tree: Node, reader: Reader, report: Report) -> HostSpec:
    """`spec` with the content of every file it names; what cannot be read is reported at the place of its path."""
    update: dict[str, object] = {}
    environments = {name: _environment(name, one, tree, reader, report) for name, one in spec.environments.items()}
    if any(one is not spec.environments[name] for name, one in environments.items()):
        update["environments"] = environments
    mirrors = _mirrors(spec.mirrors, tree, reader, report)
    if mirrors is not spec.mirrors:
        update["mirrors"] = mirrors
    if spec.ca_bundle is not None:
        update["ca_pem"] = authority.pem(reader, spec.ca_bundle, merge.find(tree, "ca_bundle"), report)
    connection = {
        name: reader.beside(path)
        for name in ("key", "ssh_config", "known_hosts")
        if (path := getattr(spec.connection, name)) is not None
    }
    if connection:
        update["connection"] = spec.connection.model_copy(update=connection)
    return spec.model_copy(update=update) if update else spec


def _environment(
    name: str, one: EnvironmentSpec | str, tree: Node, reader: Reader, report: Report
) -> EnvironmentSpec | str:
    if not isinstance(one, EnvironmentSpec):
        return one
    path = f"environments.{name}"
    written = tree.value.get("environments") if isinstance(tree.value, dict) else None
    node = written.value.get(name) if written is not None and isinstance(written.value, dict) else None
    at = node if node is not None else tree
    try:
        # What a host file says of pip's packages is checked as a requirements file is.
        for index, requirement in enumerate(one.pip.packages):
            place = merge.find(at, f"pip.packages.{index}")
            requirements.checked(requirement, place.file, place.line)
        if one.file is not None:
            place = merge.find(at, "file")
            one = environment_file.applied(one, reader.text(one.file), one.file)
        if one.lock is not None:
            place = merge.find(at, "lock")
            one = one.model_copy(update={"explicit": explicit.packages(reader.text(one.lock), one.lock)})
        if one.pip.requirements is not None:
            place = merge.find(at, "pip.requirements")
            lines = requirements.lines(one.pip.requirements, reader)
            one = one.model_copy(update={"pip": one.pip.model_copy(update={"lines": lines})})
    except Refused as refused:
        report.take(refused.problem, place, path)
    return one


def _mirrors(mirrors: MirrorsSpec, tree: Node, reader: Reader, report: Report) -> MirrorsSpec:
    update = {}
    for name in ("cuda", "ubuntu"):
        mirror = getattr(mirrors, name)
        if mirror is not None and mirror.keys:
            update[name] = keys.filled(mirror, f"mirrors.{name}", tree, reader, report)
    return mirrors.model_copy(update=update) if update else mirrors
