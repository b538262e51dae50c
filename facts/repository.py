"""apt and dpkg: packages, sources, keys, preferences, the files gpufleet owns, and what is unfinished."""

import base64
import binascii
import functools
import re
from typing import Literal

from facts import exclusions, probe, sources, text
from facts.fact import FactBase
from schema import openpgp
from schema.repository import AptState, FileState, Key, Package

NATIVE = {"all", "amd64", "arm64"}
# systemd(1): states of a unit that still works; its end is "inactive" or "failed".
# Paths of which the probe reads the whole; of others it asks the mode and the size only.
OWN = re.compile(r"gpufleet[^/]*$|/\.condarc$")
RUNNING = {"active", "activating", "deactivating", "reloading"}
# Preferences of others count when they name NVIDIA's packages or where these come from.
NVIDIA = re.compile(r"nvidia|cuda|cudnn", re.IGNORECASE)


class Apt(FactBase[AptState]):
    """apt and dpkg.

    `{"packages": {"nvidia-open-580": {"name": "nvidia-open-580", "version": "580.95.05-0ubuntu1", "state": "ii ",
    "architecture": "amd64", "origin": "nvidia"}}, "sources": [{"file": ..., "uris": [...], "suites": [...],
    "signed_by": ..., "enabled": true}], "keys": [{"path": ..., "fingerprints": [...]}], "preferences": [...], "files":
    {PATH: {"path": PATH, "content": ..., "mode": "0644", "owner": "root"}}, "exclusions": ["nvidia-"],
    "unattended_upgrades": true, "upgrade_origins": ["${distro_id}:${distro_codename}-security"], "upgrade_days": 1,
    "upgrade_timer": "enabled", "upgraded_unattended": true, "trusted": [], "sha1_allowed": false, "from_the_future":
    [], "interrupted": false, "transaction": "none"}`; a package of a foreign architecture is listed as
    "NAME:ARCHITECTURE". `prefix` is conda's, whose .condarc is listed when gpufleet wrote it.
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(("repository",), probe.prefix(prefix))

    def process(self, output: list[str]) -> AptState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> AptState:
    """apt and dpkg in one run of the probe."""
    packages = _packages(found.of("repository/packages"))
    unattended = packages.pop("unattended-upgrades", None)
    files = _files(found)
    read = probe.texts(found, "repository/sources").files
    told = "\n".join(found.of("repository/exclusions"))
    notes = {word for word, _ in found.words("repository/dpkg")}
    unit = found.value("repository/dpkg", "transaction") or ""
    return AptState(
        packages=packages,
        sources=sources.parse({path: file for path, file in read.items() if path.startswith("/etc/apt/sources")}),
        keys=_keys(found),
        trusted=tuple(rest for word, rest in found.words("repository/dpkg") if word == "trusted"),
        sha1_allowed="sha1" in notes,
        from_the_future=tuple(rest for word, rest in found.words("repository/dpkg") if word == "future")[:5],
        preferences=tuple(
            FileState(path=path, content=content, mode="", owner="")
            for path, content in read.items()
            if path.startswith("/etc/apt/preferences") and NVIDIA.search(content) and "gpufleet" not in path
        ),
        files=files,
        exclusions=exclusions.parse(told),
        upgrade_origins=exclusions.origins(told),
        upgrade_days=exclusions.days(told) if found.status.get("repository/exclusions") == "0" else None,
        upgrade_timer=found.value("repository/exclusions", "timer") or "",
        upgraded_unattended=found.value("repository/exclusions", "ran") is not None,
        unattended_upgrades=unattended is not None and unattended.installed,
        interrupted="interrupted" in notes,
        transaction="running" if unit.removeprefix("ActiveState=") in RUNNING else "none",
    )


def unseen(found: probe.Sections) -> frozenset[str]:
    """The sections with a file in them that this user may not read."""
    names = ("repository/sources", "repository/files")
    return frozenset(name for name in names if probe.texts(found, name).denied)


def _packages(lines: tuple[str, ...]) -> dict[str, Package]:
    packages = {}
    for line in lines:
        fields = line.split("\t")
        # A package dpkg has only heard of has no version.
        if len(fields) in {5, 6} and fields[1]:
            name, version, state, architecture, maintainer = fields[:5]
            key = name if architecture in NATIVE else f"{name}:{architecture}"
            packages[key] = Package(
                name=key,
                version=version,
                state=state,
                architecture=architecture,
                origin=_origin(maintainer),
                size_kib=text.number(fields[5]) if len(fields) == 6 else None,
            )
    return packages


@functools.lru_cache(maxsize=1024)
def _origin(maintainer: str) -> Literal["nvidia", "ubuntu"] | None:
    if re.search(r"@nvidia\.com", maintainer, re.IGNORECASE):
        return "nvidia"
    return "ubuntu" if re.search(r"@(lists\.)?ubuntu\.com|@canonical\.com", maintainer, re.IGNORECASE) else None


def _files(found: probe.Sections) -> dict[str, FileState]:
    """Owned files that could be read, whole: stat(1) says how long each is, so that a missing last line feed shows."""
    read = probe.texts(found, "repository/files")
    files = {}
    for line in found.of("repository/modes"):
        match = re.fullmatch(r"([0-7]{1,5}) (\S+) ([0-9]{1,9}) (/.*)", line)
        if match is None or match.group(4) in read.denied or not OWN.search(match.group(4)):
            continue
        mode, owner, size, path = match.groups()
        content = read.files.get(path, "")
        if len(content.encode()) == int(size) + 1:
            content = content.removesuffix("\n")
        # Installers write a .condarc of their own; only one with our name in it is ours.
        if not path.endswith("/.condarc") or "gpufleet" in content:
            files[path] = FileState(path=path, content=content, mode=mode[-4:].zfill(4), owner=owner)
    return files


def _keys(found: probe.Sections) -> tuple[Key, ...]:
    """Keyrings: a line `key PATH`, then the file in base64. One that cannot be read has no fingerprints."""
    modes = {words[3]: words[0] for line in found.of("repository/modes") if len(words := line.split(" ", 3)) == 4}
    keys: dict[str, Key] = {}
    path = ""
    for line in found.of("repository/keys"):
        if line.startswith("key /"):
            path = line.removeprefix("key ")
            keys[path] = Key(path=path, fingerprints=())
        elif path and line:
            keys[path] = Key(path=path, fingerprints=_fingerprints(line), expires=_expiries(line))
    seen = {path: mode for path, mode in modes.items() if re.fullmatch(r"[0-7]{1,5}", mode)}
    return tuple(key.model_copy(update={"mode": seen.get(key.path, "")}) for key in keys.values())


@functools.lru_cache(maxsize=64)
def _expiries(encoded: str) -> dict[str, int]:
    try:
        return openpgp.expiries(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return {}


@functools.lru_cache(maxsize=64)
def _fingerprints(encoded: str) -> tuple[str, ...]:
    try:
        return openpgp.fingerprints(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return ()
