"""Which parts of a lock `--update` renews: by package, environment or concern, or all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schema.environments.model import requirement_name
from schema.lock.model import LockedEnvironment
from schema.lock.names import concern_of

CONCERNS = ("driver", "cuda", "cudnn", "conda", "environments")


@dataclass
class Update:
    """`names` () with `everything` renews all; `hit` collects the names that meant something."""

    names: frozenset[str] = frozenset()
    everything: bool = False
    hit: set[str] = field(default_factory=set)

    def _any(self, candidates: Iterable[str]) -> bool:
        found = self.names.intersection(candidates)
        self.hit |= found
        return self.everything or bool(found)

    def concern(self, name: str) -> bool:
        """Whether a whole concern is renewed, its choices of `auto` too."""
        return self._any((name, name.split(".", 1)[0], name.removeprefix("environments.")))

    def set(self, name: str, packages: Iterable[str]) -> bool:
        return self._any((name, concern_of(name), *packages))

    def environment(self, name: str, locked: LockedEnvironment | None) -> bool:
        inside = [item.name for item in locked.packages] if locked is not None else []
        inside += [item.name for item in locked.pip] if locked is not None else []
        names = {*inside, *(requirement_name(name) for name in inside)}
        return self._any(("environments", name, f"environments.{name}", *names))

    def installer(self, distribution: str) -> bool:
        """An installer has one version, which is declared: renewing it takes its sha256 from our data again."""
        return self._any(("conda", distribution))

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(sorted(self.names - self.hit))
