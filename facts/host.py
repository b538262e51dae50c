"""The host itself: release, platform, memory, file systems, login sessions and the record of the last apply."""

import re
from typing import Literal

from pydantic import ValidationError

from facts import probe, text
from facts.fact import FactBase
from schema.snapshot import AppliedRecord, Disk, HostState, Release, Session

RECORD = "/var/lib/gpufleet/applied.json"
# Chassis types of what is carried about (SMBIOS specification 3.7, 7.4.1): laptops, notebooks, convertibles ...
PORTABLE = {"8", "9", "10", "14", "30", "31", "32"}
SESSIONS = "/run/systemd/sessions/"
# Names in the firmware (DMI) of virtual machines, as systemd's src/basic/virt.c knows them.
MACHINES = {
    "KVM": "kvm",
    "OpenStack": "kvm",
    "QEMU": "qemu",
    "Amazon EC2": "amazon",
    "Google Compute Engine": "google",
    "VMware": "vmware",
    "VirtualBox": "oracle",
    "Xen": "xen",
    "Microsoft Corporation Virtual Machine": "microsoft",
    "Bochs": "bochs",
    "Parallels": "parallels",
    "BHYVE": "bhyve",
    "Hetzner": "kvm",
}
USERS = "/run/systemd/users/"


class Host(FactBase[HostState]):
    """The host, without what the other facts tell.

    `{"hostname": "desk", "release": {"id": "ubuntu", "version": "24.04", ...}, "architecture": "x86_64",
    "platform": "generic", "board": "", "boot_id": ..., "virtualisation": "none", "memory_mib": 64222, "disks":
    [{"path": "/", "total_mib": ..., "free_mib": ...}], "user": "root", "sessions": [{"id": "2", "user": "ann", "tty":
    "tty2", "remote": false, "own": false}], "reboot_required": false, "reboot_required_packages": [], "applied":
    null}`
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(("host", "disks"), probe.prefix(prefix))

    def process(self, output: list[str]) -> HostState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> HostState:
    """The host of one run; what is missing is empty."""
    files = probe.texts(found, "host/texts").files
    system = {words[0]: words[1] for words in found.words("host/system")}
    return HostState(
        hostname=system.get("hostname", ""),
        release=_release(files.get("/etc/os-release", "")),
        architecture=system.get("machine", ""),
        platform=_platform(files),
        board=files.get("/sys/firmware/devicetree/base/model", "").strip("\0\n "),
        l4t=_l4t(files.get("/etc/nv_tegra_release", "")),
        boot_id=system.get("boot_id", ""),
        virtualisation=_virtualisation(system),
        memory_mib=(text.number(system.get("memory_kib")) or 0) // 1024,
        portable=system.get("chassis_type", "") in PORTABLE,
        disks=_disks(found.of("host/disks")),
        user=system.get("user", ""),
        sessions=_sessions(found, files),
        reboot_required="reboot_required" in system,
        reboot_required_packages=tuple(dict.fromkeys(files.get("/run/reboot-required.pkgs", "").split())),
        applied=_applied(files.get(RECORD)),
    )


def unseen(found: probe.Sections) -> frozenset[str]:
    """Names for the files that this user may not read, and for a record that is there and is no record."""
    read = probe.texts(found, "host/texts")
    names = {"host/applied" for path in read.denied if path == RECORD}
    names |= {"host/sessions" for path in read.denied if path.startswith(SESSIONS)}
    if RECORD in read.files and _applied(read.files[RECORD]) is None:
        names.add("host/applied")
    return frozenset(names)


def variables(file: str) -> dict[str, str]:
    """The assignments in a file of shell form, such as os-release(5): values without their quotes."""
    lines = (line.partition("=") for line in file.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in lines}


def _release(file: str) -> Release:
    values = variables(file)
    return Release(
        id=values.get("ID", ""),
        version=values.get("VERSION_ID", ""),
        codename=values.get("VERSION_CODENAME", ""),
        name=values.get("PRETTY_NAME", ""),
    )


def _platform(files: dict[str, str]) -> Literal["generic", "jetson", "raspberry-pi"]:
    """By the files that NVIDIA's and the Raspberry Pi's own images have (jetson_stats, jetson_variables.py)."""
    model = files.get("/sys/firmware/devicetree/base/model", "")
    if "/etc/nv_tegra_release" in files or "Jetson" in model:
        return "jetson"
    return "raspberry-pi" if model.startswith("Raspberry Pi") else "generic"


def _l4t(file: str) -> str | None:
    """ "36.4.3" of "# R36 (release), REVISION: 4.3, GCID: ...", the first line of /etc/nv_tegra_release."""
    found = re.match(r"# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)", file)
    return f"{found[1]}.{found[2]}" if found else None


def _virtualisation(system: dict[str, str]) -> str:
    """In the words of systemd-detect-virt(1): the container, else the machine by its firmware's names, else "none"."""
    if "container" in system:
        return system["container"]
    names = f"{system.get('sys_vendor', '')} {system.get('product_name', '')}"
    return next((word for name, word in MACHINES.items() if name in names and "metal" not in names), "none")


def _disks(lines: tuple[str, ...]) -> tuple[Disk, ...]:
    """From `df --output=size,avail,itotal,iavail,target` in KiB, else `df -Pk`: device, blocks, used, available,
    capacity, mount point. Each file system once.
    """
    disks = {}
    for line in lines:
        if whole := re.fullmatch(r"\s*([0-9]{1,18})\s+([0-9]{1,18})\s+([0-9]{1,18}|-)\s+([0-9]{1,18}|-)\s+(/.*)", line):
            total, free, files, files_free, path = whole.groups()
            disks[path] = Disk(
                path=path,
                total_mib=int(total) // 1024,
                free_mib=int(free) // 1024,
                files_total=text.number(files) or None,
                files_free=text.number(files_free),
            )
            continue
        found = re.fullmatch(r".*?\s([0-9]{1,18})\s+[0-9]+\s+([0-9]{1,18})\s+[0-9-]+%?\s+(/.*)", line)
        if found:
            total, free, path = found.groups()
            disks[path] = Disk(path=path, total_mib=int(total) // 1024, free_mib=int(free) // 1024)
    return tuple(disks[path] for path in sorted(disks))


def _sessions(found: probe.Sections, files: dict[str, str]) -> tuple[Session, ...]:
    """From systemd-logind's own records; sessions of class "user" only: no greeter, no user manager.

    A session carries this run when the probe's control group is in its scope; a run from within a user's manager (a
    terminal of a desktop) is carried by the session that logind calls the user's display session.
    """
    cgroups = [line for word, line in found.words("host/system") if word == "cgroup"]
    own = {text.first(r"session-([^/]+?)\.scope", line) for line in cgroups}
    users = {text.first(r"user@([0-9]+)\.service", line) for line in cgroups} - {None}
    own |= {variables(files.get(f"{USERS}{user}", "")).get("DISPLAY") for user in users}
    terminals = _terminals([line for word, line in found.words("host/system") if word == "title"])
    sessions = []
    for path, content in sorted(files.items()):
        values = variables(content)
        if not path.startswith(SESSIONS) or values.get("CLASS") != "user" or values.get("STATE") == "closing":
            continue
        name = path.removeprefix(SESSIONS)
        sessions.append(
            Session(
                id=name,
                user=values.get("USER", values.get("UID", "")),
                tty=values.get("TTY") or terminals.get(name, ""),
                remote=values.get("REMOTE") == "1",
                own=name in own,
            )
        )
    return tuple(sessions)


def _terminals(titles: list[str]) -> dict[str, str]:
    """The terminal by session, from `SESSION sshd: USER@pts/0`; "notty" is sshd's word for none."""
    matches = (re.match(r"(\S+) sshd[a-z-]*: [^@\s]+@(\S+)", line) for line in titles)
    return {match.group(1): match.group(2) for match in matches if match and match.group(2) != "notty"}


def _applied(content: str | None) -> AppliedRecord | None:
    try:
        return AppliedRecord.model_validate_json(content) if content is not None else None
    except ValidationError:
        return None
