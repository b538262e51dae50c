"""The base of every model, and the validated kinds of text that may reach a shell, a path or a URL."""

import functools
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Model(BaseModel):
    """A frozen value that refuses unknown keys; pyinfra's JSON encoder (3.10, `pyinfra.api.util`) calls `to_json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    def to_json(self) -> dict[str, object]:
        return self.model_dump(mode="json")


# The Filesystem Hierarchy Standard 3.0's own folders: an installer aimed at one of them would damage the host.
SYSTEM_FOLDERS = frozenset(
    [
        "bin",
        "boot",
        "dev",
        "etc",
        "home",
        "lib",
        "lib64",
        "media",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr",
        "var",
        "usr/bin",
        "usr/lib",
        "usr/local",
        "usr/sbin",
        "usr/share",
        "var/cache",
        "var/lib",
        "var/log",
    ]
)
SYSTEM_TREES = frozenset({"boot", "dev", "etc", "proc", "sys"})


def _no_traversal(value: str) -> str:
    if ".." in value.split("/") or "//" in value:
        raise ValueError("'..' and '//' are not allowed in a path")
    if value.startswith("/") and "." in value.split("/"):
        raise ValueError("'.' is not allowed between the slashes of a path")
    return value


def _not_a_system_folder(value: str) -> str:
    bare = value.strip("/")
    if not bare or bare in SYSTEM_FOLDERS or bare.split("/")[0] in SYSTEM_TREES:
        raise ValueError("this folder belongs to the system; choose one of its own, such as /opt/conda")
    return f"/{bare}"  # Paths below it are compared as text with those observed.


def _no_credentials(value: str) -> str:
    # RFC 3986 3.2.1 (user information), and the /t/TOKEN/ of anaconda.org's private channels.
    if "@" in value.split("//", 1)[-1].split("/", 1)[0] or re.search(r"/t/[^/]+(/|$)", value):
        raise ValueError("a URL with credentials in it is not allowed")
    return value


def no_credentials_within(value: str) -> str:
    """A text that may hold a URL, as "NAME @ https://..." of PEP 508 does."""
    return _no_credentials(value) if "://" in value else value


def _printable(value: str) -> str:
    # Spaces that do not break a line, and the wide one of Chinese and Japanese, are no tricks.
    if not value.translate(dict.fromkeys((0xA0, 0x202F, 0x3000), " ")).isprintable():
        raise ValueError("characters that cannot be seen are not allowed")
    return value


def _stays_inside(value: str) -> str:
    if not value.startswith(("/", "~")) and ".." in value.split("/"):
        raise ValueError("a relative path has to stay in the inventory folder")
    return value


# A leading letter or digit keeps each of these from being read as an option by any program.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=253)]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]*\$?$", max_length=32)]
# Debian Policy 5.6.1: package names.
PackageName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$", max_length=128)]
# Debian Policy 5.6.12: characters of a version.
PackageVersion = Annotated[str, StringConstraints(pattern=r"^[0-9][A-Za-z0-9.+:~-]*$", max_length=128)]
DottedVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=32)]
Path = Annotated[
    str,
    StringConstraints(pattern=r"^/[A-Za-z0-9._+@/-]*$", max_length=1024),
    AfterValidator(_no_traversal),
]
Prefix = Annotated[Path, AfterValidator(_not_a_system_folder)]
RelativePath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._+@/-]*$", max_length=1024),
    AfterValidator(_no_traversal),
]
# A path on the controller: absolute, from the home folder, or inside the inventory folder.
LocalPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._~/][A-Za-z0-9._+@%=,~ /-]*$", max_length=1024),
    AfterValidator(_stays_inside),
]
Mode = Annotated[str, StringConstraints(pattern=r"^0[0-7]{3}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{40}$")]
Url = Annotated[
    str,
    StringConstraints(pattern=r"^(https?|file)://[A-Za-z0-9._~:/?#@!&()*+,;=%{}\[\]-]+$", max_length=2048),
    AfterValidator(_no_credentials),
]
# A conda channel: a name, or a URL.
Channel = Annotated[
    str,
    StringConstraints(pattern=r"^(https?://)?[A-Za-z0-9][A-Za-z0-9._/:@~-]*$", max_length=256),
    AfterValidator(_no_credentials),
]
# What no_proxy lists: a host, a domain with a leading dot or *, an address or a network.
HostPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.*:\[][A-Za-z0-9.*:_/\[\]-]*$", max_length=253)]
# Text that is only shown: no control characters, which could move a terminal's cursor.
Sentence = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=512),
    AfterValidator(_printable),
]
PciId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]


@functools.lru_cache(maxsize=1 << 14)
def version_key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison: "12.10" is newer than "12.9"; () where it starts with none."""
    # int() refuses more than 4,300 digits, and a host may say anything for a version.
    leading = re.match(r"[0-9]+(\.[0-9]+)*", version[:256])
    return tuple(int(part) for part in leading.group().split(".")) if leading else ()


def within(version: str, wanted: str) -> bool:
    """Whether `version` is `wanted` or a refinement of it: "9.10.2.21-1" is within "9.10.2", "9.10.21" is not."""
    key = version_key(wanted)
    return version_key(version)[: len(key)] == key
