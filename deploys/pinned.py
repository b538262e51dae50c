"""pip's packages of a locked environment: one version each, and only files with the hashes of the lock."""

from collections.abc import Iterable
from shlex import quote

from deploys import explicit, pip
from deploys.conda import run_as
from deploys.step import Work
from schema.environments import EnvironmentSpec, PinnedPackage, requirement_name
from schema.plan import Change
from schema.repository import OwnedFile


def needed(declared: EnvironmentSpec, changes: Iterable[Change], *, fresh: bool) -> tuple[PinnedPackage, ...]:
    """All of the lock's packages for an environment that is made, else those that differ."""
    names = explicit.changed(changes)
    return tuple(item for item in declared.pinned or () if fresh or requirement_name(item.name) in names)


def by_index(packages: Iterable[PinnedPackage]) -> dict[str | None, list[PinnedPackage]]:
    """The packages by the index that they come from; None for the host's main index, which comes last."""
    found: dict[str | None, list[PinnedPackage]] = {}
    for item in sorted(packages, key=lambda one: (one.index is None, one.index or "", one.name)):
        found.setdefault(item.index, []).append(item)
    return found


def path(name: str, number: int) -> str:
    return f"{explicit.folder(name)}/pip-{number}.txt"


def row(item: PinnedPackage) -> str:
    """One requirement with its hashes (pip documentation, Secure installs)."""
    asked = f"{item.name} @ {item.url}" if item.url is not None else f"{item.name}=={item.version}"
    return " ".join([asked, *(f"--hash=sha256:{digest}" for digest in item.hashes)])


def files(name: str, declared: EnvironmentSpec, changes: Iterable[Change], *, fresh: bool) -> tuple[OwnedFile, ...]:
    """A requirements file for each index."""
    groups = by_index(needed(declared, changes, fresh=fresh)).values()
    return tuple(
        OwnedFile(path=path(name, number), content="".join(f"{row(item)}\n" for item in items))
        for number, items in enumerate(groups)
    )


def lines(
    work: Work, name: str, declared: EnvironmentSpec, prefix: str, owner: str, changes: Iterable[Change], *, fresh: bool
) -> list[str]:
    """One run of pip for each index, without dependencies: the lock names them all. `--force-reinstall`, since 2.8.0
    is for pip satisfied by 2.8.0+cu128 (PEP 440, Local version identifiers).
    """
    groups = by_index(needed(declared, changes, fresh=fresh))
    shared = [index.url for index in declared.pip.indexes if not index.packages]
    addresses = [work.spec.mirrors.pypi or "", *shared, *(index for index in groups if index is not None)]
    found = [f"chmod 755 {quote(explicit.FOLDER)} {quote(explicit.folder(name))}"] if groups else []
    if groups and any(pip.BARE_ADDRESS.match(item) for item in addresses):
        found.append(pip.legacy_certificates(prefix, owner))
    again = "" if fresh else " --force-reinstall"
    install = f"{quote(prefix)}/bin/python -m pip install --no-deps --require-hashes --only-binary :all:{again}"
    for number, index in enumerate(groups):
        source = f" --index-url {quote(index)}" if index is not None else _main(work, shared)
        found.append(run_as(owner, f"{install}{source} -r {quote(path(name, number))}"))
    return found


def _main(work: Work, shared: Iterable[str]) -> str:
    """The host's main index, and those that any package may come from: a hash decides what is taken."""
    main = f" --index-url {quote(work.spec.mirrors.pypi)}" if work.spec.mirrors.pypi else ""
    return main + "".join(f" --extra-index-url {quote(url)}" for url in shared)
