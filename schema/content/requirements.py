"""requirements.txt: one requirement a line (https://pip.pypa.io/en/stable/reference/requirements-file-format)."""

import itertools
import posixpath
import re
import shlex
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from schema.content.reader import Reader, refused
from schema.environments import Requirement

MAX_INCLUDES = 100
# A path of NAME_MAX bytes (Linux, limits.h) is enough for any.
MAX_NAME = 255
HASH = re.compile(r"--hash=sha(256|384|512):[0-9a-f]{64,128}$")
OPTIONS = {
    (
        "-i",
        "--index-url",
        "--extra-index-url",
    ): "Write the index under pip.indexes with the packages that come from it.",
    ("-f", "--find-links", "--no-index", "--trusted-host"): "Write mirrors.pypi or pip.indexes instead.",
    ("-e", "--editable"): "Build a wheel and put it on an index; a path of this machine is not on the host.",
    ("-c", "--constraint"): "Write the exact versions in the requirements themselves.",
    (
        "--pre",
        "--prefer-binary",
        "--no-binary",
        "--only-binary",
        "--require-hashes",
        "--use-feature",
    ): "Delete the line.",
}
_adapter: TypeAdapter[str] = TypeAdapter(Requirement)


def lines(file: str, reader: Reader) -> tuple[str, ...]:
    """The requirements in the file and in those it includes with -r, without comments; raises Refused."""
    return _lines(file, reader, (), itertools.count())


def _lines(file: str, reader: Reader, including: tuple[str, ...], reads: Iterator[int]) -> tuple[str, ...]:
    """`reads` counts over all files: twenty that include the next one twice would be read a million times."""
    if file in including:
        raise refused("INV024", file, 1, "the file includes itself.", "Delete the -r line.")
    if next(reads) > MAX_INCLUDES:
        raise refused("INV024", file, 1, f"more than {MAX_INCLUDES} files are included.", "Put them into one file.")
    found: list[str] = []
    for number, line in _logical(reader.text(file)):
        include = re.fullmatch(r"(?:-r|--requirement)[ =]*(\S+)", line)
        if include:
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(file), include[1]))
            if len(inner) > MAX_NAME:
                raise refused(
                    "INV024", file, number, f"the name of a file that is included has {len(inner)} characters."
                )
            if inner.startswith(("../", "/")):
                raise refused("INV022", file, number, "this includes a file outside of the inventory folder.")
            found += _lines(inner, reader, (*including, file), reads)
        else:
            found.append(checked(line, file, number))
    return tuple(found)


def _logical(text: str) -> list[tuple[int, str]]:
    """Lines joined at a trailing backslash, without comments and empty ones, with the number of their first."""
    found: list[tuple[int, str]] = []
    waiting, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if waiting else number
        line = re.sub(r"(^|\s)#.*$", "", raw)
        if line.rstrip().endswith("\\"):
            waiting += line.rstrip()[:-1] + " "
            continue
        if (waiting + line).strip():
            found.append((start, (waiting + line).strip()))
        waiting = ""
    return [*found, (start, waiting.strip())] if waiting.strip() else found


def checked(line: str, file: str, number: int) -> str:
    """One requirement, with `--hash=` options after it if it has any; raises Refused for anything else."""
    if line.startswith("-"):
        option = re.split(r"[\s=]", line, maxsplit=1)[0]
        hint = next((text for names, text in OPTIONS.items() if option in names), "Delete the line.")
        raise refused("INV024", file, number, f"the option {option} is not supported in requirements.", hint)
    if re.match(r"[./~]|file:|git\+|hg\+|svn\+|bzr\+|https?:", line) or re.match(r"\S+\.(whl|zip|tar\.gz)(\s|$)", line):
        hint = "Put the package on an index, and name it and its version here."
        raise refused("INV024", file, number, "a path or a URL of a package is not supported.", hint)
    requirement, *hashes = (part.strip() for part in re.split(r"\s(?=--)", line))
    if any(not HASH.match(one) for one in hashes):
        raise refused("INV024", file, number, "only --hash=sha256:... is supported after a requirement.")
    bare = requirement.split("@", 1)
    if len(bare) == 2 and not re.fullmatch(r"\s*https://[^@\s]+#sha256=[0-9a-f]{64}", bare[1]):
        hint = "Name an index and a version, or add #sha256=HASH to an https URL."
        raise refused("INV024", file, number, "a URL without a sha256 is not supported.", hint)
    try:
        _adapter.validate_python(requirement)
    except ValidationError:
        raise refused("INV024", file, number, f"got {shlex.quote(line)[:80]}, which is not a requirement.") from None
    return line
