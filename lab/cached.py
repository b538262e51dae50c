"""Folders that are built once and kept in the cache, under a name that holds a hash of all they come from."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from lab import paths

# Long enough that no lab that is up still has an old folder bound into its hosts.
KEEP_SECONDS = 7 * 24 * 3600


def sources(*names: str) -> list[bytes]:
    """The bytes of files beside this module, to hash."""
    return [(Path(__file__).parent / name).read_bytes() for name in names]


def folder(name: str, made_from: Iterable[bytes], build: Callable[[Path], None]) -> Path:
    """The cached folder `name`-HASH; `build` fills a temporary one first, so that no half folder stays behind."""
    digest = hashlib.sha256()
    for part in made_from:
        digest.update(hashlib.sha256(part).digest())
    target = paths.cache() / f"{name}-{digest.hexdigest()[:16]}"
    if target.is_dir():
        return target
    paths.cache().mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=paths.cache()))
    try:
        build(scratch)
        scratch.chmod(0o755)
        _settle(scratch, target)
        _sweep(name, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _settle(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        # Another process built the same folder meanwhile; its bytes come from the same sources.
        if not target.is_dir():
            raise


def _sweep(name: str, newest: Path) -> None:
    """Remove what older sources made, and what a killed build left."""
    for old in [*newest.parent.glob(f"{name}-*"), *newest.parent.glob(f".{name}-*")]:
        if old != newest and old.is_dir() and time.time() - old.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
