"""The host's own clock: what it says at the look, its zone, when it booted, and the local times of its logs."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from facts import probe, text

# proc_pid_stat(5): sysconf(_SC_CLK_TCK) is 100 on every architecture of Ubuntu.
TICKS = 100
LXC = "container lxc"


class Clock(NamedTuple):
    """The host's clock at the look, and its zone; that of the moment where the host's own rules are not known here."""

    time: datetime
    zone: tzinfo


def local(written: str, zone: tzinfo, before: datetime | None) -> datetime | None:
    """A log's local time, "2026-11-14  06:25:03", with the offset that the host's zone had then.

    The hour that comes twice at the end of summer time is its second run (PEP 495) where `before` was later than the
    first.
    """
    try:
        wall = datetime.strptime(" ".join(written.split()), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    first, second = fixed(wall, zone, 0), fixed(wall, zone, 1)
    return second if before is not None and first < before <= second else first


def fixed(wall: datetime, zone: tzinfo, fold: int) -> datetime:
    """With its offset as a number: Python compares times of one zone without their offsets."""
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    return wall.replace(tzinfo=timezone(offset) if offset is not None else UTC)


def read(lines: tuple[str, ...]) -> Clock | None:
    """From stat(1) of a file in /proc, which is as old as the look, and of /etc/localtime with its target."""
    time, target = None, ""
    for line in lines:
        match = re.fullmatch(r"at ([0-9-]{10} [0-9:]{8}\.[0-9]{1,6})[0-9]* ([+-][0-9]{4}) (.*)", line)
        if match is None:
            continue
        if "/proc/" in match[3]:
            time = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H:%M:%S.%f %z")
        else:
            target = text.first(r"/zoneinfo/([A-Za-z0-9_+/-]+)'?$", match[3]) or ""
    if time is None:
        return None
    zone = _zone(target, time) or time.tzinfo or UTC
    return Clock(time, zone)


def _zone(name: str, time: datetime) -> tzinfo | None:
    """The zone's rules where this machine knows them, and agrees with the host about its offset at this moment."""
    try:
        zone = ZoneInfo(name) if name else None
    except (ValueError, LookupError, OSError):
        return None
    return zone if zone is not None and time.astimezone(zone).utcoffset() == time.utcoffset() else None


def booted(found: probe.Sections, clock: Clock) -> datetime | None:
    """When the first process started. LXC's containers see their own uptime beside the machine's process times."""
    uptime = found.value("history/clock", "uptime")
    words = (found.value("history/clock", "first") or "").split()
    if uptime is None or not re.fullmatch(r"[0-9]{1,11}(\.[0-9]+)?", uptime):
        return None
    start = text.number(words[19]) if len(words) > 19 and LXC not in found.of("host/system") else 0
    ago = float(uptime) - (start or 0) / TICKS
    start_time = (clock.time - timedelta(seconds=ago - 0.5)).astimezone(clock.zone)
    return fixed(start_time.replace(tzinfo=None, microsecond=0), clock.zone, start_time.fold) if ago >= 0 else None
