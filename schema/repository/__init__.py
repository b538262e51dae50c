"""apt: mirrors declared; packages, sources and keys observed; the source, key and files that a host should have."""

from schema.repository.change import changes
from schema.repository.files import CUDA_SOURCE, files, rivals, signer
from schema.repository.key import VendorKey, vendor_key
from schema.repository.model import (
    AptState,
    FileState,
    Key,
    KeySpec,
    MirrorsSpec,
    OwnedFile,
    Package,
    ProxySpec,
    RepositoryMirror,
    Source,
)

__all__ = [
    "CUDA_SOURCE",
    "AptState",
    "FileState",
    "Key",
    "KeySpec",
    "MirrorsSpec",
    "OwnedFile",
    "Package",
    "ProxySpec",
    "RepositoryMirror",
    "Source",
    "VendorKey",
    "changes",
    "files",
    "rivals",
    "signer",
    "vendor_key",
]
