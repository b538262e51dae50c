"""A lab: its hosts, its network and its server; up, down and what there is."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import (
    certificates,
    disk,
    host,
    installers,
    interpreter,
    limits,
    network,
    paths,
    process,
    root,
    seed,
    tools,
    web,
)
from lab.boot import kill
from lab.definition import Definition, Host
from lab.errors import LabError
from lab.host import LabHost


@dataclass(frozen=True)
class Lab:
    """`name` begins every interface, namespace and mount; `subnet` is "198.51.100"; `state` the folder of its files."""

    name: str
    subnet: str
    state: Path

    @property
    def address(self) -> str:
        """Where the server listens, and what hosts reach besides each other."""
        return f"{self.subnet}.1"

    @property
    def key(self) -> Path:
        return self.state / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.state / "known_hosts"

    @property
    def web(self) -> Path:
        return self.state / "web"

    @property
    def access_log(self) -> Path:
        return self.state / "access.log"

    @property
    def server_marker(self) -> str:
        return f"server-of-{self.name}"

    def host(self, spec: Host) -> LabHost:
        """The host of that definition; its base root must be in the cache."""
        bind = f"--bind-ro={installers.runtime()}:{interpreter.MOUNT}"
        base = root.ensure(root.SUITES[spec.ubuntu], _silent)
        return LabHost(self.name, self.subnet, spec, self.state / "hosts" / spec.name, base, self.key, (bind,))

    def record(self) -> dict[str, str]:
        """What `up` wrote about itself: subnet and limits raised; empty when the lab is not up."""
        try:
            content = json.loads((self.state / "lab.json").read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in content.items()} if isinstance(content, dict) else {}


def default() -> Lab:
    """The lab of `fleet lab` and of the shipped inventory: TEST-NET-2, that no machine has (RFC 5737)."""
    return Lab("gpufleet", "198.51.100", paths.default_state())


def numbered(number: int, state: Path) -> Lab:
    """A lab of its own for tests: a /24 of the benchmarking network 198.18.0.0/15 (RFC 2544), chosen by a number."""
    number %= 512
    return Lab(f"gft{number}", f"198.{18 + number // 256}.{number % 256}", state)


def _silent(_line: str) -> None:
    """Say nothing."""


def check_machine() -> None:
    """Raise `LabError` with what to type where this machine cannot run a lab."""
    if os.uname().sysname != "Linux":
        raise LabError("The lab boots Linux hosts: it needs Linux. Everything else of gpufleet works here.")
    if os.geteuid() != 0:
        raise LabError("The lab needs root: it boots hosts and makes a network. Type: sudo fleet lab up")
    missing = tools.missing()
    if missing:
        raise LabError(f"The lab needs {', '.join(missing)}. Type: {tools.install_line(missing)}")


def up(lab: Lab, definition: Definition, say: Callable[[str], None] = _silent) -> list[LabHost]:
    """Bring a lab to its definition: what runs stays, what is off is switched on, what is not declared goes.

    Takes logins on every host when it returns. Raises `LabError`; what was made until then stays for `down`.
    """
    check_machine()
    with _alone(lab):
        _sweep_strangers(lab, definition)
        _prepare(lab, definition.hosts, say)
        hosts = [lab.host(spec) for spec in definition.hosts]
        say(f"booting {', '.join(host.name for host in hosts)}")
        began = time.monotonic()
        boot_all(hosts)
        write_known_hosts(lab)
        paths.hand_over(*lab.state.parents[:2], lab.state, lab.key, lab.key.with_suffix(".pub"), lab.known_hosts)
        say(f"{len(hosts)} hosts take logins after {time.monotonic() - began:.1f} s")
    return hosts


def start(lab: Lab, say: Callable[[str], None] = _silent) -> None:
    """Bring up a lab without hosts: network, server and what it serves; `add` gives it hosts one by one."""
    check_machine()
    with _alone(lab):
        _prepare(lab, (), say)


def add(lab: Lab, spec: Host) -> LabHost:
    """Boot one more host in a lab that is up, with an empty disk if it is new; it takes logins on return."""
    made = lab.host(spec)
    made.boot()
    write_known_hosts(lab)
    return made


def write_known_hosts(lab: Lab) -> None:
    """Say the SSH key of every host the lab has files of, so that clients can check strictly."""
    lines = []
    for path in sorted((lab.state / "hosts").glob("*/address")):
        words = seed.host_key(path.parent).with_suffix(".pub").read_text().split()
        lines.append(f"{path.read_text().strip()} {words[0]} {words[1]}\n")
    lab.known_hosts.write_text("".join(lines))


def boot_all(hosts: Sequence[LabHost]) -> None:
    """Switch hosts on together, then wait for each; raises the first failure after all were tried."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        for done in [pool.submit(each.boot, False) for each in hosts]:
            done.result()
        for waited in [pool.submit(each.wait, 60 + 2 * len(hosts)) for each in hosts]:
            waited.result()


def _prepare(lab: Lab, hosts: Sequence[Host], say: Callable[[str], None]) -> None:
    lab.state.mkdir(parents=True, exist_ok=True)
    raised = lab.record().get("inotify") or limits.raise_inotify(len(hosts))
    content = {"subnet": lab.subnet, "inotify": raised or ""}
    (lab.state / "lab.json").write_text(json.dumps(content) + "\n")
    host.make_key(lab.key)
    for suite in sorted({root.SUITES[spec.ubuntu] for spec in hosts}):
        root.ensure(suite, say)
    web.fill(lab.web, say)
    network.up(lab.name, lab.subnet)
    if not process.find(lab.server_marker):
        _start_server(lab)


def _start_server(lab: Lab) -> None:
    certificates.make_leaf(lab.state, lab.address)
    command: list[str | Path] = [paths.PYTHON, "-m", "lab.server", lab.server_marker, lab.address, lab.state]
    pid = process.spawn(command, lab.access_log, folder=paths.CHECKOUT)
    if not process.listening(pid, lab.address, 443, seconds=10):
        said = lab.access_log.read_text(errors="replace").strip().splitlines()[-1:]
        raise LabError(f"The lab's server did not start on {lab.address}:443: {' '.join(said) or 'it said nothing'}")


def _sweep_strangers(lab: Lab, definition: Definition) -> None:
    """End and remove hosts that the definition does not have."""
    wanted = {f"{lab.name}-{spec.name}" for spec in definition.hosts}
    for machine in sorted(machines(lab) - wanted):
        kill(machine)
        folder = lab.state / "hosts" / machine.removeprefix(f"{lab.name}-")
        disk.unmount(folder)
        process.run("ip", "netns", "del", machine, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def machines(lab: Lab) -> set[str]:
    """Every machine of which anything is left: processes, a namespace, or files."""
    prefix = f"--machine={lab.name}-"
    running = {word.removeprefix("--machine=") for word in process.words() if word.startswith(prefix)}
    folders = {f"{lab.name}-{path.name}" for path in (lab.state / "hosts").glob("*")}
    return running | folders | set(network.namespaces(lab.name))


def down(lab: Lab, say: Callable[[str], None] = _silent) -> None:
    """Leave nothing of a lab behind, whatever became of it: processes, mounts, network, limits and files."""
    if os.geteuid() != 0:
        raise LabError("The lab's hosts are root's. Type: sudo fleet lab down")
    with _alone(lab):
        found = sorted(machines(lab))
        say(f"taking down {', '.join(found)}" if found else "no host is there")
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(kill, found))
        process.end(process.find(lab.server_marker))
        disk.unmount(lab.state)
        network.down(lab.name, lab.subnet)
        limits.restore_inotify(lab.record().get("inotify"))
        shutil.rmtree(lab.state, ignore_errors=True)


@contextmanager
def _alone(lab: Lab) -> Iterator[None]:
    """Keep a second `up` or `down` of the same lab waiting; the lock goes with its process, however that ends."""
    folder = paths.cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / lab.name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
