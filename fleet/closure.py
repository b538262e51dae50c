"""Which packages an apt transaction would bring, by a repository's index: a forecast, not apt's own verdict."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from debian.deb822 import Packages
from debian.debian_support import Version

from schema.model import within


@dataclass(frozen=True)
class Entry:
    """One version of a package; `size` and `installed` in bytes; `depends` groups of alternatives."""

    name: str
    version: str
    size: int
    installed: int
    depends: tuple[tuple[tuple[str, str, str], ...], ...]
    provides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """A package asked for: any version, one `within` a branch ("580", "12.9"), or `exact`ly this upstream version."""

    name: str
    within: str | None = None
    exact: str | None = None

    def admits(self, version: str) -> bool:
        upstream = version.split(":", 1)[-1]
        if self.exact is not None:
            return version == self.exact or upstream.rsplit("-", 1)[0] == self.exact
        return self.within is None or within(upstream, self.within)


Index = Mapping[str, tuple[Entry, ...]]


def parse(text: bytes) -> Index:
    """A Packages file as entries by name, newest first."""
    found: dict[str, list[Entry]] = {}
    for paragraph in Packages.iter_paragraphs(text.splitlines(), use_apt_pkg=False):
        entry = _entry(paragraph)
        found.setdefault(entry.name, []).append(entry)
    return {name: tuple(sorted(entries, key=_newest, reverse=True)) for name, entries in found.items()}


def _newest(entry: Entry) -> Version:
    return Version(entry.version)


def _entry(paragraph: Packages) -> Entry:
    groups = paragraph.relations
    needs = [*(groups.get("pre-depends") or ()), *(groups.get("depends") or ())]
    depends = tuple(tuple(_alternative(one) for one in group) for group in needs)
    provides = tuple(str(one["name"]) for group in groups.get("provides") or () for one in group)
    return Entry(
        name=str(paragraph["Package"]),
        version=str(paragraph["Version"]),
        size=int(paragraph.get("Size", 0)),
        installed=int(paragraph.get("Installed-Size", 0)) * 1024,  # Debian Policy 5.6.20: in units of 1024 bytes.
        depends=depends,
        provides=provides,
    )


def _alternative(relation: Mapping[str, object]) -> tuple[str, str, str]:
    version = relation.get("version")
    operator, bound = version if isinstance(version, tuple) else ("", "")
    return str(relation["name"]), str(operator), str(bound)


def satisfies(version: str, operator: str, bound: str) -> bool:
    """Debian Policy 7.1's five relations; no operator admits every version."""
    if not operator:
        return True
    left, right = Version(version), Version(bound)
    verdicts = {"=": left == right, ">=": left >= right, "<=": left <= right, ">>": left > right, "<<": left < right}
    return verdicts.get(operator, False)


def resolve(
    index: Index,
    requests: Iterable[Request],
    installed: Mapping[str, str],
    matched: Callable[[str], bool] = lambda _name: False,
) -> dict[str, Entry]:
    """What would be installed or change version: the newest admitted version of each request, and what it needs.

    Packages for which `matched` is true move as one set: those that are needed take the first request's upstream
    version where it is there, as our pins make them. Packages that this repository does not carry (the distribution's
    own) are left out. Raises `KeyError` with the name of a request that no version answers.
    """
    chosen: dict[str, Entry] = {}
    pending: list[Entry] = []
    for request in requests:
        entry = next((entry for entry in index.get(request.name, ()) if request.admits(entry.version)), None)
        if entry is None:
            raise KeyError(request.name)
        pending.append(entry)
    lead = next((_upstream(entry) for entry in pending if matched(entry.name)), None)

    def settled(entry: Entry) -> Entry:
        versions = index.get(entry.name, ()) if matched(entry.name) else ()
        return next((other for other in versions if _upstream(other) == lead), entry)

    while pending:
        entry = pending.pop()
        if entry.name in chosen:
            continue
        chosen[entry.name] = entry
        pending.extend(settled(one) for one in _needed(index, entry, chosen, installed))
    return {name: entry for name, entry in chosen.items() if installed.get(name) != entry.version}


def _upstream(entry: Entry) -> str:
    return entry.version.split(":", 1)[-1].rsplit("-", 1)[0]


def _needed(index: Index, entry: Entry, chosen: Mapping[str, Entry], installed: Mapping[str, str]) -> list[Entry]:
    found = []
    for group in entry.depends:
        if any(_present(one, chosen, installed) for one in group):
            continue
        candidates = (candidate for one in group for candidate in _candidates(index, one))
        best = next(candidates, None)
        if best is not None:
            found.append(best)
    return found


def _present(one: tuple[str, str, str], chosen: Mapping[str, Entry], installed: Mapping[str, str]) -> bool:
    name, operator, bound = one
    if name in chosen:
        return satisfies(chosen[name].version, operator, bound)
    if any(name in entry.provides for entry in chosen.values()):
        return True
    return name in installed and satisfies(installed[name], operator, bound)


def _candidates(index: Index, one: tuple[str, str, str]) -> list[Entry]:
    name, operator, bound = one
    return [entry for entry in index.get(name, ()) if satisfies(entry.version, operator, bound)]
