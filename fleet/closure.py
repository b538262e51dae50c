"""Which packages an apt transaction would bring, by a repository's index: a forecast, not apt's own verdict."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from debian.debian_support import Version

from schema.model import within

Relation = tuple[str, str, str]
# Debian Policy 7.1: a name, an architecture qualifier, a version, and lists of architectures and build profiles.
RELATION = re.compile(r"^\s*([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*([<>=]+)\s*([^\s)]+)\s*\))?")
FIELD = re.compile(r"^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One version of a package; `size` and `installed` in bytes; `needs` and `offers` as they are written.

    Relations are read when they are asked for: an index has thousands of packages, a set some dozens.
    """

    name: str
    version: str
    size: int
    installed: int
    architecture: str = "all"
    sha256: str = ""
    needs: str = ""
    offers: str = ""

    @cached_property
    def depends(self) -> tuple[tuple[Relation, ...], ...]:
        """Groups of alternatives: name, operator and version."""
        groups = (group for group in self.needs.split(",") if group.strip())
        return tuple(tuple(one for text in group.split("|") if (one := _relation(text))) for group in groups)

    @cached_property
    def provides(self) -> tuple[str, ...]:
        return tuple(one[0] for text in self.offers.split(",") if (one := _relation(text)))


def _relation(text: str) -> Relation | None:
    found = RELATION.match(text)
    return (found[1], found[2] or "", found[3] or "") if found else None


@dataclass(frozen=True)
class Request:
    """A package asked for: any version, one `within` a branch ("580", "12.9"), or `exact`ly this upstream version.

    `build` must be part of the version where it is given.
    """

    name: str
    within: str | None = None
    exact: str | None = None
    build: str | None = None

    def admits(self, version: str) -> bool:
        if self.build is not None and self.build not in version:
            return False
        upstream = version.split(":", 1)[-1]
        if self.exact is not None:
            return version == self.exact or upstream.rsplit("-", 1)[0] == self.exact
        return self.within is None or within(upstream, self.within)


Index = Mapping[str, tuple[Entry, ...]]


def parse(text: bytes, architectures: Iterable[str] = ()) -> Index:
    """A Packages file as entries by name, newest first; of these architectures only, where some are given.

    A paragraph without a name or a version is passed over.
    """
    wanted, found = frozenset(architectures), dict[str, list[Entry]]()
    for paragraph in re.split(r"\n[ \t]*\n", text.decode("utf-8", "replace")):
        entry = _entry({match[1].lower(): match[2] for match in FIELD.finditer(paragraph)})
        if entry is not None and (not wanted or entry.architecture in wanted):
            found.setdefault(entry.name, []).append(entry)
    return {name: newest_first(entries) for name, entries in found.items()}


def merged(indices: Iterable[Index]) -> Index:
    """Several indices, of the pockets of a release, as one."""
    found: dict[str, list[Entry]] = {}
    for index in indices:
        for name, entries in index.items():
            found.setdefault(name, []).extend(entries)
    return {name: newest_first(dict.fromkeys(entries)) for name, entries in found.items()}


def newest_first(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    listed = list(entries)
    return tuple(listed if len(listed) < 2 else sorted(listed, key=lambda entry: Version(entry.version), reverse=True))


def _entry(fields: Mapping[str, str]) -> Entry | None:
    name, version = fields.get("package", "").strip(), fields.get("version", "").strip()
    if not name or not re.fullmatch(r"[0-9][A-Za-z0-9.+:~-]*", version):
        return None
    return Entry(
        name=name,
        version=version,
        size=_number(fields.get("size")),
        installed=_number(fields.get("installed-size")) * 1024,  # Debian Policy 5.6.20: in units of 1024 bytes.
        architecture=fields.get("architecture", "all").strip(),
        sha256=fields.get("sha256", "").strip().lower(),
        needs=", ".join(fields[key] for key in ("pre-depends", "depends") if fields.get(key)),
        offers=fields.get("provides", ""),
    )


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.strip().isdigit() else 0


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


def _present(one: Relation, chosen: Mapping[str, Entry], installed: Mapping[str, str]) -> bool:
    name, operator, bound = one
    if name in chosen:
        return satisfies(chosen[name].version, operator, bound)
    if any(name in entry.provides for entry in chosen.values()):
        return True
    return name in installed and satisfies(installed[name], operator, bound)


def _candidates(index: Index, one: Relation) -> list[Entry]:
    name, operator, bound = one
    return [entry for entry in index.get(name, ()) if satisfies(entry.version, operator, bound)]
