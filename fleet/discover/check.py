"""Whether a host file declares its machine as it is: read in its folder as any file, and compared with the snapshot."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from schema import load, plan
from schema.errors import Problem
from schema.host import HostSpec
from schema.plan import Plan
from schema.snapshot import Snapshot

# What a file of a host may name, beside fleet.yaml with its groups.
PARTS = ("keys", "environments")


class Verdict(NamedTuple):
    """`problems` are the host's errors and warnings; `plan` is None where errors keep the file from being compared."""

    spec: HostSpec | None
    problems: tuple[Problem, ...]
    plan: Plan | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def clean(self) -> bool:
        """Valid, nothing that a run would change, and nothing that is not as declared."""
        differs = self.plan is None or any(one.code == "GPU190" for one in self.plan.findings)
        return self.plan is not None and self.plan.empty and not self.errors and not differs


def verdict(folder: Path, file: str, files: Mapping[str, str], snapshot: Snapshot) -> Verdict:
    """What `fleet validate` and `fleet drift` would say of hosts/NAME.yaml (`file`) once `files` are written."""
    name = Path(file).stem
    with _copy(folder, files) as copy:
        found = load.read(copy)
    spec = found.hosts.get(name)
    mine = tuple(problem for problem in found.problems if problem.host == name)
    return Verdict(spec, mine, plan.diff(spec, snapshot) if spec is not None else None)


@contextmanager
def _copy(folder: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """A folder of the same name with the same groups, the files that hosts may name, and no other host."""
    with tempfile.TemporaryDirectory(prefix="gpufleet.") as made:
        copy = Path(made) / (folder.resolve().name or "inventory")
        copy.mkdir()
        for part in PARTS:
            if (folder / part).is_dir():
                shutil.copytree(folder / part, copy / part, symlinks=True)
        if (folder / "fleet.yaml").is_file():
            shutil.copyfile(folder / "fleet.yaml", copy / "fleet.yaml")
        for name, text in files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(text.encode("utf-8"))
        yield copy
