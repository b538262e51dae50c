"""Explicit locks: "@EXPLICIT" and one package URL a line, with its hash
(https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html#building-identical-conda-environments).
"""

import re

from pydantic import ValidationError

from schema.content.reader import refused
from schema.environments import ExplicitPackage

# A URL of 2,048 characters, as everywhere in an inventory, and its hash.
MAX_LINE = 2200
LINE = re.compile(
    r"(?P<url>\S+/(?P<name>[A-Za-z0-9._]+(?:-[A-Za-z0-9._]+)*)-(?P<version>[^-/\s]+)-(?P<build>[^-/\s]+)"
    r"\.(?:conda|tar\.bz2))(?:#(?:sha256:)?(?P<hash>[0-9a-f]+))?"
)


def packages(text: str, file: str) -> tuple[ExplicitPackage, ...]:
    """The packages in the order of the file; raises Refused, for packages without a hash too."""
    found, marked = [], False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line == "@EXPLICIT":
            marked = True
            continue
        if not marked:
            hint = "Write it with conda list --explicit --sha256."
            raise refused("INV025", file, number, "the line @EXPLICIT is missing before the packages.", hint)
        found.append(_package(line, file, number))
    if not found:
        raise refused("INV025", file, 1, "the lock holds no package.", "Write it with conda list --explicit --sha256.")
    return tuple(found)


def _package(line: str, file: str, number: int) -> ExplicitPackage:
    match = LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if match is None:
        message = "this is not the URL of a conda package (.../NAME-VERSION-BUILD.conda)."
        raise refused("INV025", file, number, message)
    digest = match["hash"] or ""
    if len(digest) not in {32, 64}:
        hint = "Write the lock with conda list --explicit --sha256."
        raise refused("INV025", file, number, f"{match['name']} has no md5 or sha256 after '#'.", hint)
    values = {key: match[key] for key in ("url", "name", "version", "build")}
    try:
        return ExplicitPackage.model_validate({**values, "sha256" if len(digest) == 64 else "md5": digest})
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise refused("INV025", file, number, f"the URL of {match['name']} is refused: {reason}.") from None
