"""pip packages of an environment: each from the index that is declared for it."""

import re
from collections.abc import Iterable
from shlex import quote

from deploys import explicit
from deploys.conda import run_as
from deploys.step import Work
from schema.environments import EnvironmentSpec, PipIndex, requirement_name
from schema.plan import Change
from schema.repository import OwnedFile

UNVERSIONED = re.compile(r"[A-Za-z0-9._-]+(\[[A-Za-z0-9._, -]*\])?")
PLAIN_VERSION = re.compile(r"^[0-9A-Za-z][0-9A-Za-z.+!_-]*$")
BARE_ADDRESS = re.compile(r"^https://(\d+\.\d+\.\d+\.\d+|\[)")


def plain_versions(changes: Iterable[Change]) -> dict[str, str]:
    """The versions that the plan's packages should come back to, where these are versions and nothing else."""
    pairs = ((change.item.partition("/")[2], change.desired or "") for change in changes)
    return {package: version for package, version in pairs if package and PLAIN_VERSION.match(version)}


def wanted(declared: EnvironmentSpec, changes: Iterable[Change]) -> list[str]:
    """The declared requirements; one without a version that moved is asked for by the version it had, since pip
    leaves any installed version of it alone.
    """
    versions = plain_versions(changes)
    return [
        f"{item}=={versions[requirement_name(item)]}"
        if requirement_name(item) in versions and UNVERSIONED.fullmatch(item)
        else item
        for item in declared.pip.wanted
    ]


def runs(declared: EnvironmentSpec, asked: list[str]) -> list[tuple[PipIndex | None, list[str]]]:
    """What each run of pip asks for, in order; None for the main index, which is asked for everything at last."""
    found: list[tuple[PipIndex | None, list[str]]] = []
    for index in declared.pip.indexes:
        names = {requirement_name(item) for item in index.packages}
        own = [item for item in asked if requirement_name(item) in names]
        found += [(index, own)] if own else []
    return [*found, (None, asked)]


def hashed(items: Iterable[str]) -> bool:
    """Whether a requirement has hashes: pip takes these from files only (pip documentation, Secure installs)."""
    return any(" --hash=" in item for item in items)


def path(name: str, number: int) -> str:
    return f"{explicit.folder(name)}/requirements-{number}.txt"


def files(name: str, declared: EnvironmentSpec, changes: Iterable[Change]) -> tuple[OwnedFile, ...]:
    """A requirements file for each run of pip whose requirements have hashes."""
    asked = wanted(declared, changes)
    return tuple(
        OwnedFile(path=path(name, number), content="".join(f"{item}\n" for item in items))
        for number, (_, items) in enumerate(runs(declared, asked))
        if hashed(items)
    )


def lines(
    work: Work, name: str, declared: EnvironmentSpec, prefix: str, owner: str, changes: Iterable[Change]
) -> list[str]:
    """pip knows no index per package (pip issue 8606). Packages with an index of their own come from it alone, without
    dependencies; then all are asked for from the main index, which finds these satisfied.
    """
    if not declared.pip.wanted:
        return []
    asked = wanted(declared, changes)
    install = f"{quote(prefix)}/bin/python -m pip install"
    main = f" --index-url {quote(work.spec.mirrors.pypi)}" if work.spec.mirrors.pypi else ""
    shared = [index.url for index in declared.pip.indexes if not index.packages]
    main += "".join(f" --extra-index-url {quote(url)}" for url in shared)
    addresses = [work.spec.mirrors.pypi or "", *(index.url for index in declared.pip.indexes)]
    found = [f"chmod 755 {quote(explicit.FOLDER)} {quote(explicit.folder(name))}"] if hashed(asked) else []
    found += [legacy_certificates(prefix, owner)] if any(BARE_ADDRESS.match(item) for item in addresses) else []
    for number, (index, items) in enumerate(runs(declared, asked)):
        source = main if index is None else f" --no-deps --index-url {quote(index.url)}"
        what = f"-r {quote(path(name, number))}" if hashed(items) else " ".join(quote(item) for item in items)
        found.append(run_as(owner, f"{install}{source} {what}"))
    return found


def legacy_certificates(prefix: str, owner: str) -> str:
    """pip 24.2 and later cannot verify a server that is named by its address: "check_hostname requires
    server_hostname" (pip._vendor.truststore); older ones do not know the option.
    """
    test = "import pip; raise SystemExit([int(part) for part in pip.__version__.split('.')[:2]] < [24, 2])"
    newer = run_as(owner, f"{quote(prefix)}/bin/python -c {quote(test)}")
    return f"if {newer} 2>/dev/null; then export PIP_USE_DEPRECATED=legacy-certs; fi"
