"""conda-meta/history: the file that marks an environment, and what it was asked for."""

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import rattler


def append(
    prefix: Path,
    before: Sequence[rattler.RepoDataRecord],
    after: Sequence[rattler.RepoDataRecord],
    specs: Sequence[str],
    verb: str,
) -> None:
    """Add one block in conda's form: date, command, what went, what came, what was asked for."""
    old, new = {_line(record) for record in before}, {_line(record) for record in after}
    lines = [f"==> {time.strftime('%Y-%m-%d %H:%M:%S')} <==", f"# cmd: {' '.join(sys.argv)}"]
    lines += [f"-{line}" for line in sorted(old - new)] + [f"+{line}" for line in sorted(new - old)]
    if specs:
        lines.append(f"# {'remove' if verb == 'remove' else 'update'} specs: {list(specs)!r}")
    path = prefix / "conda-meta/history"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as history:
        history.write("\n".join(lines) + "\n")


def _line(record: rattler.RepoDataRecord) -> str:
    return (
        f"{str(record.channel).rstrip('/')}/{record.subdir}::{record.name.normalized}-{record.version}-{record.build}"
    )


def specs(prefix: Path) -> list[str]:
    """The specs that hold: the last one asked for by name, without those removed since."""
    path = prefix / "conda-meta/history"
    wanted: dict[str, str] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        asked = re.match(r"# (\w+) specs: (\[.*\])$", line)
        if not asked:
            continue
        for spec in re.findall(r"'([^']+)'|\"([^\"]+)\"", asked[2]):
            text = spec[0] or spec[1]
            if asked[1] == "remove":
                wanted.pop(name(text), None)
            else:
                wanted[name(text)] = text
    return list(wanted.values())


def name(spec: str) -> str:
    """The package name in `conda-forge::numpy[version=2]` or `python=3.11`."""
    bare = spec.rsplit("::", 1)[-1].strip()
    found = re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", bare)
    return found.group().lower() if found else bare
