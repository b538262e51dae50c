"""Signed indices, each read once per run and many at a time; one that is older than the lock's is refused."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue

import requests

from fleet import closure, index, log
from fleet.closure import Index
from fleet.errors import RunError
from fleet.index import Release, Repository, UnknownIndex
from fleet.lock.place import COMPONENTS, Place

AT_ONCE = 8
HINTS = {
    "RUN300": "look at the address, proxy and ca_bundle in the inventory, then run the same command again",
    "RUN301": "find out who changed it before anything else; a mirror's own key is declared in mirrors.cuda.keys",
    "RUN302": "wait until the mirror has finished its update, then run the same command again",
    "RUN303": "let the mirror catch up; where going back is meant: mv fleet.lock fleet.lock.old, then fleet lock",
    "RUN306": "without its key an index cannot be trusted; see the reason above",
}


@dataclass(frozen=True)
class Read:
    """An index with what its signature says: `date` is InRelease's, the newest of several suites'."""

    place: Place
    index: Index
    date: str
    fingerprints: tuple[str, ...]


def read(
    places: Iterable[Place], before: Mapping[str, str], told: Callable[[str], None] = lambda _text: None
) -> dict[str, Read]:
    """The indices by the repository's name; `before` has the date of each in the lock. Raises RunError."""
    wanted = list(dict.fromkeys(places))
    done: list[str] = []

    def one(place: Place) -> Read:
        found = _one(place, before.get(place.name))
        done.append(place.name)
        told(f"{len(done)} of {len(wanted)} indices read")
        return found

    # All end before the first error is told: the sorted first is always the same.
    results = _at_once(one, wanted)
    errors = [result for result in results if isinstance(result, Exception)]
    if errors:
        raise errors[0]
    return {result.place.name: result for result in results if isinstance(result, Read)}


def _at_once(function: Callable[[Place], Read], places: list[Place]) -> list[Read | Exception]:
    """`function` of each, in their order. The threads are no part of the process's end: Ctrl-C waits for no mirror."""
    found: dict[str, Read | Exception] = {}
    waiting: SimpleQueue[Place] = SimpleQueue()
    for place in places:
        waiting.put(place)

    def work() -> None:
        with suppress(Empty):
            while True:
                place = waiting.get_nowait()
                found[place.name] = _guarded(function, place)

    threads = [threading.Thread(target=work, daemon=True) for _ in places[:AT_ONCE]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[place.name] for place in places]


def _guarded(function: Callable[[Place], Read], place: Place) -> Read | Exception:
    try:
        return function(place)
    except UnknownIndex as error:
        return RunError(error.code, str(error), hint=HINTS.get(error.code, HINTS["RUN300"]))
    except Exception as error:
        # Raised again where the run ends, with its log.
        return error


def _one(place: Place, before: str | None) -> Read:
    trusted = place.trusted()
    parts, releases = [], []
    with index.session(trusted) as opened:
        for suite in place.suites:
            folder = replace(trusted, url=f"{place.url}/{suite}".rstrip("/"))
            release = index.release(opened, folder)
            fresh(folder.url, release)
            releases.append(release)
            parts += [parsed(opened, folder, release, name, place.debian) for name in files(place, release, folder)]
    newest = max(releases, key=lambda item: item.date or datetime.min.replace(tzinfo=UTC))
    not_older(place.url, newest, before)
    return Read(place, closure.merged(parts), newest.date_text, trusted.fingerprints)


def files(place: Place, release: Release, folder: Repository) -> list[str]:
    """The Packages files to read, without their endings. Raises UnknownIndex where there are none."""
    if place.source == "nvidia":
        return ["Packages"]
    named = [f"{component}/binary-{place.debian}/Packages" for component in COMPONENTS]
    found = [name for name in named if any(name + ending in release.files for ending in index.ENDINGS)]
    if not found:
        text = f"{folder.url}: InRelease names no packages of main or restricted for {place.debian}"
        raise UnknownIndex(text, "RUN302")
    return found


def parsed(opened: requests.Session, folder: Repository, release: Release, name: str, architecture: str) -> Index:
    text = index.packages(opened, folder, release, name, log.cache_folder() / "index")
    return closure.parse(text, (architecture, "all"))


def fresh(url: str, release: Release) -> None:
    """Valid-Until is the signer's own word on how long an index counts; a snapshot's is over, and meant to be."""
    if release.until is not None and release.until < datetime.now(tz=UTC) and "snapshot." not in url:
        raise UnknownIndex(f"{url}: InRelease was valid until {release.until:%Y-%m-%d %H:%M} UTC", "RUN303")


def moment(text: str) -> datetime | None:
    """A date as Release files write it; None for anything else."""
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


def not_older(url: str, release: Release, before: str | None) -> None:
    """Raises UnknownIndex where a repository shows an older state than the lock was made from."""
    last = moment(before or "")
    if last is None:
        return
    if release.date is None:
        raise UnknownIndex(f"{url}: InRelease has no date, fleet.lock was made from one of {before}", "RUN303")
    if release.date < last:
        text = f"{url}: InRelease is of {release.date_text}, fleet.lock was made from a newer one, of {before}"
        raise UnknownIndex(text, "RUN303")
