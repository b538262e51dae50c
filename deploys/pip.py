"""pip packages of an environment: each from the index that is declared for it."""

import re
from collections.abc import Iterable
from shlex import quote

from deploys.conda import run_as
from deploys.step import Work
from schema.environments import EnvironmentSpec, requirement_name
from schema.plan import Change

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


def lines(work: Work, declared: EnvironmentSpec, prefix: str, owner: str, changes: Iterable[Change]) -> list[str]:
    """pip knows no index per package (pip issue 8606). Packages with an index of their own come from it alone, without
    dependencies; then all are asked for from the main index, which finds these satisfied.
    """
    if not declared.pip.wanted:
        return []
    asked = wanted(declared, changes)
    install = f"{quote(prefix)}/bin/python -m pip install"
    main = f" --index-url {quote(work.spec.mirrors.pypi)}" if work.spec.mirrors.pypi else ""
    addresses = [work.spec.mirrors.pypi or "", *(index.url for index in declared.pip.indexes)]
    found = [legacy_certificates(prefix, owner)] if any(BARE_ADDRESS.match(item) for item in addresses) else []
    for index in declared.pip.indexes:
        names = {requirement_name(item) for item in index.packages}
        own = [item for item in asked if requirement_name(item) in names]
        if own:
            packages = " ".join(quote(item) for item in own)
            found.append(run_as(owner, f"{install} --no-deps --index-url {quote(index.url)} {packages}"))
        elif not index.packages:
            main += f" --extra-index-url {quote(index.url)}"
    everything = " ".join(quote(item) for item in asked)
    return [*found, run_as(owner, f"{install}{main} {everything}")]


def legacy_certificates(prefix: str, owner: str) -> str:
    """pip 24.2 and later cannot verify a server that is named by its address: "check_hostname requires
    server_hostname" (pip._vendor.truststore); older ones do not know the option.
    """
    test = "import pip; raise SystemExit([int(part) for part in pip.__version__.split('.')[:2]] < [24, 2])"
    newer = run_as(owner, f"{quote(prefix)}/bin/python -c {quote(test)}")
    return f"if {newer} 2>/dev/null; then export PIP_USE_DEPRECATED=legacy-certs; fi"
