"""fleet.lock as a file: the same lock is always the same text, and the file is whole or the old one."""

import os
import stat
import tempfile
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
    """Replace the lock in the inventory folder, keeping its mode. Raises RunError; the old one then stays."""
    path = (root / NAME).resolve()
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{NAME}.", delete=False) as partial:
            try:
                partial.write(content.encode())
                partial.flush()
                os.fchmod(partial.fileno(), mode)
                os.fsync(partial.fileno())
                Path(partial.name).replace(path)
            except BaseException:
                Path(partial.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError("RUN305", f"cannot write {path}: {reason}", hint="mend that, then run it again") from error


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
