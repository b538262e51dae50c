"""Locked environments: conda installs packages by URL and sha256, without solving (CEP 23, explicit files)."""

from collections.abc import Iterable
from shlex import quote

from deploys.conda import run_as
from deploys.task import FOLDER as STATE
from schema.conda import EnvironmentState
from schema.environments import EnvironmentSpec, ExplicitPackage, requirement_name
from schema.plan import Change
from schema.repository import OwnedFile

# Files of the lock on the host: readable for an environment's owner, who must not be able to change them.
FOLDER = f"{STATE}/environments"
# The exit code of our own script where a package is not the one that the lock names.
OTHER_CONTENT = 71


def folder(name: str) -> str:
    return f"{FOLDER}/{name}"


def path(name: str) -> str:
    return f"{folder(name)}/packages.txt"


def changed(changes: Iterable[Change]) -> set[str]:
    """The packages that a plan brings, by normalised name."""
    names = (change.item.partition("/")[2] for change in changes if change.desired is not None)
    return {requirement_name(name) for name in names if name}


def anew(declared: EnvironmentSpec, state: EnvironmentState | None) -> bool:
    """Whether another Python has to come: its packages lie in a folder that names the version, so that everything of
    the old one would stay behind unseen.
    """
    old = next((item.version for item in state.packages if item.name == "python"), None) if state is not None else None
    new = next((item.version for item in declared.explicit if item.name == "python"), None)
    return old is not None and new is not None and old.split(".")[:2] != new.split(".")[:2]


def needed(declared: EnvironmentSpec, changes: list[Change], *, fresh: bool) -> tuple[ExplicitPackage, ...]:
    """All packages of the lock for an environment that is made, else those that differ: conda would fetch the others
    again where its cache was emptied.
    """
    names = changed(changes)
    return tuple(item for item in declared.explicit if fresh or requirement_name(item.name) in names)


def file(name: str, packages: Iterable[ExplicitPackage]) -> OwnedFile:
    rows = []
    for item in packages:
        digest = f"sha256:{item.sha256}" if item.sha256 else item.md5 or ""
        rows.append(f"{item.url}#{digest}".rstrip("#"))
    return OwnedFile(path=path(name), content="\n".join(["@EXPLICIT", *rows, ""]))


def lines(name: str, root: str, prefix: str, owner: str, verb: str) -> list[str]:
    """Install from the file. conda reads a sha256 in it from 24.9 on (its changelog); what an older one fetched is
    compared here, before anything of it is linked.
    """
    conda = f"{quote(root)}/bin/conda"
    arguments = f"{conda} {verb} -y -p {quote(prefix)}"
    return [
        f"chmod 755 {quote(FOLDER)} {quote(folder(name))}",
        f"list={quote(path(name))}; version=$({conda} --version); version=${{version#conda }}",
        "major=${version%%.*}; version=${version#*.}; minor=${version%%.*}",
        'if [ "$major" -lt 24 ] || { [ "$major" -eq 24 ] && [ "$minor" -lt 9 ]; }; then',
        'sed "s/#sha256:.*//" "$list" > "$list.plain"; chmod 644 "$list.plain"',
        run_as(owner, f'{arguments} --download-only --file "$list.plain"'),
        *_compared(root, owner),
        'list="$list.plain"; fi',
        run_as(owner, f'{arguments} --file "$list"'),
    ]


def _compared(root: str, owner: str) -> list[str]:
    """Compare each fetched package with the lock, in the package cache of conda or of the owner."""
    home = f'"$(getent passwd {quote(owner)} | cut -d: -f6)"'
    return [
        'while IFS="#" read -r url hash; do case "$hash" in sha256:*) ;; *) continue ;; esac',
        f'file={quote(root)}/pkgs/"${{url##*/}}"',
        f'[ -e "$file" ] || file={home}/.conda/pkgs/"${{url##*/}}"',
        'if ! echo "${hash#sha256:}  $file" | sha256sum -c --quiet -; then',
        'echo "ChecksumMismatchError: $file is not the package that the lock names"; '
        f'rm -f "$file"; exit {OTHER_CONTENT}; fi',
        'done < "$list"',
    ]
