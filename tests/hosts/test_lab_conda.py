"""The lab's conda installers, channel and Python index on real hosts, over the lab's HTTPS server."""

import json
import shlex
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from lab import installers
from lab.host import LabHost
from tests.hosts.conftest import HostFactory

pytestmark = pytest.mark.hosts

OLD, NEW = "Miniforge3-25.3.1-0-Linux-x86_64.sh", "Miniforge3-26.3.2-3-Linux-x86_64.sh"
MINICONDA = "Miniconda3-py313_26.5.3-1-Linux-x86_64.sh"
CA = "/etc/ssl/certs/ca-certificates.crt"
CONDA = "/opt/conda/bin/conda"


@pytest.fixture(scope="module")
def hosts(lasting_host: HostFactory) -> dict[str, LabHost]:
    """One host of each base root (24.04 on bookworm, 26.04 on trixie), with the site's CA in the host's store only."""
    found = {"24.04": lasting_host("old"), "26.04": lasting_host("new", ubuntu="26.04")}
    for host in found.values():
        host.trust_lab_ca()
        keep_user_managers(host)
    return found


@pytest.fixture(scope="module", params=["24.04", "26.04"])
def host(request: pytest.FixtureRequest, hosts: dict[str, LabHost]) -> LabHost:
    """A host with Miniforge in /opt/conda and an environment ds, channel and index at the lab's server."""
    machine = hosts[request.param]
    fetch(machine, OLD)
    sh(machine, f"sh /srv/{OLD} -b -p /opt/conda")
    sh(machine, f"{CONDA} config --system --set channel_alias https://{machine.subnet}.1/conda")
    sh(machine, f"{CONDA} config --system --set ssl_verify {CA}")
    sh(machine, f"{CONDA} create -y -n ds python=3.11 numpy=2.1.3 scikit-learn pip ipykernel")
    sh(machine, "ln -sf /opt/conda/etc/profile.d/conda.sh /etc/profile.d/conda.sh")
    return machine


def keep_user_managers(host: LabHost) -> None:
    """Keep systemd --user after the last logout (logind.conf(5)).

    Under control groups version 1, systemd 257 waits in vain for its own to empty, and the next login hangs.
    """
    folder = "/etc/systemd/logind.conf.d"
    lines = "[Login]\nUserStopDelaySec=infinity\n"
    host.run(f"mkdir -p {folder} && cat > {folder}/lab.conf && systemctl restart systemd-logind", stdin=lines)


def sh(host: LabHost, command: str, check: bool = True, stdin: str | None = None) -> "CompletedProcess[str]":
    """Run a command as root without this machine's own variables: PIP_CERT and the like would decide the outcome."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    clean = f"env -i HOME=/root PATH={path} LANG=C.UTF-8 sh -c {shlex.quote(command)}"
    return host.run(clean, check=check, stdin=stdin)


def fetch(host: LabHost, name: str) -> None:
    sh(host, f"cd /srv && curl -sSfO https://{host.subnet}.1/installers/{name}")


def packages(host: LabHost, environment: str) -> dict[str, str]:
    """Name to version, the pip-installed ones marked: what `conda list --json` says."""
    rows = json.loads(sh(host, f"{CONDA} list -n {environment} --json").stdout)
    return {row["name"]: f"{row['version']} (pip)" if row["channel"] == "pypi" else row["version"] for row in rows}


def as_user(host: LabHost, command: str) -> str:
    """The output of a command in a new login shell of an ordinary user."""
    done = host.ssh(f"bash -lc '{command}'")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_served_installer_has_the_committed_hash(host: LabHost) -> None:
    fetch(host, OLD)
    assert sh(host, f"sha256sum < /srv/{OLD}").stdout.split()[0] == installers.sha256(OLD)


def test_an_existing_prefix_is_refused_in_the_vendors_words(host: LabHost) -> None:
    done = sh(host, f"sh /srv/{OLD} -b -p /opt/conda", check=False)
    assert done.returncode == 1
    assert "ERROR: File or directory already exists: '/opt/conda'" in done.stderr
    assert "use the -u option." in done.stderr


def test_the_installer_refuses_where_there_is_no_lab_host(host: LabHost) -> None:
    try:
        sh(host, "mv /etc/gpufleet-lab /etc/gpufleet-lab.away")
        done = sh(host, f"sh /srv/{OLD} -b -p /opt/other", check=False)
    finally:
        sh(host, "mv /etc/gpufleet-lab.away /etc/gpufleet-lab")
    assert done.returncode == 1
    assert "stand-in" in done.stderr
    assert sh(host, "test -e /opt/other", check=False).returncode == 1


def test_an_environment_has_a_working_python_of_its_own(host: LabHost) -> None:
    code = "import sys, numpy; print(sys.prefix, sys.version.split()[0], numpy.__version__)"
    prefix, version, numpy = sh(host, f"/opt/conda/envs/ds/bin/python -c '{code}'").stdout.split()
    assert (prefix, numpy) == ("/opt/conda/envs/ds", "2.1.3")
    assert version == packages(host, "ds")["python"] == "3.11.13"


def test_the_records_are_readable_by_everyone_and_the_host_has_no_python(host: LabHost) -> None:
    assert sh(host, "find /opt/conda/envs/ds/conda-meta ! -perm -004").stdout == ""
    assert host.ssh("command -v python3 python").stdout == ""


def test_an_ordinary_user_activates_it_in_a_new_shell(host: LabHost) -> None:
    said = as_user(host, "conda activate ds && command -v python && echo $CONDA_DEFAULT_ENV && conda deactivate")
    assert said.splitlines() == ["/opt/conda/envs/ds/bin/python", "ds"]
    assert as_user(host, "conda run -n ds python -V") == "Python 3.11.13"
    refused = host.ssh("bash -lc 'conda install -y -n ds einops'")
    assert refused.returncode == 1
    assert "EnvironmentNotWritableError" in refused.stderr


def test_packages_come_change_and_go(host: LabHost) -> None:
    sh(host, f"{CONDA} create -y -n churn python=3.12 numpy=1.26.4 einops=0.8.0")
    sh(host, f"{CONDA} install -y -n churn numpy=2.2.6 tqdm")
    assert {name: packages(host, "churn")[name] for name in ("numpy", "einops")} == {
        "numpy": "2.2.6",
        "einops": "0.8.0",
    }
    sh(host, f"{CONDA} update -y -n churn einops")
    assert packages(host, "churn")["einops"] == "0.8.1"
    sh(host, f"{CONDA} remove -y -n churn tqdm")
    assert "tqdm" not in packages(host, "churn")
    sh(host, f"{CONDA} env remove -y -n churn")
    assert sh(host, "test -e /opt/conda/envs/churn", check=False).returncode == 1


def test_what_cannot_be_installed_says_so_and_changes_nothing(host: LabHost) -> None:
    before = packages(host, "ds")
    missing = sh(host, f"{CONDA} install -y -n ds no-such-package", check=False)
    assert (missing.returncode, "PackagesNotFoundError" in missing.stderr) == (1, True)
    conflict = sh(host, f"{CONDA} install -y -n ds python=3.13 numpy=1.26.4", check=False)
    assert (conflict.returncode, "LibMambaUnsatisfiableError" in conflict.stderr) == (1, True)
    assert packages(host, "ds") == before


def test_an_explicit_lock_gives_the_same_packages_and_a_wrong_hash_none(host: LabHost) -> None:
    sh(host, f"{CONDA} list -n ds --explicit --sha256 > /srv/ds.lock")
    sh(host, f"{CONDA} create -y -n locked --file /srv/ds.lock")
    assert packages(host, "locked") == packages(host, "ds")
    sh(host, "sed -i 's/#sha256:.\\{8\\}/#sha256:00000000/' /srv/ds.lock")
    done = sh(host, f"{CONDA} create -y -n wrong --file /srv/ds.lock", check=False)
    assert (done.returncode, "ChecksumMismatchError" in done.stderr) == (1, True)
    assert sh(host, "test -e /opt/conda/envs/wrong", check=False).returncode == 1


def test_an_environment_file_brings_conda_and_pip_packages_and_prune_removes(host: LabHost) -> None:
    lines = [
        "name: made",
        "channels: [conda-forge]",
        "dependencies: [python=3.12, pip, pandas, {pip: [einops==0.8.0]}]",
    ]
    sh(host, "cat > /srv/made.yml", stdin="\n".join(lines))
    pip = f"PIP_CERT={CA} PIP_INDEX_URL=https://{host.subnet}.1/pypi/simple"
    sh(host, f"{pip} {CONDA} env create -f /srv/made.yml")
    assert packages(host, "made")["einops"] == "0.8.0 (pip)"
    sh(host, "cat > /srv/made.yml", stdin="name: made\nchannels: [conda-forge]\ndependencies: [python=3.12, pip]\n")
    sh(host, f"{CONDA} env update --prune -f /srv/made.yml")
    assert "pandas" not in packages(host, "made")


def test_pip_takes_torch_from_pytorchs_own_index(host: LabHost) -> None:
    index = f"https://{host.subnet}.1/pypi"
    pip = "/opt/conda/envs/ds/bin/python -m pip install --no-input"
    untrusted = sh(host, f"{pip} --retries 0 --index-url {index}/simple regex", check=False)
    assert untrusted.returncode == 1
    sh(host, f"{pip} --cert {CA} --index-url {index}/whl/cu126 torch==2.8.0+cu126")
    assert packages(host, "ds")["torch"] == "2.8.0+cu126 (pip)"
    assert sh(host, "/opt/conda/envs/ds/bin/python -m pip check").stdout.strip() == "No broken requirements found."


def test_a_kernel_is_registered_for_every_user(host: LabHost) -> None:
    python = "/opt/conda/envs/ds/bin/python"
    sh(host, f"{python} -m ipykernel install --prefix=/usr/local --name ds --display-name 'Python (ds)'")
    kernel = json.loads(Path(host.root, "usr/local/share/jupyter/kernels/ds/kernel.json").read_text())
    assert (kernel["argv"][0], kernel["display_name"]) == (python, "Python (ds)")
    assert "ds" in as_user(host, "/opt/conda/envs/ds/bin/jupyter kernelspec list --json")


def test_the_sites_authority_is_not_trusted_until_a_setting_names_it(host: LabHost) -> None:
    done = sh(host, f"CONDA_SSL_VERIFY=true {CONDA} create -y -n untrusted python", check=False)
    assert (done.returncode, "CondaSSLError" in done.stderr) == (1, True)


def test_anacondas_channels_wait_for_their_terms(host: LabHost) -> None:
    fetch(host, MINICONDA)
    sh(host, f"sh /srv/{MINICONDA} -b -p /opt/miniconda")
    conda, url = "/opt/miniconda/bin/conda", "https://repo.anaconda.com/pkgs/main"
    done = sh(host, f"{conda} create -y -n x python", check=False)
    assert (done.returncode, "CondaToSNonInteractiveError" in done.stderr) == (1, True)
    sh(host, f"{conda} tos accept --system --override-channels --channel {url}")
    assert f"{url}: accepted" in sh(host, f"{conda} tos view --override-channels --channel {url}").stdout
    mirror = f"--override-channels -c https://{host.subnet}.1/conda/main"
    sh(host, f"CONDA_SSL_VERIFY={CA} {conda} create -y -n x {mirror} python=3.13 numpy")


def test_an_update_in_place_keeps_environments_and_settings(host: LabHost) -> None:
    fetch(host, NEW)
    before = packages(host, "ds")
    sh(host, f"sh /srv/{NEW} -b -u -p /opt/conda")
    assert sh(host, f"{CONDA} --version").stdout.strip() == "conda 26.3.2"
    assert packages(host, "ds") == before
    assert packages(host, "base") == {
        "ca-certificates": "2025.8.3",
        "conda": "26.3.2",
        "libmamba": "2.1.1",
        "mamba": "2.1.1",
        "pip": "24.1.2",
        "python": "3.13.5",
    }
    assert json.loads(sh(host, f"{CONDA} config --show channel_alias ssl_verify --json").stdout)["ssl_verify"] == CA
    sh(host, f"{CONDA} install -y -n ds tqdm")
