"""Where the lab keeps things: a cache that may be deleted at any time, and the state of labs that are up."""

import os
import pwd
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = Path(sys.executable)
KEYS = CHECKOUT / "lab" / "keys"
CA_PEM = KEYS / "ca.pem"
CA_KEY = KEYS / "ca.key"


def home() -> Path:
    """The home folder of who typed the command: under sudo the caller's, so that pyinfra finds the key as that user."""
    caller = os.environ.get("SUDO_USER")
    if os.geteuid() == 0 and caller:
        return Path(pwd.getpwnam(caller).pw_dir)
    return Path.home()


def owner() -> tuple[int, int] | None:
    """User and group id of the caller under sudo, None without sudo."""
    if os.geteuid() != 0 or not os.environ.get("SUDO_USER"):
        return None
    entry = pwd.getpwnam(os.environ["SUDO_USER"])
    return entry.pw_uid, entry.pw_gid


def cache() -> Path:
    """Base roots, packages, channels and installers, by hash of what they are made from (XDG Base Directory)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gpufleet" / "lab"


def default_state() -> Path:
    """State of the default lab. Fixed, XDG_STATE_HOME or not: the shipped inventory names the key in it."""
    return home() / ".local" / "state" / "gpufleet" / "lab"


def trial_states() -> Path:
    """State of labs that tests and benchmarks claim for themselves."""
    return home() / ".local" / "state" / "gpufleet" / "trial-labs"


def hand_over(*paths: Path) -> None:
    """Give files to the caller under sudo; nothing without sudo."""
    identity = owner()
    for path in paths if identity else ():
        if path.exists() and identity:
            os.chown(path, *identity)
