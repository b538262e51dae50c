"""The NVIDIA driver: declared and observed, resolved for a host, and the packages, files and changes it takes."""

from schema.driver.change import changes
from schema.driver.files import NOUVEAU, PERSISTENCED, files
from schema.driver.model import DkmsModule, DriverSpec, DriverState, Flavour, Module, Service
from schema.driver.names import family, matched
from schema.driver.packages import is_locked, lead, pins, removals, target, top, wanted, wants_fabric_manager
from schema.driver.resolve import ResolvedDriver, resolve

__all__ = [
    "NOUVEAU",
    "PERSISTENCED",
    "DkmsModule",
    "DriverSpec",
    "DriverState",
    "Flavour",
    "Module",
    "ResolvedDriver",
    "Service",
    "changes",
    "family",
    "files",
    "is_locked",
    "lead",
    "matched",
    "pins",
    "removals",
    "resolve",
    "target",
    "top",
    "wanted",
    "wants_fabric_manager",
]
