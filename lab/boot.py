"""Power: switch a host on, off, and tell whether it runs. The process table is the only record."""

import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from lab import cgroup, network, paths, process
from lab.errors import LabError

# /tmp lies on the disk, as on Ubuntu.
ENVIRONMENT = {"SYSTEMD_NSPAWN_TMPFS_TMP": "0"}
LOOP = Path(__file__).with_name("boot-loop.sh")


def marker(machine: str) -> str:
    """The argument that names a machine, and by which its processes are found."""
    return f"--machine={machine}"


def start(machine: str, root: Path, pci: Path, log: Path, binds: Sequence[str] = ()) -> None:
    """Switch a machine on; its network namespace of the same name must exist. `binds` are more nspawn options."""
    command: list[str | Path] = [
        "sh",
        LOOP,
        paths.PYTHON,
        pci,
        " ".join(str(folder) for folder in cgroup.make(machine)),
        marker(machine),
        "--quiet",
        f"--directory={root}",
        # Neither systemd nor D-Bus need to run on this machine.
        "--register=no",
        "--keep-unit",
        f"--network-namespace-path={network.NETNS / machine}",
        f"--bind={pci}:/sys/bus/pci/devices",
        *binds,
        "--console=pipe",
        # systemd's own signal for a power-off (systemd(1)); SIGRTMIN+3, the default, halts and takes seconds longer.
        "--kill-signal=SIGRTMIN+4",
        "--boot",
    ]
    process.spawn(command, log, more=ENVIRONMENT)


def running(machine: str) -> bool:
    return bool(process.find(marker(machine)))


def leader(machine: str) -> int:
    """Id of the host's init as this machine sees it; raises `LabError` when the host does not run."""
    for pid in process.find(marker(machine)):
        for child in process.children(pid):
            if _is_first(child):
                return child
    raise LabError(f"{machine} does not run. Type: fleet lab status")


def _is_first(pid: int) -> bool:
    """Whether a process is number 1 of a process namespace of its own (NSpid, proc(5))."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return False
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return len(numbers) > 1 and numbers[-1] == "1"


def stop(machine: str, hard: bool = False, seconds: float = 10) -> None:
    """Power a machine off; `hard` is a power cut. What does not end in time is killed; none of it stays."""
    pids = process.find(marker(machine))
    if not hard and pids:
        process.send(pids[:1], signal.SIGTERM)
        process.wait_gone(pids, seconds)
    kill(machine)


def kill(machine: str) -> None:
    """Kill what is left of a machine.

    The loop first, so that nothing is started again; then all that lives in the host's network namespace, its init
    among it: killing systemd-nspawn alone would leave a hung init behind as an orphan.
    """
    pids = process.find(marker(machine))
    loops = [pid for pid in pids if str(LOOP) in process.arguments(pid)]
    process.send(loops, signal.SIGKILL)
    inside = network.pids(machine)
    process.send(inside, signal.SIGKILL)
    rest = process.find(marker(machine))
    process.wait_gone(rest, 2)
    process.send(process.find(marker(machine)), signal.SIGKILL)
    left = process.wait_gone([*pids, *inside], 10)
    cgroup.remove(machine)
    if left:
        raise LabError(f"{machine}: processes {left} did not end. Look at them with: ps -p {left[0]}")


def wait_ssh(machine: str, address: str, log: Path, seconds: float) -> None:
    """Wait until sshd says its name; raises `LabError` with the console's last lines when it does not in time."""
    deadline = time.monotonic() + seconds
    while not banner(address):
        if time.monotonic() > deadline or not running(machine):
            said = " / ".join(log.read_text(errors="replace").strip().splitlines()[-5:]) if log.exists() else ""
            state = "runs, but has no sshd" if running(machine) else "does not run"
            raise LabError(f"{machine} at {address} {state}. Its console ({log}) ends with: {said or 'nothing'}")
        time.sleep(0.05)


def banner(address: str) -> bool:
    """Whether an SSH server answers: it begins with SSH- (RFC 4253, 4.2)."""
    try:
        with socket.create_connection((address, 22), timeout=1) as link:
            return link.recv(4) == b"SSH-"
    except OSError:
        return False


def wait_reboot(machine: str, before: str, seconds: float) -> None:
    """Wait until the machine runs with another boot id than `before`; raises `LabError` when it does not in time."""
    deadline = time.monotonic() + seconds
    while _boot_id(machine) in {"", before}:
        if time.monotonic() > deadline:
            raise LabError(f"{machine} did not reboot in {seconds:.0f} s")
        time.sleep(0.05)


def _boot_id(machine: str) -> str:
    """The boot id of a running machine, "" while it is down."""
    try:
        root = Path(f"/proc/{leader(machine)}/root")
        return (root / "proc/sys/kernel/random/boot_id").read_text().strip()
    except (LabError, OSError):
        return ""
