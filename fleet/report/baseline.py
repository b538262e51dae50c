"""--baseline: an earlier report read again, and what is different since: new, gone, and become another."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from fleet.errors import RunError
from fleet.report.model import (
    Baseline,
    ChangePair,
    FindingPair,
    HostDifference,
    HostReport,
    Report,
)
from schema.change import Change
from schema.errors import Finding
from schema.health import COMPUTE

AGAIN = "give the file that fleet drift -o FILE.json wrote, or leave --baseline out"
# A look came about, and what was asked for was not seen.
UNDECIDED = frozenset({"RUN236", "RUN400"})
NUMBER = re.compile(r"[0-9]+")
Key = tuple[object, ...]
Item = TypeVar("Item", bound="Change | Finding")


def read(file: Path) -> Report:
    """An earlier report; keys that this program does not know are ignored. Raises RunError (RUN411, RUN412, RUN413)."""
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError("RUN411", f"cannot read the baseline {file}: {reason}", hint=AGAIN) from error
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        what = "it is empty" if not content.strip() else f"{error}"
        raise RunError("RUN412", f"the baseline {file} is no whole JSON document: {what}", hint=AGAIN) from error
    if not isinstance(document, dict) or not isinstance(document.get("hosts"), list):
        raise RunError("RUN412", f"the baseline {file} is no drift report: it has no list of hosts", hint=AGAIN)
    if document.get("version") != 1:
        found = f"the baseline {file} is a report of version {document.get('version')!r}"
        raise RunError("RUN413", f"{found}; this program reads version 1", hint=AGAIN)
    try:
        return Report.model_validate(document, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunError(
            "RUN412", f"the baseline {file} is no drift report: {where}: {first['msg']}", hint=AGAIN
        ) from None


def check(old: Report, file: Path, names: Collection[str]) -> None:
    """Raises RunError (RUN414) when none of the inventory's hosts, `names`, is in the baseline."""
    if old.hosts and not {host.host for host in old.hosts} & set(names):
        of = f" of {old.inventory!r}" if old.inventory else ""
        raise RunError(
            "RUN414",
            f"the baseline {file} is a report{of} that has none of this inventory's hosts",
            evidence=f"its hosts: {_few(host.host for host in old.hosts)}\nthe inventory's: {_few(names)}",
            hint="give a report of the same inventory",
        )


def _few(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


def compare(old: Report, hosts: Iterable[HostReport], names: Collection[str]) -> Baseline:
    """What is different; `names` are all hosts of the inventory, whether they were chosen or not."""
    then, names = {host.host: host for host in old.hosts}, frozenset(names)
    listed = list(hosts)
    today = {host.host for host in listed}
    found = [(host, difference(then[host.host], host)) for host in listed if host.host in then]
    return Baseline(
        time=old.time,
        added=tuple(host.host for host in listed if host.host not in then),
        removed=tuple(name for name in then if name not in today and name not in names),
        hosts=tuple(made for _, made in found if made is not None),
        same=sum(made is None for _, made in found),
        left_out=sum(name not in today and name in names for name in then),
    )


def difference(old: HostReport, new: HostReport) -> HostDifference | None:
    """None where a host is as it was. Nothing of a host that one of the looks did not reach is new or gone."""
    comparable = _looked(old) and _looked(new)
    changes = tuple(_changes(old.changes, new.changes)) if comparable else ()
    findings = tuple(_findings(*_asked(old, new))) if comparable else ()
    hidden = tuple(name for name in _unseen(new, old) if name not in old.not_seen) if comparable else ()
    if old.status == new.status and not (changes or findings or hidden):
        return None
    return HostDifference(
        host=new.host,
        before=old.status,
        after=new.status,
        comparable=comparable,
        changes=changes,
        findings=findings,
        not_seen=hidden,
        error=new.error,
    )


def _looked(host: HostReport) -> bool:
    """Whether a look came about: one that did not decide the host (RUN236, RUN400) did."""
    return host.error is None or host.error.code in UNDECIDED


def _asked(old: HostReport, new: HostReport) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that both looks could have: a smoke test's only where both were deep."""
    if (old.compute is None) == (new.compute is None):
        return old.findings, new.findings
    plain = [tuple(item for item in one.findings if not item.code.startswith(COMPUTE)) for one in (old, new)]
    return plain[0], plain[1]


def _unseen(new: HostReport, old: HostReport) -> tuple[str, ...]:
    return (*new.not_seen, "compute") if old.compute is not None and new.compute is None else new.not_seen


def _changes(old: tuple[Change, ...], new: tuple[Change, ...]) -> Iterator[ChangePair]:
    """By concern and item; a cause, and how much it disrupts, make no other difference of it."""
    keys = (lambda item: (*_place(item), item.observed, item.desired), _place)
    for before, after in _paired(old, new, keys):
        yield ChangePair(before=before, after=after)


def _place(item: Change) -> Key:
    return item.concern, item.item


def _findings(old: tuple[Finding, ...], new: tuple[Finding, ...]) -> Iterator[FindingPair]:
    """By code and message; then those whose severity or acceptance, or else only a number in the message, is another.

    Evidence alone, such as a time or a counter, makes no other finding of it.
    """
    for before, after in _paired(old, new, (_exactly, _in_words, _but_for_numbers)):
        yield FindingPair(before=before, after=after)


def _paired(
    old: Iterable[Item], new: Iterable[Item], keys: tuple[Callable[[Item], Key], ...]
) -> list[tuple[Item | None, Item | None]]:
    """What is not the same by the first key: pairs by the others in turn, then what is new, then what is gone."""
    then, now = list(old), list(new)
    pairs: list[tuple[Item | None, Item | None]] = []
    for key in keys:
        for item in tuple(now):
            before = next((one for one in then if key(one) == key(item)), None)
            if before is not None:
                then.remove(before)
                now.remove(item)
                pairs += [(before, item)] if key is not keys[0] else []
    return [*pairs, *((None, item) for item in now), *((item, None) for item in then)]


def _exactly(item: Finding) -> Key:
    return item.code, item.severity, item.accepted, item.message


def _in_words(item: Finding) -> Key:
    return item.code, item.message


def _but_for_numbers(item: Finding) -> Key:
    return item.code, NUMBER.sub("#", item.message)
