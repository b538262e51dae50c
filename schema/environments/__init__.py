"""conda environments: declared, and how those on a host differ, package by package."""

from schema.environments.change import changes
from schema.environments.health import findings
from schema.environments.model import (
    Environment,
    EnvironmentSpec,
    ExplicitPackage,
    PinnedPackage,
    PipIndex,
    PipSpec,
    Requirement,
    requirement_name,
)

__all__ = [
    "Environment",
    "EnvironmentSpec",
    "ExplicitPackage",
    "PinnedPackage",
    "PipIndex",
    "PipSpec",
    "Requirement",
    "changes",
    "findings",
    "requirement_name",
]
