"""Unattended upgrades: whether they would move the driver under a loaded module, and whether they run at all."""

import re
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.repository.files import UNATTENDED

if TYPE_CHECKING:
    from schema.health.origin import Builder
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

SAMPLES = ("nvidia-driver-580", "libnvidia-compute-580", "linux-modules-nvidia-580-generic")
HINT = 'exclude it: Unattended-Upgrade::Package-Blacklist { "nvidia-"; "libnvidia-"; "linux-modules-nvidia-"; };'
# What an entry of Allowed-Origins or Origins-Pattern must name for the packages of each builder. Ubuntu's driver comes
# with its security pocket too, which is allowed from the start.
ORIGINS: dict["Builder", str] = {
    "ubuntu": r"ubuntu|\$\{distro_id\}|^[^:=]*\*",
    "nvidia": r"nvidia|^(origin|o|site)=\*|^\*",
    "graphics-drivers PPA": r"graphics-drivers|^(origin|o|site)=\*|^\*",
    "Lambda": r"lambda|^(origin|o|site)=\*|^\*",
}


def exclusions(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A driver that unattended-upgrades may move. Ours is excluded by a file of ours, whose absence is a change: what
    is looked for there is another file that takes the exclusion back.
    """
    managed, apt = spec.managed_driver, snapshot.apt
    if managed is None or not apt.unattended_upgrades or "repository/exclusions" in snapshot.not_seen:
        return []
    if managed.source != "external" and UNATTENDED not in apt.files:
        return []
    names = [*origin.driver_packages(snapshot), *origin.prebuilt(snapshot)] or list(SAMPLES)
    free = [name for name in names if not any(_matches(pattern, name) for pattern in apt.exclusions)]
    allowed = _allowed(snapshot)
    if not free or allowed == []:
        return []
    return [_finding(free, allowed or [], snapshot)]


def _finding(free: list[str], allowed: list[str], snapshot: "Snapshot") -> Finding:
    lines = [f"not in Package-Blacklist: {', '.join(free[:4])}", *(f"allowed origin: {entry}" for entry in allowed[:4])]
    off = _off(snapshot)
    if off:
        message = "unattended upgrades do not leave the driver out; they are switched off"
        return finding("GPU145", "info", message, [*lines, off], HINT)
    lines += [f"last run: {'seen' if snapshot.apt.upgraded_unattended else 'never'}"]
    return finding("GPU145", "warning", "unattended upgrades may change the driver under a running module", lines, HINT)


def _off(snapshot: "Snapshot") -> str:
    """Why they do not run, in apt's or systemd's words; "" where they do (apt.systemd.daily, APT::Periodic)."""
    apt = snapshot.apt
    if apt.upgrade_days == 0:
        return 'APT::Periodic::Unattended-Upgrade "0"'
    return f"apt-daily-upgrade.timer is {apt.upgrade_timer}" if apt.upgrade_timer in {"masked", "disabled"} else ""


def _allowed(snapshot: "Snapshot") -> list[str] | None:
    """Entries that let this driver's packages in; None where no entry was seen at all, so that nothing is known."""
    if not snapshot.apt.upgrade_origins:
        return None
    builder = origin.of_driver(snapshot)
    expressions = [ORIGINS[builder]] if builder is not None else list(ORIGINS.values())
    return [
        entry
        for entry in snapshot.apt.upgrade_origins
        if any(re.search(expression, entry, re.IGNORECASE) for expression in expressions)
    ]


def _matches(pattern: str, name: str) -> bool:
    # A pattern of a file on the host, which must not be able to run for long: few repetitions, and none of a group.
    if len(pattern) > 100 or len(re.findall(r"[+*}]", pattern)) > 3 or re.search(r"\)\s*[+*{]", pattern):
        return False
    try:
        return re.match(pattern, name) is not None
    except re.error:
        return False
