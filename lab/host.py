"""LabHost: one host of a lab, from an empty disk to a booted machine, and what tests do to it."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lab import boot, disk, firmware, identity, network, paths, pci, process, seed
from lab.definition import Device, Host
from lab.errors import LabError


@dataclass(frozen=True)
class LabHost:
    """`lab` is the lab's name, `subnet` the first three numbers of its addresses, `folder` the host's own state.

    `base` is the root of Debian it starts from; `key` the private SSH key of its users `ubuntu` and `root`;
    `binds` are more options for systemd-nspawn.
    """

    lab: str
    subnet: str
    spec: Host
    folder: Path
    base: Path
    key: Path
    binds: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def machine(self) -> str:
        """Name of its systemd-nspawn, its network namespace and its mount on this machine."""
        return f"{self.lab}-{self.name}"

    @property
    def address(self) -> str:
        return f"{self.subnet}.{self.spec.address}"

    @property
    def root(self) -> Path:
        """Its file system as this machine sees it."""
        return self.folder / "root"

    @property
    def pci(self) -> Path:
        return self.folder / "pci"

    @property
    def log(self) -> Path:
        return self.folder / "console.log"

    def boot(self, wait: bool = True, seconds: float = 60) -> None:
        """Switch it on with the disk it has, or with a fresh one; returns once it takes logins. No-op when it runs."""
        if boot.running(self.machine):
            return
        fresh = disk.mount(self.machine, self.base, self.folder, self.spec.disk_mib)
        (self.folder / "address").write_text(f"{self.address}\n")
        if fresh:
            identity.apply(self.root, self.spec.ubuntu)
            public_key = self.key.with_suffix(".pub").read_text()
            seed.apply(self.root, self.spec, self.folder, public_key, self.address)
            self.set_gpus(self.spec.gpus)
            disk.finish(self.folder)
        network.attach(self.lab, self.machine, self.spec.address, self.address)
        firmware.fill(self.folder / "firmware", self.spec.secure_boot)
        binds = (f"--bind-ro={self.folder / 'firmware'}:/sys/firmware", *self.binds)
        boot.start(self.machine, self.root, self.pci, self.log, binds)
        if wait:
            self.wait(seconds)

    def wait(self, seconds: float = 60) -> None:
        """Wait until the host takes logins of ordinary users; raises `LabError` when it does not in time."""
        boot.wait_ssh(self.machine, self.address, self.log, seconds)
        self.run("systemctl is-system-running --wait", check=False, timeout=seconds)

    def run(
        self, command: str, check: bool = True, stdin: str | None = None, timeout: float = 60
    ) -> "subprocess.CompletedProcess[str]":
        """Run a shell command in the host as root, past SSH and past everything under test.

        Raises `LabError` with what it said when it fails, unless `check` is False.
        """
        words = ["nsenter", f"--target={boot.leader(self.machine)}", "--all", "--", "/bin/sh", "-c", command]
        done = subprocess.run(
            words, input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
        if check and done.returncode:
            raise LabError(
                f"{self.name}: {command!r} ended with {done.returncode}: {(done.stderr or done.stdout).strip()}"
            )
        return done

    def ssh(self, command: str, user: str = "ubuntu", timeout: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run a command over SSH as a user would, with the host key checked strictly; never raises for its status."""
        options = [
            f"-oUserKnownHostsFile={self.key.parent / 'known_hosts'}",
            "-oStrictHostKeyChecking=yes",
            "-oBatchMode=yes",
            "-oConnectTimeout=5",
        ]
        words = ["ssh", "-F", "none", "-i", str(self.key), *options, f"{user}@{self.address}", "--", command]
        return subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)

    def power_off(self, hard: bool = False) -> None:
        """Switch it off and keep its disk; `hard` is a power cut."""
        boot.stop(self.machine, hard=hard)

    def reboot(self, seconds: float = 60) -> None:
        """Reboot it from inside, and wait until it takes logins again."""
        before = self.boot_id()
        self.run("systemctl reboot", check=False)
        boot.wait_reboot(self.machine, before, seconds)
        self.wait(seconds)

    def reset(self) -> None:
        """Bare and booted again: power cut, empty disk, its declared GPUs back, cable in. Its SSH host key stays."""
        boot.stop(self.machine, hard=True)
        disk.unmount(self.folder)
        disk.wipe(self.folder)
        self.boot()

    def remove(self) -> None:
        """Take it down with everything that belongs to it."""
        boot.stop(self.machine, hard=True)
        disk.unmount(self.folder)
        network.detach(self.lab, self.machine, self.spec.address)
        shutil.rmtree(self.folder, ignore_errors=True)

    def boot_id(self) -> str:
        return self.run("cat /proc/sys/kernel/random/boot_id").stdout.strip()

    def set_link(self, plugged: bool) -> None:
        """Pull its network cable, or put it back."""
        network.plug(self.lab, self.spec.address, plugged)

    def set_gpus(self, devices: tuple[Device, ...]) -> None:
        """Make these the devices on its PCI bus, at once; what is declared to the driver's stand-in stays."""
        pci.fill(self.pci, pci.slots(self.name, devices))

    def ssh_logins(self) -> int:
        """How many SSH logins this boot has seen."""
        text = self.run("journalctl -b -o cat -t sshd -t sshd-session", check=False).stdout
        return sum(line.startswith("Accepted ") for line in text.splitlines())

    def trust_lab_ca(self) -> None:
        """Make the host trust the lab's HTTPS server, for tests that do without the tool's own `ca_bundle`."""
        text = paths.CA_PEM.read_text()
        self.run("cat > /usr/local/share/ca-certificates/lab-ca.crt && update-ca-certificates", stdin=text)


def make_key(path: Path) -> None:
    """Make an SSH key pair of ed25519 without a passphrase where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        process.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", path)
