"""A small inventory in which every kind of file has its place: what the fuzzer starts from."""

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fleet.lock import write as lockfile
from schema import load
from schema.content import explicit
from schema.lock import inputs
from schema.lock.model import Lock

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SHA = "0123456789abcdef" * 4
HOST = """# A training host, with every kind of thing that a host file can say.
groups: [training]
connection: {address: 192.0.2.20, port: 22, user: ubuntu, key: ~/.ssh/id_ed25519, sudo_password: {env: FLEET_SUDO}}
kernel: {flavour: generic}
gpus:
  - {model: RTX 4090, count: 2, memory_gib: 24}
driver: {source: nvidia, branch: 580, version: 580.95.05, modules: open, persistence: true}
cuda:
  toolkits: ["12.9", "12.6", {"11.8": absent}]
  default: "12.9"
  policy: minor-compatible
cudnn: {version: {"12": "9.10.2"}}
conda: {version: 25.3.1-0, prefix: /opt/conda, owner: ubuntu, mode: "0755"}
environments:
  file: {file: environments/ds.yml, kernel: true}
  pip:
    python: "3.11"
    packages: [numpy, "scikit-learn>=1.5"]
    pip:
      requirements: environments/serving.txt
      indexes: [{url: "https://download.pytorch.org/whl/cu126", packages: [torch]}]
  locked: {lock: environments/locked.lock}
  old: absent
mirrors:
  cuda: {url: "https://mirror.example/{distro}/{nvidia_arch}", keys: [{file: keys/site.asc, fingerprint: FINGERPRINT}]}
proxy: {https: "http://proxy.example:3128", no_proxy: [mirror.example, 10.0.0.0/8]}
ca_bundle: keys/site.pem
reboot: if-needed
accept: [{code: GPU110, reason: "until the next maintenance window", until: 2099-12-31}]
"""
FLEET = """requires: ">=0.1"
require_lock: false
rollout: {max_unavailable: 2}
defaults:
  ubuntu: "24.04"
  connection: {user: ops, timeout: 20}
groups:
  training: {reboot: if-needed, driver: {install: compute}}
  idle: {conda: none}
"""
LOCK = f"""@EXPLICIT
https://conda.anaconda.org/conda-forge/linux-64/python-3.11.9-hb806964_0_cpython.conda#{SHA}
https://conda.anaconda.org/conda-forge/noarch/ca-certificates-2025.1.31-hbcca054_0.tar.bz2#sha256:{SHA}
"""
REQUIREMENTS = (
    f"-r more.txt\ntorch==2.8.0 \\\n  --hash=sha256:{SHA}  # pinned\nfastapi>=0.115; python_version > '3.8'\n"
)


# The same few hosts as Ansible's own inventory, in the three forms in which it is written.
FOREIGN = {
    "foreign/hosts.ini": """# Ansible's
bastion ansible_host=203.0.113.2 ansible_user=ops
[gpu]
node[01:03].example.org ansible_port=2222 ansible_ssh_private_key_file=~/.ssh/id_ed25519
"quoted name" ansible_host=192.0.2.1
[gpu:vars]
ansible_ssh_common_args='-o ProxyJump=ops@203.0.113.2:22 -o StrictHostKeyChecking=no'
ansible_become=yes
ansible_become_password='{{ vault_password }}'
[site:children]
gpu
""",
    "foreign/hosts.yml": """all:
  vars: {ansible_user: ops, ansible_python_interpreter: /usr/bin/python3}
  hosts:
    bastion: {ansible_host: 203.0.113.2}
  children:
    gpu:
      hosts:
        node[01:03].example.org: {ansible_port: 2222, gpus: 8}
      vars: {ansible_become: true, ansible_ssh_common_args: "-J bastion"}
    site: {children: {gpu: }}
""",
    "foreign/all.json": """{"_meta": {"hostvars": {"node01": {"ansible_host": "192.0.2.7", "ansible_port": 22}}},
 "all": {"children": ["ungrouped", "gpu"]}, "gpu": {"hosts": ["node01", "node02"], "vars": {"ansible_user": "ops"}}}
""",
}


def files() -> dict[str, bytes]:
    """Bytes by path inside the folder. Loads without a problem."""
    written = _written()
    return {**written, "fleet.lock": _lock(tuple(written.items()))}


def write(folder: Path, wanted: Mapping[str, bytes]) -> None:
    for name, data in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@functools.cache
def _lock(written: tuple[tuple[str, bytes], ...]) -> bytes:
    """A lock for the host as the other files declare it, with an entry of every kind."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name) / "site", dict(written))
        spec = load.fleet(Path(name) / "site").hosts["node"]
    sets = {
        "driver 580 open compute": {"nvidia-open-580": package("580.95.05-0ubuntu1")},
        "cuda 12.9": {"cuda-toolkit-12-9": package("12.9.1-1")},
    }
    repository = {
        **{"source": "nvidia", "release": "24.04", "arch": "x86_64", "url": "https://mirror.example/cuda"},
        **{"fingerprints": ["A" * 40], "date": "Tue, 24 Nov 2026 10:00:00 UTC", "sets": sets},
    }
    installer = {"distribution": "miniforge", "version": "25.3.1-0", "arch": "x86_64", "sha256": SHA}
    solved = {
        "platform": "linux-64",
        "virtual": ["__cuda=13.0"],
        "packages": [one.model_dump() for one in explicit.packages(LOCK, "l")],
    }
    group = {
        **{"hosts": ["node"], "inputs": inputs.inputs(spec), "sets": {"nvidia": sorted(sets)}, "installer": "conda"},
        **{"choices": {"driver.branch": "580"}, "environments": {"pip": "pip"}},
    }
    lock = {
        **{"hosts": [group], "repositories": {"nvidia": repository}, "environments": {"pip": solved}},
        "installers": {"conda": {**installer, "url": "https://mirror.example/Miniforge3-25.3.1-0-Linux-x86_64.sh"}},
    }
    return lockfile.text(Lock.model_validate(lock)).encode()


def package(version: str) -> dict[str, object]:
    return {"version": version, "sha256": SHA, "size": 1234}


def _written() -> dict[str, bytes]:
    """The files that people write."""
    keys = EXAMPLES / "air-gapped" / "keys"
    fleet = (EXAMPLES / "air-gapped" / "fleet.yaml").read_text()
    fingerprint = fleet.partition("fingerprint: ")[2][:40]
    return {
        "hosts/node.yaml": HOST.replace("FINGERPRINT", fingerprint).encode(),
        "fleet.yaml": FLEET.encode(),
        "environments/ds.yml": (EXAMPLES / "desktop" / "environments" / "ds.yml").read_bytes(),
        "environments/serving.txt": REQUIREMENTS.encode(),
        "environments/more.txt": b"einops==0.8.1\n",
        "environments/locked.lock": LOCK.encode(),
        "keys/site.asc": (keys / "site-archive.asc").read_bytes(),
        "keys/site.pem": (keys / "site-ca.pem").read_bytes(),
    }
