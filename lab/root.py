"""Base roots: plain Debian trees, made once by mmdebstrap and kept in the cache, that play Ubuntu releases."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from lab import paths, process, sources
from lab.errors import LabError

# apt 2.6 (bookworm) stands nearest to 22.04's 2.4 and 24.04's 2.8; apt 3.0 (trixie: sqv, no apt-key) to 26.04's.
SUITES = {"22.04": "bookworm", "24.04": "bookworm", "26.04": "trixie"}

# No Python: the hosts prove that none is needed. libpam-systemd makes login sessions known to logind.
INCLUDE = (
    "systemd systemd-sysv dbus libpam-systemd openssh-server sudo ca-certificates gnupg apt-utils iproute2 procps "
    "curl wget kmod pciutils lsb-release zstd xz-utils bzip2 less netbase"
)

# Run in the new root. Timers of apt are masked because they would take its lock at a random moment; swap.target because
# systemd 252 under load forgot to run its stop job in about one shutdown of fifty, and waited for it for ever.
SETUP = """
set -e
useradd --create-home --shell /bin/bash --groups sudo,adm ubuntu
rm -f /etc/ssh/ssh_host_*_key* /etc/apt/apt.conf.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/99mmdebstrap
rm -f /etc/apt/sources.list /etc/resolv.conf /etc/hostname
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/* /var/cache/apt/*.bin
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer swap.target; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime
echo LANG=C.UTF-8 > /etc/default/locale
: > /etc/machine-id
"""


def ensure(suite: str, say: Callable[[str], None]) -> Path:
    """The folder of a base root, made when the cache has none; about half a minute and 300 MB. Never write to it.

    Raises `LabError` when mmdebstrap fails; nothing half made stays behind.
    """
    root = paths.cache() / "roots" / f"{suite}-{_key(suite)}"
    if root.is_dir():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _sweep(suite, root.parent)
            say(f"building the base root {suite} with mmdebstrap (once, about half a minute)")
            _build(suite, root, say)
    return root


def _key(suite: str) -> str:
    return hashlib.sha256("\n".join([suite, INCLUDE, SETUP]).encode()).hexdigest()[:12]


def _sweep(suite: str, folder: Path) -> None:
    """Remove what a killed build left, and roots of the same suite that no lab can ask for and none has mounted."""
    mounts = Path("/proc/self/mounts").read_text()
    for old in folder.glob(f"{suite}-*"):
        if str(old) not in mounts:
            shutil.rmtree(old, ignore_errors=True)


def _build(suite: str, root: Path, say: Callable[[str], None]) -> None:
    part = root.with_name(f"{root.name}.part")
    setup = part.with_suffix(".sh")
    setup.write_text(SETUP)
    try:
        _mmdebstrap(suite, part, setup, say)
        part.rename(root)
    finally:
        setup.unlink(missing_ok=True)
        shutil.rmtree(part, ignore_errors=True)


def _mmdebstrap(suite: str, part: Path, setup: Path, say: Callable[[str], None]) -> None:
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--components=main",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        *(f"--aptopt={line}" for line in sources.proxy_options()),
        f"--include={INCLUDE.replace(' ', ',')}",
        f'--customize-hook=chroot "$1" sh < "{setup}"',
        suite,
        str(part),
        sources.debian(),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        last = _follow(child, say)
    if child.returncode:
        raise LabError(
            f"mmdebstrap could not build {suite} (exit status {child.returncode}): {' / '.join(last)}. "
            "Check that `apt-get update` works on this machine."
        )


def _follow(child: "subprocess.Popen[str]", say: Callable[[str], None]) -> list[str]:
    """Pass on mmdebstrap's own steps ("I: running apt-get update..."); return the last lines that matter."""
    last: list[str] = []
    for line in child.stdout or ():
        text = line.strip()
        if text.startswith("I: ") and text.endswith("..."):
            say(f"  {text[3:]}")
        if text and not text.startswith(("I: ", "Get:", "Selecting", "Preparing", "Unpacking", "Setting up")):
            last = [*last, text][-4:]
    return last


def size_mib(root: Path) -> int:
    """Disk space a base root takes, in MiB."""
    return int(process.run("du", "-sm", root).split()[0])
