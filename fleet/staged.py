"""Several files of a folder written together: all of them, or none."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fleet.errors import RunError


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by their paths inside `folder`, over those that are there. Raises RunError, and has changed nothing
    then.
    """
    made: list[Path] = []
    try:
        with _beside(folder, made) as stage:
            for name, text in files.items():
                part = stage / "in" / name
                part.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(text.encode("utf-8"))
            _move(folder, sorted(files), stage, made)
    except OSError as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()
        reason = error.strerror or type(error).__name__
        hint = "name a folder that you may write in"
        raise RunError("RUN230", f"cannot write {folder}: {reason}", state="nothing was written", hint=hint) from error


@contextlib.contextmanager
def _beside(folder: Path, made: list[Path]) -> Iterator[Path]:
    """A folder on the same file system, so that a rename is one step."""
    _make(folder, made)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".gpufleet.") as name:
        yield Path(name)


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it; `made` gets those that were not there."""
    if not folder.is_dir():
        if folder.parent != folder:
            _make(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def _move(folder: Path, names: list[str], stage: Path, made: list[Path]) -> None:
    """Rename each file into its place; what was there waits in `stage`, and returns when one of them fails."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for number, name in enumerate(names):
            target, kept = folder / name, None
            _make(target.parent, made)
            if os.path.lexists(target):
                kept = stage / f"kept-{number}"
                shutil.copy2(target, kept, follow_symlinks=False)
            (stage / "in" / name).replace(target)
            done.append((target, kept))
    except OSError:
        for target, kept in reversed(done):
            with contextlib.suppress(OSError):
                target.unlink() if kept is None else kept.replace(target)
        raise
