"""What the page's scripts read: hosts by name, and each distinct detail, set of versions and repeated text once."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fleet.report import group
from fleet.report.html import columns, shown
from fleet.report.model import HostReport, Report

# What differs between hosts that are told alike; the rest of a host's report is its detail.
OWN = {"host", "facts", "groups", "seen", "last_seen", "seconds", "compute"}
# What a smoke test measured is each GPU's own; its number is in the JSON.
COMPUTE = {"compute": {"results": {"__all__": {"uuid", "number"}}}}
# A text of so many characters is written once where it occurs twice; a reference to it takes two to four.
WORTH_SHARING = 6


class Fold(NamedTuple):
    """Hosts that are told alike: `detail` is their report in the documented JSON's shape, HOST for their names.

    Folds of the same `kind` differ in numbers alone: the place of a GPU, an address, evidence.
    """

    names: tuple[str, ...]
    detail: dict[str, object]
    kind: int


class Told(NamedTuple):
    """All of the hosts' details: `folds`, and by the place of a host in the report that of its fold."""

    folds: tuple[Fold, ...]
    places: tuple[int, ...]


def folded(report: Report) -> Told:
    """Hosts by their detail, in the order of the report."""
    details, kinds = _Table(), _Table()
    names: list[list[str]] = []
    kind_of: list[int] = []
    places = []
    for host in report.hosts:
        place = details.place(_detail(host))
        if place == len(names):
            names.append([])
            kind_of.append(kinds.place(repr(group.key(host))))
        names[place].append(shown.text(host.host))
        places.append(place)
    made = zip(names, details.rows, kind_of, strict=True)
    folds = tuple(Fold(tuple(hosts), detail, kind) for hosts, detail, kind in made if isinstance(detail, dict))
    return Told(folds, tuple(places))


def _detail(host: HostReport) -> dict[str, object]:
    return _named(host.model_dump(mode="json", exclude=OWN, exclude_defaults=True), host.host)


def each_text(value: object, change: Callable[[str], str]) -> object:
    """A copy of a JSON value with `change` made to every text in it; the keys of mappings are only made visible."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {shown.text(key): each_text(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [each_text(one, change) for one in value]
    return value


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, without the keys of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)


def payload(report: Report, told: Told) -> dict[str, object]:
    """The page's data. A row of `hosts`: name, its places in `details`, `facts` (or null) and `groups`, seen, seconds,
    last seen where it was not seen, and what its GPUs computed. `kinds`: of each detail its kind.

    `repeated` has the texts that occur more than once: REPEATED and a place in hexadecimal stands for one, but in
    `time` and `columns`.
    """
    facts, groups = _Table(), _Table()
    rows = [_row(host, place, facts, groups) for host, place in zip(report.hosts, told.places, strict=True)]
    whole = {
        "hosts": rows,
        "details": [fold.detail for fold in told.folds],
        "kinds": [fold.kind for fold in told.folds],
        "facts": facts.rows,
        "groups": groups.rows,
        "since": since(report),
    }
    return {"time": report.time, "columns": [list(column) for column in columns.COLUMNS], **_shared(whole)}


def _row(host: HostReport, place: int, facts: "_Table", groups: "_Table") -> list[object]:
    """Without the nulls at its end."""
    row = [
        shown.text(host.host),
        place,
        facts.place([list(cell) for cell in columns.cells(host.facts)]) if host.facts is not None else None,
        groups.place([shown.text(name) for name in host.groups]),
        host.seen,
        host.seconds,
        host.last_seen if host.seen is None else None,
        _computed(host),
    ]
    while row[-1] is None:
        row.pop()
    return row


def _computed(host: HostReport) -> object:
    dumped = host.model_dump(mode="json", include={"compute"}, exclude=COMPUTE, exclude_defaults=True)
    return _named(dumped, host.host).get("compute")


def since(report: Report) -> object:
    """What is different since the baseline, in the documented shape, HOST for each host's name; None without one."""
    if report.baseline is None:
        return None
    dumped = report.baseline.model_dump(mode="json", exclude_defaults=True, exclude={"hosts"})
    hosts = [
        {
            **_named(host.model_dump(mode="json", exclude={"host"}, exclude_defaults=True), host.host),
            "host": shown.text(host.host),
        }
        for host in report.baseline.hosts
    ]
    return {**_named(dumped, ""), "hosts": hosts}


def _named(value: dict[str, object], name: str) -> dict[str, object]:
    changed = each_text(value, lambda text: shown.without(name, shown.cut(shown.text(text))))
    return changed if isinstance(changed, dict) else {}


class _Table:
    """Distinct JSON values and their places."""

    def __init__(self) -> None:
        self.rows: list[object] = []
        self._places: dict[str, int] = {}

    def place(self, value: object) -> int:
        place = self._places.setdefault(shown.embedded(value), len(self.rows))
        if place == len(self.rows):
            self.rows.append(value)
        return place


def _shared(whole: dict[str, object]) -> dict[str, object]:
    """The data with each repeated text in `repeated` once, the most frequent first as their references are shortest."""
    counted = Counter(one for one in texts(whole) if len(one) >= WORTH_SHARING)
    repeated = [text for text, count in counted.most_common() if count > 1]
    references = {text: f"{shown.REPEATED}{place:x}" for place, text in enumerate(repeated)}
    return {
        **{key: each_text(value, lambda text: references.get(text, text)) for key, value in whole.items()},
        "repeated": repeated,
    }
