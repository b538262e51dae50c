"""What apt's and dpkg's logs say of our packages, and when the host booted."""

import heapq
import itertools
import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from facts import clock, probe, revisions
from facts.fact import FactBase
from schema.history import BY_HAND, OWN, Action, HistoryState, Move, Transaction

ACTIONS: dict[str, Action] = {
    "Install": "install",
    "Upgrade": "upgrade",
    "Downgrade": "downgrade",
    "Remove": "remove",
    "Purge": "purge",
    "Reinstall": "reinstall",
}
# What stands in apt's "Commandline" of those who work through its library, or in a way of their own. ubuntu-drivers
# (UbuntuDrivers/detect.py) is the one that spells "DPkg::options" so.
KNOWN = (
    (OWN, "gpufleet"),
    ("unattended-upgrade", "unattended-upgrades"),
    ("packagekit role=", "PackageKit"),
    ("aptdaemon role=", "aptdaemon"),
    ("DPkg::options::=--force-confnew", "ubuntu-drivers"),
    ("synaptic", "Synaptic"),
)
NATIVE = re.compile(r":(all|amd64|arm64)$")
MOVE = re.compile(
    r"(?P<name>[a-z0-9][^\s:(]{0,127}(?::[a-z0-9]+)?) \((?P<first>[^\s,()]+)(?:, (?P<second>[^\s,()]+))?\)"
)
DPKG = re.compile(r"([0-9-]{10} [0-9:]{8}) (install|upgrade|remove|purge) (\S+) (\S+) (\S+)")
# What the probe itself keeps to; a host may print anything.
LINES, WIDTH = 4000, 400


class History(FactBase[HistoryState]):
    """The transactions of our package families that the logs still hold, newest first.

    `{"time": "2026-11-24T03:00:00+01:00", "booted": "2026-11-02T03:04:11+01:00", "transactions": [{"time":
    "2026-11-14T06:25:03+01:00", "ended": "2026-11-14T06:26:40+01:00", "command": "/usr/bin/unattended-upgrade", "by":
    "unattended-upgrades", "user": null, "error": null, "changes": [{"name": "libnvidia-compute-580", "action":
    "upgrade", "old": "580.95.05-0ubuntu1", "new": "580.105.08-0ubuntu1", "automatic": false}]}], "environments": {"ds":
    [...]}}`; `environments` are conda's revisions, of the same shape. `prefix` is where conda stands.
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(("host", "history", "revisions"), probe.prefix(prefix))

    def process(self, output: list[str]) -> HistoryState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> HistoryState:
    """The history of one run of the probe; nothing where the host's clock was not seen."""
    there = clock.read(found.of("history/clock"))
    if there is None:
        return HistoryState()
    return HistoryState(
        time=there.time.replace(microsecond=0),
        booted=clock.booted(found, there),
        transactions=transactions(found.of("history/packages"), there.zone),
        environments=revisions.parse(found.of("history/environments"), there.zone),
    )


def unseen(found: probe.Sections) -> frozenset[str]:
    """The logs, where reading them ran out of time: the newest ones are read last."""
    return frozenset({"history/packages"} if "@gzip 124" in found.of("history/packages") else ())


def transactions(lines: Iterable[str], zone: tzinfo) -> tuple[Transaction, ...]:
    """Newest first, as `lines` of apt's and of dpkg's log are, each by itself; "oldest TIME" is where apt's begins."""
    stanzas, moves, oldest = list[dict[str, list[str]]](), list[tuple[str, ...]](), ""
    for line in itertools.islice(lines, LINES):
        if line.startswith("Start-Date: "):
            stanzas.append({})
        if by_dpkg := DPKG.fullmatch(line):
            moves.append(by_dpkg.groups())
        elif line.startswith("oldest "):
            oldest = line.removeprefix("oldest ")
        elif ": " in line and stanzas:
            key, _, value = line.partition(": ")
            stanzas[-1].setdefault(key, []).append(value)
    apt = _apt(stanzas, zone)
    # apt's own order is kept: a clock that was set back must not turn it around.
    return tuple(heapq.merge(apt, _by_dpkg(moves, apt, zone, oldest), key=lambda one: one.time, reverse=True))


def _apt(stanzas: list[dict[str, list[str]]], zone: tzinfo) -> list[Transaction]:
    """Newest first; read from the oldest on, for the hour that comes twice is told by what stands before it."""
    found: list[Transaction] = []
    before = None
    for stanza in reversed(stanzas):
        time = clock.local(_first(stanza, "Start-Date"), zone, before)
        if time is not None:
            ended = clock.local(_first(stanza, "End-Date"), zone, time)
            before = ended or time
            found.append(_transaction(stanza, time, ended))
    return found[::-1]


def _transaction(stanza: dict[str, list[str]], time: datetime, ended: datetime | None) -> Transaction:
    command = _first(stanza, "Commandline")
    return Transaction(
        time=time,
        ended=ended,
        command=command or None,
        by=program(command),
        user=_first(stanza, "Requested-By") or None,
        error=_first(stanza, "Error") or None,
        changes=tuple(
            move for key, action in ACTIONS.items() for line in stanza.get(key, ()) for move in _moves(action, line)
        ),
    )


def program(command: str) -> str | None:
    """Who stands behind a command line in apt's log: a known front end by its name, else the program; None for ""."""
    for words, name in KNOWN:
        if words in command:
            return name
    first = command.split(" ", 1)[0].rsplit("/", 1)[-1]
    return first or None


def _moves(action: Action, line: str) -> list[Move]:
    """Of "a:amd64 (1, 2), b:amd64 (3, automatic)": two versions are old and new, one is what came or went."""
    moves = []
    for name, first, second in MOVE.findall(line):
        old, new = (first, second) if action in {"upgrade", "downgrade"} else (None, first)
        if action in {"remove", "purge"}:
            old, new = first, None
        if action == "reinstall":
            old, new = first, first
        automatic = second == "automatic"
        moves.append(Move(name=NATIVE.sub("", name), action=action, old=old, new=new or None, automatic=automatic))
    return moves


def _by_dpkg(moves: list[tuple[str, ...]], apt: list[Transaction], zone: tzinfo, oldest: str) -> list[Transaction]:
    """dpkg's entries that no run of apt explains. Where apt's log does not reach so far back, nobody knows whose."""
    found: list[Transaction] = []
    before = None
    for written, action, name, old, new in reversed(moves):
        time, move = clock.local(written, zone, before), _move(action, NATIVE.sub("", name), old, new)
        before = time or before
        if time is not None and not _explained(time, move, apt):
            by = BY_HAND if oldest and oldest <= written else None
            found.append(Transaction(time=time, by=by, changes=(move,)))
    return found[::-1]


def _move(action: str, name: str, old: str, new: str) -> Move:
    versions = [None if version in {"<none>", ""} else version for version in (old, new)]
    if action in {"remove", "purge"}:
        return Move(name=name, action="remove" if action == "remove" else "purge", old=versions[0])
    kind: Action = "install" if action == "install" else "upgrade" if old != new else "reinstall"
    return Move(name=name, action=kind, old=versions[0] if kind != "install" else None, new=versions[1])


def _explained(time: datetime, move: Move, apt: list[Transaction]) -> bool:
    """Whether a run of apt did this: within its time, or after the start of one that has no end, to the same result.

    Every run is asked: after a change of the clock or its zone, older runs have later times.
    """
    for one in apt:
        there = one.of(move.name)
        if there is None or time < one.time:
            continue
        if time <= one.ended if one.ended is not None else there.new == move.new:
            return True
    return False


def _first(stanza: dict[str, list[str]], key: str) -> str:
    return stanza.get(key, [""])[0].strip()[:WIDTH]
