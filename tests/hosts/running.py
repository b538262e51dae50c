"""Run the plain pyinfra command as a user would, and count what it made a host do."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.host import LabHost

CHECKOUT = Path(__file__).parents[2]
PYINFRA = Path(sys.executable).with_name("pyinfra")


@dataclass(frozen=True)
class Run:
    """`text` is standard output and error together, as on a terminal."""

    code: int
    text: str

    @property
    def operations(self) -> list[str]:
        return [
            line.split("operation:", 1)[1].strip()
            for line in self.text.splitlines()
            if "--> Starting operation:" in line
        ]


def command(folder: Path, *flags: str) -> list[str]:
    return [str(PYINFRA), str(folder), "deploys/gpu.py", *flags]


def apply(folder: Path, *flags: str, seconds: float = 600) -> Run:
    """`pyinfra FOLDER deploys/gpu.py -y`, from the checkout; flags come after."""
    return run(command(folder, "-y", "--data", "boot_timeout=120", *flags), seconds)


def run(words: list[str], seconds: float = 600) -> Run:
    done = subprocess.run(
        words, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False
    )
    return Run(done.returncode, done.stdout)


def commands_seen(host: LabHost) -> int:
    """How many commands sudo has run for logins on this host since it booted: one per pyinfra command."""
    said = host.run("journalctl -b -o cat -t sudo --no-pager", check=False).stdout
    return sum("COMMAND=" in line for line in said.splitlines())


def version(host: LabHost, package: str) -> str:
    """The installed version of a package, "" when it is not installed."""
    shown = host.run(f"dpkg-query -W -f='${{db:Status-Abbrev}} ${{Version}}' {package}", check=False).stdout
    state, _, found = shown.strip().partition(" ")
    return found.strip() if state.startswith("ii") else ""
