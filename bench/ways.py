"""The ways to look at a fleet that are compared, each as one command."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import measure, site
from facts import probe
from facts.snapshot import HostSnapshot

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# Both sides of each comparison: OpenSSH's default post-quantum exchange costs it seven times the CPU (docs/cost.md).
KEX = "curve25519-sha256"
CONCURRENCY = 32
# All hosts are one host here: this way nothing that was taken apart for one of them helps with another (facts/memo.py).
UNALIKE = (("GPUFLEET_REMEMBER_NOTHING", "1"),)


@dataclass(frozen=True)
class Way:
    """`hosts` it is run on; `expected` exit codes; `slow` ways are run once; `extra` environment."""

    name: str
    command: tuple[str, ...]
    hosts: int
    expected: tuple[int, ...] = (0,)
    stdin: Path | None = None
    slow: bool = False
    extra: tuple[tuple[str, str], ...] = ()


def environment(folder: Path) -> dict[str, str]:
    """The caller's environment, with this checkout's programs first and no progress drawing. Python keeps what it
    compiles, as it does by default, below `folder`."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = f"{BIN}:{os.environ.get('PATH', '')}"
    return {**kept, "PATH": path, "PYINFRA_PROGRESS": "off", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def warm(chosen: site.Site, folder: Path) -> None:
    """Each of our ways once, on one host: what Python compiles at a first start is no cost of a look."""
    for way in ours(chosen):
        measure.cost((*way.command, "--limit", chosen.names[0]), CHECKOUT, environment(folder))


def openssh(chosen: site.Site, folder: Path, kept: Path | None = None) -> Way:
    """The floor: one OpenSSH client for each host, sending the same probe and reading all it prints, which goes to
    /dev/null or, for `proof`, to a file for each address in the folder `kept`."""
    script = folder / "probe.sh"
    script.write_text(HostSnapshot().command())
    options = f"-F none -oBatchMode=yes -oKexAlgorithms={KEX} -oUserKnownHostsFile={chosen.lab.known_hosts}"
    output = f'"{kept}/$1"' if kept else "/dev/null"
    line = f'ssh {options} -i {chosen.lab.key} "ubuntu@$1" sudo -n sh < {script} > {output}'
    listed = folder / f"addresses-{len(chosen.addresses)}"
    listed.write_text("".join(f"{address}\n" for address in chosen.addresses))
    command = ("xargs", f"-P{CONCURRENCY}", "-I{}", "sh", "-c", line, "sh", "{}")
    return Way(f"OpenSSH ({KEX}), the same probe", command, len(chosen.addresses), stdin=listed)


def proof(chosen: site.Site, folder: Path) -> str:
    """Run the floor once and keep what it reads: every address must have said all its sections. Raises ValueError."""
    kept = folder / "kept"
    kept.mkdir()
    way = openssh(chosen, folder, kept)
    measure.cost(way.command, CHECKOUT, environment(folder), way.stdin)
    sizes = []
    for address in chosen.addresses:
        text = (kept / address).read_text(errors="replace")
        if unseen := probe.sections(text.splitlines()).unseen(probe.SECTIONS):
            raise ValueError(f"{address} did not answer whole; not seen: {', '.join(sorted(unseen))}")
        sizes.append(len(text))
    return f"{len(sizes)} hosts answer whole: a probe of {len(HostSnapshot().command())} bytes, {max(sizes)} bytes back"


def one_by_one(chosen: site.Site, folder: Path) -> Way:
    """Stock pyinfra with as many facts as the probe answers, without config.py."""
    listed = folder / "hosts.py"
    data = {"ssh_user": "ubuntu", "ssh_key": str(chosen.lab.key), "_sudo": True}
    data |= {"ssh_known_hosts_file": str(chosen.lab.known_hosts), "ssh_strict_host_key_checking": "yes"}
    listed.write_text(f"hosts = ({list(chosen.addresses)!r}, {data!r})\n")
    deploy = CHECKOUT / "bench" / "one_by_one.py"
    command = ("pyinfra", "--chdir", str(folder), "-y", str(listed), str(deploy))
    return Way("plain pyinfra, facts one by one", command, len(chosen.addresses), slow=True)


def ours(chosen: site.Site) -> list[Way]:
    count, folder = len(chosen.addresses), str(chosen.folder)
    return [
        Way("fleet drift", ("fleet", "drift", folder), count),
        Way("fleet drift, as if no hosts were alike", ("fleet", "drift", folder), count, extra=UNALIKE),
        Way("pyinfra INV deploys/gpu.py -y, nothing to do", ("pyinfra", folder, "deploys/gpu.py", "-y"), count),
        Way("fleet apply -y, nothing to do", ("fleet", "apply", folder, "-y"), count),
    ]


def ansible(chosen: site.Site, folder: Path, program: Path, most: int) -> Way:
    """ansible-playbook --check of 15 tasks, pipelining, with the same key exchange; its Python is the lab's.

    Its connections are shared between tasks, as they are by default; the processes that hold them are not counted.
    """
    addresses = chosen.addresses[:most]
    listed, settings = folder / "hosts.ini", folder / "ansible.cfg"
    listed.write_text("".join(f"{address}\n" for address in addresses))
    options = f"-F none -oControlMaster=auto -oControlPersist=60s -oKexAlgorithms={KEX}"
    options += f" -oUserKnownHostsFile={chosen.lab.known_hosts}"
    settings.write_text(
        f"[defaults]\nforks = {CONCURRENCY}\nremote_user = ubuntu\nprivate_key_file = {chosen.lab.key}\n"
        f"interpreter_python = {python(chosen)}\n[ssh_connection]\npipelining = true\nssh_args = {options}\n"
        f"control_path_dir = {folder / 'cp'}\n"
    )
    inner = f"ANSIBLE_CONFIG={settings} {program} --check -i {listed} {CHECKOUT / 'bench' / 'playbook.yml'}"
    return Way("ansible-playbook --check, 15 tasks", ("sh", "-c", inner), len(addresses), slow=True)


def python(chosen: site.Site) -> str:
    """A Python on the host, which only Ansible needs: the one of the conda environment."""
    return chosen.host.run("ls -d /opt/conda/envs/ds/bin/python").stdout.strip()
