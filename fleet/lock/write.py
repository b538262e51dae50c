"""fleet.lock as a file: the same lock is always the same text, and the file is whole or the old one."""

import fcntl
import os
import stat
from pathlib import Path

import yaml

from fleet.errors import RunError
from schema.lock.model import Lock
from schema.lock.read import NAME

HEADER = """\
# Written by fleet lock; keep it in version control beside the inventory, and do not edit it by hand.
# Apply and drift hold hosts to these versions and hashes. To renew: fleet lock --update [NAME]. Format: docs/lock.md
"""


class Flow(dict[str, object]):
    """A mapping on one line: one package is one line, so that version control shows what moved."""


class Dumper(yaml.CSafeDumper):
    """Without aliases: what is the same twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


Dumper.add_representer(
    Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)


def text(lock: Lock) -> str:
    """The file's text, keys in a fixed order and no time of its own."""
    plain = lock.model_dump(mode="json", exclude_none=True)
    for repository in plain["repositories"].values():
        repository["sets"] = {
            name: {package: Flow(row) for package, row in sorted(one.items())}
            for name, one in sorted(repository["sets"].items())
        }
    for environment in plain["environments"].values():
        for key in ("packages", "pip"):
            environment[key] = [Flow(row) for row in environment[key]]
    for key in ("repositories", "installers", "environments"):
        plain[key] = dict(sorted(plain[key].items()))
    for group in plain["hosts"]:
        for key in ("choices", "sets", "environments"):
            if not group[key]:
                del group[key]
    body = {key: value for key, value in plain.items() if value not in ({}, [])}
    # Wider than any line: a folded line would change with the length of a neighbour.
    return HEADER + yaml.dump(body, Dumper=Dumper, sort_keys=False, width=10_000, allow_unicode=True)


def write(root: Path, content: str) -> None:
    """Replace the lock in the inventory folder, keeping its mode. Raises RunError; the old one then stays.

    What a killed run leaves is one file of a fixed name, which the next run writes over.
    """
    path = (root / NAME).resolve()
    partial = path.with_name(f".{NAME}.partial")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(file, mode)
            os.ftruncate(file, 0)
            _all(file, content.encode())
            os.fsync(file)
            partial.replace(path)
        finally:
            os.close(file)
    except BlockingIOError as error:
        raise RunError("RUN305", f"another fleet lock is writing {path}", hint="wait for it, then try again") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError("RUN305", f"cannot write {path}: {reason}", hint="mend that, then run it again") from error


def _all(file: int, data: bytes) -> None:
    """write(2) may take a part."""
    while data:
        data = data[os.write(file, data) :]


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
