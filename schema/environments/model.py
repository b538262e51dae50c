"""conda environments as declared; `schema.load` reads the files they name, so that a spec is whole without them."""

import functools
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from schema.model import Channel, Model, Name, RelativePath, Sha256, Url, UserName, no_credentials_within

# A PEP 508 requirement, which may hold a marker after ';': printable, no shell or option character at its start.
Requirement = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ \[\]<>=!~,*|+:@/;'\"()-]*$", max_length=256),
    AfterValidator(no_credentials_within),
]


def _no_package_file(value: str) -> str:
    """conda takes "https://.../x.conda" and "x.tar.bz2" for files, and installs them without looking at a hash."""
    if "://" not in value and ".conda" not in value and ".tar.bz2" not in value:
        return value
    name = value.rsplit("::", 1)[-1]
    if "://" in name or re.search(r"\.(conda|tar\.bz2)\s*(\[|$)", name):
        raise ValueError("a package's file is installed from a lock only, with its hash; write NAME=VERSION here")
    return value


# A conda match specification; ';' means nothing in it
# (https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html#package-match-specifications).
MatchSpec = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ \[\]<>=!~,*|+:@/'\"()-]*$", max_length=256),
    AfterValidator(no_credentials_within),
    AfterValidator(_no_package_file),
]
# A line of a requirements file: a requirement with its hashes, which `schema.content.requirements` has read.
RequirementLine = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ \[\]<>=!~,*|+:@/;'\"()#&%-]*$", max_length=8192),
]


class PipIndex(Model):
    """An extra package index, and the packages that may come from it; `chosen`: `auto` stands for it."""

    url: Url
    packages: tuple[Name, ...] = ()
    chosen: bool = False


class PipSpec(Model):
    """`auto`: packages that come from the index that suits the host, which stands last (schema/choose)."""

    packages: tuple[Requirement, ...] = ()
    requirements: RelativePath | None = None
    indexes: tuple[PipIndex, ...] = ()
    lines: tuple[RequirementLine, ...] = Field(
        default=(), description="lines of the requirements file, filled in by schema.load"
    )
    auto: tuple[Name, ...] = ()

    @property
    def written(self) -> tuple[PipIndex, ...]:
        """The indexes that are written down."""
        return tuple(index for index in self.indexes if not index.chosen)

    @property
    def wanted(self) -> tuple[str, ...]:
        return self.packages + self.lines


ExplicitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$", max_length=128)]
# A version ("1!2.0+cu126") or a build string of conda (conda's CEP 20 and CEP 26).
ExplicitPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+!~=*]+$", max_length=128)]


class ExplicitPackage(Model):
    """One line of an explicit lock: a package URL with its hash; `size` in bytes where it is known."""

    url: Url
    name: ExplicitName
    version: ExplicitPart
    build: ExplicitPart
    sha256: Sha256 | None = None
    md5: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    size: int | None = None


class PinnedPackage(Model):
    """One Python package as pip was resolved to: any of the wheels with these hashes, and nothing else.

    `index` is the declared index that it comes from alone, None for the host's main index; `url` is set where the
    requirement itself names the wheel. `size` in bytes is that of the largest of the wheels, where it is known.
    """

    name: Name
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+!_-]*$", max_length=64)
    hashes: tuple[Sha256, ...] = Field(min_length=1)
    index: Url | None = None
    url: Url | None = None
    size: int | None = None


class EnvironmentSpec(Model):
    python: str | None = Field(default=None, pattern=r"^[0-9]+(\.[0-9]+){0,2}$")
    channels: tuple[Channel, ...] = ("conda-forge",)
    packages: tuple[MatchSpec, ...] = ()
    pip: PipSpec = PipSpec()
    file: RelativePath | None = None
    lock: RelativePath | None = None
    explicit: tuple[ExplicitPackage, ...] = Field(
        default=(), description="the lock's packages, filled in by schema.load"
    )
    pinned: tuple[PinnedPackage, ...] | None = Field(
        default=None, description="pip's packages as fleet.lock has them, None where it does not answer"
    )
    owner: UserName | None = None
    kernel: bool = False
    exact: bool = False


Environment = EnvironmentSpec | Literal["absent"]


@functools.lru_cache(maxsize=1 << 14)
def requirement_name(requirement: str) -> str:
    """The name in "Scikit_Learn>=1.5", "conda-forge::numpy=2" or "torch[opt]==2.8.0", normalised as in PEP 503; conda
    has names that begin with an underscore, such as _libgcc_mutex.
    """
    bare = requirement.rsplit("::", 1)[-1]
    name = re.match(r"[A-Za-z0-9_][A-Za-z0-9._-]*", bare)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else ""
