"""The Debian archive that this machine itself uses: read from its apt configuration, named in no file."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from lab import process
from lab.errors import LabError

APT = Path("/etc/apt")
SUITES = frozenset({"bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"})


def debian() -> str:
    """URL of the archive, or GPUFLEET_LAB_MIRROR where that is set; raises `LabError` where there is neither."""
    chosen = os.environ.get("GPUFLEET_LAB_MIRROR")
    if chosen:
        return chosen
    for path in [*sorted(APT.glob("sources.list.d/*")), APT / "sources.list"]:
        text = path.read_text(errors="replace") if path.is_file() else ""
        for url, suites in deb822(text) if path.suffix == ".sources" else one_line(text):
            if SUITES & set(suites):
                return url
    raise LabError(
        "No Debian archive in this machine's apt sources (/etc/apt), and the lab's hosts are made from one. "
        "Name one: GPUFLEET_LAB_MIRROR=http://… (and install debian-archive-keyring)."
    )


def deb822(text: str) -> Iterator[tuple[str, list[str]]]:
    """(URL, suites) of each stanza of a .sources file with the component main; sources.list(5)."""
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        pairs = re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", "\n".join(lines), re.MULTILINE)
        fields = {key.lower(): value.split() for key, value in pairs}
        usable = "deb" in fields.get("types", []) and "main" in fields.get("components", [])
        if usable and fields.get("enabled", ["yes"])[0].lower() not in {"no", "false", "0"}:
            yield from ((url, fields.get("suites", [])) for url in fields.get("uris", []))


def one_line(text: str) -> Iterator[tuple[str, list[str]]]:
    """(URL, [suite]) of each `deb [options] URL SUITE main` line; sources.list(5)."""
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.partition("#")[0]).split()
        if len(words) > 3 and words[0] == "deb" and "main" in words[3:]:
            yield words[1], [words[2]]


def proxy_options() -> list[str]:
    """Proxy lines of this machine's apt configuration, as mmdebstrap does not read them by itself."""
    lines = process.run("apt-config", "dump").splitlines()
    return [line for line in lines if re.match(r'Acquire::(http|https)::Proxy\S* "[^"]+";$', line)]
