"""fleet.lock: exact versions for the whole fleet, and what of them each host obeys."""

from schema.lock.model import (
    Choice,
    Lock,
    Locked,
    LockedEnvironment,
    LockedHosts,
    LockedInstaller,
    LockedPackage,
    LockedRepository,
)

__all__ = [
    "Choice",
    "Lock",
    "Locked",
    "LockedEnvironment",
    "LockedHosts",
    "LockedInstaller",
    "LockedPackage",
    "LockedRepository",
]
