"""The files of an inventory folder: which there are, and their bytes, with every careless or hostile one refused."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from schema.document import MAX_BYTES, MAX_DEPTH, Refused
from schema.errors import Problem
from schema.model import Model

MAX_FILES = 10_000
HOST_SUFFIX = ".yaml"
# What belongs in the folder itself; any other YAML file there is probably a host in the wrong place.
TOP_FILES = frozenset({"fleet.yaml", "fleet.lock", "held.yaml"})


class Folder(Model):
    """`root` absolute; `hosts`: relative paths of host files, sorted; `single`: only one host of it was asked for."""

    root: str
    hosts: tuple[str, ...] = ()
    has_fleet: bool = False
    single: bool = False

    @property
    def name(self) -> str:
        return Path(self.root).name


def listed(path: str | Path) -> tuple[Folder, list[Problem]]:
    """The folder at `path`, or a folder of one for a host file. Raises Refused when there is nothing to read."""
    # The functions of os.path answer False where those of pathlib raise: a name too long, an unknown ~user.
    name = os.path.expanduser(path)  # noqa: PTH111
    given = Path(name)
    if os.path.isfile(name):  # noqa: PTH113
        return _single(given), []
    if not os.path.isdir(name):  # noqa: PTH112
        hint = "Give a folder with hosts/NAME.yaml in it, or one NAME.yaml; 'fleet init DIR' makes one."
        there = os.path.lexists(name)
        message = "this is neither a folder nor a file." if there else "there is no such file or folder."
        raise Refused(Problem(code="INV001", file=str(path) or "(empty name)", message=message, hint=hint))
    root = given.resolve()
    problems: list[Problem] = []
    hosts = tuple(sorted(_hosts(root, root / "hosts", (), problems)))
    if len(hosts) > MAX_FILES:
        message = f"{len(hosts)} host files; at most {MAX_FILES} are read."
        raise Refused(Problem(code="INV002", file="hosts", message=message, hint="Split the inventory."))
    return Folder(root=str(root), hosts=hosts, has_fleet=(root / "fleet.yaml").exists()), problems


def _single(file: Path) -> Folder:
    if file.suffix != HOST_SUFFIX or file.name in TOP_FILES:
        hint = "Give the folder, or one host's NAME.yaml."
        raise Refused(Problem(code="INV021", file=str(file), message="this is not a host file.", hint=hint))
    whole = file.resolve()
    above = next((parent for parent in whole.parents if parent.name == "hosts"), None)
    root = above.parent if above is not None else whole.parent
    fleet = above is not None and (root / "fleet.yaml").exists()
    return Folder(root=str(root), hosts=(str(whole.relative_to(root)),), has_fleet=fleet, single=True)


def _hosts(root: Path, folder: Path, seen: tuple[Path, ...], problems: list[Problem]) -> Iterator[str]:
    """Host files below `folder`; `seen` are the real folders on the way, so that a loop of links is noticed."""
    if len(seen) > MAX_DEPTH:
        message = f"folders stand in one another more than {MAX_DEPTH} deep; what is below is not read."
        problems.append(_problem(root, folder, "INV011", message, "Move the hosts up."))
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name) if folder.is_dir() else []
    except OSError as error:
        problems.append(_problem(root, folder, "INV002", f"the folder cannot be read: {error.strerror}."))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or (entry.is_symlink() and not _link_is_fine(root, path, seen, problems)):
            continue
        if entry.is_dir():
            yield from _hosts(root, path, (*seen, path.resolve()), problems)
        elif path.suffix == HOST_SUFFIX:
            yield str(path.relative_to(root))
        elif path.suffix.lower() in {".yml", ".yaml"}:
            message = "host files end in .yaml; this one would not be read."
            problems.append(_problem(root, path, "INV021", message, f"Rename it to {path.stem}.yaml."))


def _link_is_fine(root: Path, path: Path, seen: tuple[Path, ...], problems: list[Problem]) -> bool:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        problems.append(_problem(root, path, "INV003", "this link leads nowhere or in a circle.", "Delete it."))
        return False
    if not real.is_relative_to(root):
        message = "this link leads out of the inventory folder."
        problems.append(_problem(root, path, "INV003", message, "Copy the file into the folder."))
        return False
    if real in {root, root / "hosts", *seen}:
        problems.append(_problem(root, path, "INV003", "this link leads to a folder that it lies in.", "Delete it."))
        return False
    return True


def strays(found: Folder, used: frozenset[str]) -> list[Problem]:
    """YAML files in the folder itself that nothing reads; `used` are those that hosts name."""
    root = Path(found.root)
    if found.single:
        return []
    passed_over = TOP_FILES | used
    files = sorted(path for path in root.iterdir() if path.suffix in {".yaml", ".yml"} and path.name not in passed_over)
    message = "this file is not read: only fleet.yaml and hosts/**/NAME.yaml are."
    return [
        _problem(root, path, "INV021", message, f"Move a host to hosts/{path.stem}.yaml.", "warning")
        for path in files
        if path.is_file()
    ]


class Files:
    """The bytes of the files of one folder. Real paths of the folders in it are remembered: many files share them."""

    def __init__(self, root: str) -> None:
        self.base = Path(root).resolve()
        self._real: dict[str, str] = {}

    def read(self, relative: str, limit: int = MAX_BYTES) -> bytes:
        """The bytes of a file inside the folder; Refused with the reason when it is not a readable file of it."""
        try:
            real = self._inside(relative)
            status = os.stat(real)  # noqa: PTH116 - a thousand files are read; pathlib costs as much as the reading.
            if not stat.S_ISREG(status.st_mode):
                raise self._refused(relative, "INV002", "this is not a regular file.")
            if status.st_size > limit:
                message = f"the file has {status.st_size} bytes; at most {limit} are read."
                raise self._refused(relative, "INV002", message)
            with open(real, "rb", buffering=0) as file:  # noqa: PTH123
                return file.read()
        except FileNotFoundError:
            raise self._refused(relative, "INV022", "there is no such file.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no file can have this name"
            raise self._refused(relative, "INV002", f"the file cannot be read: {reason}.") from None

    def _inside(self, relative: str) -> str:
        """The real path of a file; a last part that is no link needs only its folder's."""
        folder, name = os.path.split(relative)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(self.base / folder, strict=True)
        path = os.path.join(self._real[folder], name)  # noqa: PTH118
        if name in {"", ".", ".."} or os.path.islink(path):  # noqa: PTH114
            path = os.path.realpath(path, strict=True)
        if not path.startswith(f"{str(self.base).rstrip('/')}/"):
            raise self._refused(relative, "INV022", "this file lies outside of the inventory folder.")
        return path

    def _refused(self, relative: str, code: str, message: str) -> Refused:
        return Refused(_problem(self.base, self.base / relative, code, message))


def read(root: str, relative: str) -> bytes:
    """One file of the folder `root`, as Files.read gives it."""
    return Files(root).read(relative)


def _problem(
    root: Path, path: Path, code: str, message: str, hint: str | None = None, severity: str = "error"
) -> Problem:
    file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    level = "warning" if severity == "warning" else "error"
    return Problem(code=code, severity=level, file=file, message=message, hint=hint)
