"""uv's answer: a lock of wheels with their hashes (PEP 751, pylock.toml)."""

import tomllib
from collections.abc import Iterator

from pydantic import ValidationError

from fleet.solve import refusal_pip
from schema.environments import PinnedPackage
from schema.model import Model


class Archive(Model, extra="ignore"):
    """A file of a package; of a source distribution nothing is used."""

    url: str
    size: int | None = None
    hashes: dict[str, str] = {}


class Row(Model, extra="ignore"):
    name: str
    version: str | None = None
    wheels: tuple[Archive, ...] = ()
    archive: Archive | None = None


class Lock(Model, extra="ignore"):
    packages: tuple[Row, ...] = ()


def read(environment: str, text: str) -> Iterator[PinnedPackage]:
    """The packages by name. Raises RunError for one without a wheel or a sha256, and for text that is no lock."""
    try:
        lock = Lock.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise refusal_pip.unreadable(environment, str(error)) from None
    for row in sorted(lock.packages, key=lambda item: item.name):
        files = (row.archive,) if row.archive is not None else row.wheels
        digests = sorted({file.hashes["sha256"] for file in files if "sha256" in file.hashes})
        if not files or len([file for file in files if "sha256" in file.hashes]) < len(files):
            raise refusal_pip.unhashed(environment, row.name, row.version or "")
        sizes = [file.size for file in files]
        try:
            yield PinnedPackage(
                name=row.name,
                version=row.version or "",
                hashes=tuple(digests),
                url=row.archive.url if row.archive is not None else None,
                size=max((size for size in sizes if size is not None), default=None) if None not in sizes else None,
            )
        except ValidationError as error:
            raise refusal_pip.unreadable(environment, str(error)) from None
