"""What a difference rests on: where that part of the look was not seen it would be a guess, and is not told."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schema.change import Change
    from schema.errors import Finding
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# Sections of the look (`facts.probe.SECTIONS`). What decides which driver is wanted decides on all that goes with it.
CHOICE = frozenset({"host/system", "host/texts", "gpu/devices", "kernel/releases", "driver/loaded", "repository/files"})
PACKAGES = frozenset({"repository/packages"})
PARTS = {
    ("driver", "loaded module"): CHOICE | PACKAGES,
    ("driver", "nouveau"): frozenset({"kernel/modprobe", "kernel/releases"}),
    ("driver", "persistence"): frozenset({"gpu/smi", "driver/services"}),
    ("driver", "fabric manager"): frozenset({"driver/services"}),
    ("cuda", "/usr/local/cuda"): frozenset({"cuda/toolkits", "cuda/default"}) | PACKAGES,
}
FILES = frozenset({"repository/files", "repository/modes"})
CONCERNS = {
    "driver": CHOICE | PACKAGES,
    "kernel": CHOICE | PACKAGES,
    "cuda": CHOICE | PACKAGES,
    "cudnn": CHOICE | PACKAGES,
}

# Findings that say that something is missing, which a section that was not seen says as well.
FINDINGS = {
    "GPU111": frozenset({"driver/loaded"}),
    "GPU132": frozenset({"driver/services"}),
    "GPU135": frozenset({"driver/managers"}) | PACKAGES,
    "GPU145": frozenset({"repository/exclusions", "repository/files"}),
    "GPU161": frozenset({"cuda/owners"}) | PACKAGES,
    "GPU200": PACKAGES,
    "GPU201": frozenset({"driver/modules"}),
    "GPU202": frozenset({"driver/modules"}) | PACKAGES,
    "GPU204": PACKAGES,
    "GPU206": frozenset({"kernel/modprobe"}),
    "GPU211": PACKAGES,
    "GPU212": frozenset({"driver/services"}) | PACKAGES,
    "GPU215": frozenset({"repository/sources", "repository/files"}) | PACKAGES,
    "GPU228": frozenset({"driver/loaded", "driver/modules", "driver/libraries", "kernel/keyring"}),
}


def differences(snapshot: "Snapshot", changes: "tuple[Change, ...]") -> "tuple[Change, ...]":
    """Those that rest on what was seen; the files of a concern have their own section."""
    if not snapshot.not_seen:
        return changes
    return tuple(change for change in changes if not missing(snapshot, parts_of(change)))


def parts_of(change: "Change") -> frozenset[str]:
    if change.item.startswith("/") and (change.concern, change.item) not in PARTS:
        return FILES if change.concern in {*CONCERNS, "repository"} else frozenset()
    return PARTS.get((change.concern, change.item), CONCERNS.get(change.concern, frozenset()))


def ailments(snapshot: "Snapshot", findings: "list[Finding]") -> "list[Finding]":
    """Those of the findings that rest on what was seen."""
    if not snapshot.not_seen:
        return findings
    return [item for item in findings if not missing(snapshot, FINDINGS.get(item.code, frozenset()))]


def missing(snapshot: "Snapshot", parts: frozenset[str]) -> frozenset[str]:
    """Those of the parts that were not seen: by their own name, or by that of a concern that could not be read."""
    return frozenset(part for part in parts if snapshot.not_seen & {part, part.split("/")[0]})


def vital(spec: "HostSpec", snapshot: "Snapshot") -> tuple[str, ...]:
    """What was not seen and has to be before anything may be done to a host, or called done."""
    packaged = spec.managed_driver is not None or spec.cuda is not None or spec.cudnn is not None
    wanted = (CHOICE | PACKAGES) if packaged else frozenset({"host/system", "host/texts", "repository/files"})
    wanted |= frozenset({"conda/prefix"}) if spec.conda is not None else frozenset()
    wanted |= frozenset({"environments/packages"}) if spec.environments else frozenset()
    return tuple(sorted(missing(snapshot, wanted)))
