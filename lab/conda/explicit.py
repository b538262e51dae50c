"""Explicit lock files: @EXPLICIT, then package URLs with an optional hash, installed without a solve (CEP 23)."""

import asyncio
import hashlib
import re
import tempfile
from pathlib import Path

import rattler
from rattler import package_streaming

from lab.conda.errors import CondaError

# https://…/linux-64/numpy-2.1.3-py311h71ddf71_0.conda#sha256:…  or  …#<md5>
LINE = re.compile(r"(?P<url>\S+/(?P<subdir>[a-z0-9-]+)/(?P<file>[^/#\s]+\.(conda|tar\.bz2)))(#(?P<hash>\S+))?")


def is_explicit(path: Path) -> bool:
    return path.is_file() and any(line.strip() == "@EXPLICIT" for line in path.read_text().splitlines())


def records(path: Path) -> list[rattler.RepoDataRecord]:
    """One record per URL, read from the package itself after its hash was checked."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    urls = [line for line in lines if line and not line.startswith("#") and line != "@EXPLICIT"]
    with tempfile.TemporaryDirectory() as scratch:
        return [asyncio.run(_record(line, Path(scratch))) for line in urls]


async def _record(line: str, scratch: Path) -> rattler.RepoDataRecord:
    found = LINE.fullmatch(line)
    if not found:
        raise CondaError("ParseError", f"Could not parse explicit URL: {line}")
    archive = scratch / found["file"]
    try:
        await package_streaming.download_to_path(rattler.Client.default_client(), found["url"], archive)
    except Exception as problem:
        raise CondaError("CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{found['url']}>\n{problem}") from None
    _check(line, archive, found["hash"])
    local = await rattler.RepoDataRecord.from_package_archive(archive)
    local.url = found["url"]
    local.file_name = found["file"]
    local.channel = found["url"].rsplit("/", 2)[0]
    return local


def _check(line: str, archive: Path, expected: str | None) -> None:
    """A 32-digit hash is an md5, as conda writes it; one of 64 digits a sha256, with or without the word before it."""
    if not expected:
        return
    digits = re.sub(r"^(sha256|md5)[:=]", "", expected)
    # md5 is conda's own choice for explicit files; it guards against mix-ups only.
    kind = "sha256" if len(digits) == 64 else "md5"
    actual = hashlib.new(kind, archive.read_bytes(), usedforsecurity=False).hexdigest()
    if actual != digits:
        raise CondaError(
            "ChecksumMismatchError",
            "Conda detected a mismatch between the expected content and downloaded content\n"
            f"for url '{line.split('#')[0]}'.\n"
            f"  download saved to: {archive}\n  expected {kind}: {digits}\n  actual {kind}: {actual}",
        )
