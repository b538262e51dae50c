"""The keys of the inventory, read off the models: which a mapping may have, and what each may be, in words."""

import functools
import types
import typing
from collections.abc import Iterable
from typing import Annotated, Literal, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from schema import connection, cuda, cudnn, environments, host, repository
from schema.model import Model

# Filled in by `schema.load` or by a short spelling; nobody writes them.
HIDDEN: frozenset[tuple[type[Model], str]] = frozenset(
    [
        (host.HostSpec, "name"),
        (host.HostSpec, "ca_pem"),
        (host.HostSpec, "locked"),
        (host.Accepted, "shared"),
        (connection.ConnectionSpec, "local"),
        (cuda.CudaSpec, "absent"),
        (cuda.CudaSpec, "auto"),
        (cuda.CudaSpec, "chosen"),
        (cudnn.CudnnSpec, "versions"),
        (cudnn.CudnnSpec, "auto"),
        (cudnn.CudnnSpec, "only"),
        (cudnn.CudnnSpec, "chosen"),
        (environments.EnvironmentSpec, "explicit"),
        (environments.EnvironmentSpec, "pinned"),
        (environments.PipSpec, "lines"),
        (environments.PipSpec, "auto"),
        (environments.PipIndex, "chosen"),
        (repository.KeySpec, "armoured"),
    ]
)
Annotation = object

# What a text of each pattern is, with an example: shown instead of the regular expression.
PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', with a letter or digit first",
    r"^[a-z_][a-z0-9_-]*\$?$": "a user name such as ubuntu: lower-case letters, digits, '_' and '-'",
    r"^[0-9][A-Za-z0-9.+:~-]*$": "a package version such as 6.8.0-51.52",
    r"^[0-9]+(\.[0-9]+)*$": "numbers with dots between, such as 580.95.05 or 9.10.2",
    r"^[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?$": "a CUDA version such as 12.9",
    r"^[0-9]{2}\.[0-9]{1,2}(\.[0-9]{1,2})?$": "a release of L4T such as 36.4",
    r"^[0-9]+(\.[0-9]+){0,2}$": "a Python version such as 3.11",
    r"^(auto|[1-9][0-9]{2})$": "auto or a branch number such as 580",
    r"^0[0-7]{3}$": 'a mode such as "0755"',
    r"^[0-9a-f]{64}$": "64 digits of 0-9 and a-f",
    r"^[0-9a-f]{32}$": "32 digits of 0-9 and a-f",
    r"^[0-9A-F]{40}$": "40 digits of 0-9 and A-F without spaces",
    r"^[0-9a-f]{4}:[0-9a-f]{4}$": "a PCI id such as 10de:1b80",
    r"^[A-Z]{3}[0-9]{3}$": "a code such as GPU120",
    r"^[a-z0-9][a-z0-9.-]*$": "a kernel flavour such as generic or generic-hwe-24.04",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of an environment variable such as GPUFLEET_SUDO",
    r"^/[A-Za-z0-9._+@/-]*$": "an absolute path such as /opt/conda, of letters, digits and . _ + @ -",
    r"^[A-Za-z0-9._][A-Za-z0-9._+@/-]*$": "a path inside the inventory folder, such as keys/site.asc",
    r"^[A-Za-z0-9][A-Za-z0-9.:%_-]*$": "a host name or an IP address",
    r"^[A-Za-z0-9._~/][A-Za-z0-9._+@%=,~ /-]*$": "a path such as ~/.ssh/id_ed25519, or one inside the inventory folder",
    r"^(https?://)?[A-Za-z0-9][A-Za-z0-9._/:@~-]*$": "a channel's name such as conda-forge, or its URL",
    r"^[^\x00-\x1f\x7f]+$": "a text in one line",
    r"^[A-Za-z0-9][A-Za-z0-9._ \[\]<>=!~,*|+:@/;'\"()-]*$": "a requirement of pip such as torch==2.8.0",
    r"^[A-Za-z0-9][A-Za-z0-9._ \[\]<>=!~,*|+:@/'\"()-]*$": "a conda package such as numpy or numpy>=1.26",
    r"^[A-Za-z0-9.*:\[][A-Za-z0-9.*:_/\[\]-]*$": "a host, a domain such as .example.org, or a network",
    r"^[A-Za-z0-9][A-Za-z0-9 ._/()+-]*$": "a GPU's name such as GTX 1080, or H100 SXM",
}
URL_WORDS = "a URL such as https://mirror.example/path, without spaces or quotes"
DEFAULT_WORDS = "text without shell characters, with a letter or digit first"


@functools.cache
def visible(model: type[Model]) -> dict[str, FieldInfo]:
    """The keys a user may write in a mapping of this kind, in the order of the model."""
    return {name: info for name, info in model.model_fields.items() if (model, name) not in HIDDEN}


@functools.cache
def annotation(model: type[Model], field: str) -> Annotation:
    """A field's type with its constraints, which pydantic keeps apart."""
    info = model.model_fields[field]
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


@functools.cache
def options(kind: Annotation) -> tuple[Annotation, ...]:
    """The members of a union without None, each with the constraints of the whole; one for anything else."""
    union, constraints = bare(kind), get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    if not _is_union(union):
        return (kind,)
    members = [member for member in get_args(union) if member is not types.NoneType]
    return tuple(Annotated[member, *constraints] if constraints else member for member in members)


def _is_union(kind: Annotation) -> bool:
    return get_origin(kind) in {typing.Union, types.UnionType}


@functools.cache
def bare(kind: Annotation) -> Annotation:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


@functools.cache
def as_model(kind: Annotation) -> type[Model] | None:
    plain = bare(kind)
    return plain if isinstance(plain, type) and issubclass(plain, Model) else None


@functools.cache
def item(kind: Annotation) -> Annotation | None:
    """X of tuple[X, ...], None for anything else."""
    plain = bare(kind)
    return get_args(plain)[0] if get_origin(plain) is tuple else None


@functools.cache
def entry(kind: Annotation) -> tuple[Annotation, Annotation] | None:
    """K and V of dict[K, V], None for anything else."""
    plain = bare(kind)
    if get_origin(plain) is not dict:
        return None
    key, value = get_args(plain)
    return key, value


def inner_models(kind: Annotation) -> tuple[type[Model], ...]:
    """The models that a value of this kind may hold: itself, the entries of a list, the values of a mapping."""
    found: tuple[type[Model], ...] = ()
    for option in options(kind):
        model, one, pair = as_model(option), item(option), entry(option)
        found += (model,) if model is not None else ()
        found += inner_models(one) if one is not None else ()
        found += inner_models(pair[1]) if pair is not None else ()
    return found


@functools.cache
def adapter(kind: Annotation) -> TypeAdapter[object]:
    # pydantic checks at run time which kinds it takes.
    return TypeAdapter(kind)  # type: ignore[arg-type]


def _strings(members: Iterable[object]) -> list[str]:
    return [str(member).lower() if isinstance(member, bool) else str(member) for member in members]


@functools.cache
def choices(kind: Annotation) -> tuple[str, ...]:
    """The words that a value may be, () where it is not a choice between words."""
    found: list[str] = []
    for option in options(kind):
        plain = bare(option)
        if get_origin(plain) is Literal:
            found += _strings(get_args(plain))
        elif plain is bool:
            found += ["true", "false"]
    return tuple(found)


@functools.cache
def words(kind: Annotation) -> str:
    """What a value may be: "open, proprietary or auto", "a list", "a mapping with the keys ..."."""
    found = list(choices(kind))
    for option in options(kind):
        model = as_model(option)
        if model is not None:
            found += ["the word local"] if model is connection.ConnectionSpec else []
            found.append(f"a mapping with the keys {', '.join(visible(model))}")
        elif item(option) is not None:
            found.append("a list")
        elif entry(option) is not None:
            found.append("a mapping by name")
        elif not choices(option):
            found.append(_text_words(option))
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def _text_words(kind: Annotation) -> str:
    plain = bare(kind)
    if plain is int:
        return "a whole number"
    if getattr(plain, "__name__", "") == "date":
        return "a date such as 2027-01-31"
    wanted = pattern(kind)
    if wanted is None:
        return "text"
    return URL_WORDS if wanted.startswith("^(https?|file)") else PATTERNS.get(wanted, DEFAULT_WORDS)


def pattern(kind: Annotation) -> str | None:
    """The regular expression a text must match, in a StringConstraints or in a FieldInfo's own list of constraints."""
    for constraint in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
        for holder in (constraint, *getattr(constraint, "metadata", ())):
            if isinstance(getattr(holder, "pattern", None), str):
                return str(holder.pattern)
    return None
