"""The declared GPUs as the products that each may be; a rule refuses only what every meaning of a name breaks."""

import functools
from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from schema import compat
from schema.gpu import GpuSpec
from schema.host import HostSpec
from schema.once import once

T = TypeVar("T")


def joined(words: Iterable[str], last: str = "and") -> str:
    """ "A, B and C"."""
    *others, end = tuple(words) or ("",)
    return f"{', '.join(others)} {last} {end}" if others else end


class Kind(NamedTuple):
    """What versions depend on: a generation and the exact compute capability ("8.6")."""

    generation: compat.Architecture
    compute: str


class Card(NamedTuple):
    """A declared GPU by its position and the user's name; `models` are () where the data does not know it."""

    position: int
    name: str
    models: tuple[compat.GpuModel, ...]
    kinds: tuple[Kind, ...]


class Verdict(NamedTuple, Generic[T]):
    """GPUs that break a rule in the same way. `certain`: each meaning of their names does, by confirmed data.

    `kinds` has the meaning of each card that does.
    """

    cards: tuple[Card, ...]
    kinds: tuple[Kind, ...]
    reason: T
    certain: bool

    @property
    def names(self) -> str:
        """ "GTX 1080 (Pascal), V100 (Volta) and RTX 6000 (if Turing)"."""
        pairs = zip(self.cards, self.kinds, strict=True)
        return joined(
            f"{card.name} ({'if ' if len(card.kinds) > 1 else ''}{kind.generation.title})" for card, kind in pairs
        )

    @property
    def kind(self) -> Kind:
        return self.kinds[0]

    @property
    def doubt(self) -> str:
        """What to add to a hint where a name means several products: write which of them it is."""
        vague = [card for card in self.cards if len(card.kinds) > 1]
        if self.certain or not vague:
            return ""
        return f" {vague[0].name!r} can mean several products; write which: {joined(examples(vague[0]), 'or')}."


@once
def of(spec: HostSpec) -> tuple[Card, ...]:
    return _cards(spec.gpus or ())


@functools.lru_cache(maxsize=1024)
def _cards(gpus: tuple[GpuSpec, ...]) -> tuple[Card, ...]:
    found: dict[str, Card] = {}
    for index, gpu in enumerate(gpus):
        name = gpu.model or gpu.pci_id
        if name is not None and name not in found:
            models = _models(gpu)
            found[name] = Card(index, name, models, _kinds(models))
    return tuple(found.values())


def _models(gpu: GpuSpec) -> tuple[compat.GpuModel, ...]:
    by_id = compat.gpu_by_pci_id(gpu.pci_id) if gpu.pci_id is not None else None
    by_name = compat.gpus_by_name(gpu.model) if gpu.model is not None else ()
    return (by_id,) if by_id is not None else by_name


def _kinds(models: tuple[compat.GpuModel, ...]) -> tuple[Kind, ...]:
    pairs = dict.fromkeys((model.architecture, model.compute) for model in models)
    return tuple(Kind(row, compute) for name, compute in pairs if (row := compat.architecture(name)) is not None)


def against(spec: HostSpec, breaks: Callable[[Kind], T | None]) -> list[Verdict[T]]:
    """The GPUs that `breaks` gives a reason for, those with the same reason together."""
    found: dict[tuple[str, bool], Verdict[T]] = {}
    for card in of(spec):
        told = [(kind, reason) for kind in card.kinds if (reason := breaks(kind)) is not None]
        if not told:
            continue
        kind, reason = told[0]
        certain = len(told) == len(card.kinds) and all(one.generation.confirmed for one, _ in told)
        key = (str(reason), certain)
        cards, kinds = (found[key].cards, found[key].kinds) if key in found else ((), ())
        found[key] = Verdict((*cards, card), (*kinds, kind), reason, certain)
    return list(found.values())


def possible(spec: HostSpec, fits: Callable[[Kind], bool]) -> bool:
    """Whether every known GPU fits, under one meaning of its name at least."""
    return all(any(fits(kind) for kind in card.kinds) for card in of(spec) if card.kinds)


def examples(card: Card) -> list[str]:
    """One product for each kind that a vague name means: its name, or its PCI id where names are the same."""
    found = [
        next(model for model in card.models if (model.architecture, model.compute) == (row.name, compute))
        for row, compute in card.kinds
    ]
    if len({model.name for model in found}) == len(found):
        return [repr(model.name) for model in found]
    return [
        f'{{pci_id: "{model.pci_ids[0]}"}} ({row.title})' for model, (row, _) in zip(found, card.kinds, strict=True)
    ]
