"""What ssh_config, known_hosts, keys and agents mean: the same for a drift check, an apply and plain pyinfra."""

import base64
import hmac
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.host import LabHost
from lab.lab import Lab

pytestmark = pytest.mark.hosts

ROOT = Path(__file__).resolve().parents[2]
Boot = Callable[..., LabHost]

# Each is a host of the inventory that has its name, this file and nothing else. {0} is the lab host's address.
CONFIG = """
Include {folder}/more/*.conf
Host plain
    HostName {0}
Host st?r* !starless
    HostName {0}
Match host matched
    HostName {0}
Match host asked exec "test %n = asked"
    HostName {0}
Match exec "false"
    HostName 192.0.2.1
Host second-key
    HostName {0}
    IdentityFile {folder}/stranger
    IdentityFile {folder}/login
Host by-certificate
    HostName {0}
    IdentityFile {folder}/certified
    CertificateFile {folder}/elsewhere-cert.pub
Host by-agent
    HostName {0}
    IdentityFile {folder}/stranger
Host agent-unlisted
    HostName {0}
    IdentityFile {folder}/stranger
    IdentitiesOnly yes
Host agent-listed
    HostName {0}
    IdentityFile {folder}/agent.pub
    IdentitiesOnly yes
Host alias
    HostName {0}
    HostKeyAlias the-box
    UserKnownHostsFile {folder}/aliased
Host hashed
    HostName {0}
    UserKnownHostsFile {folder}/nothing {folder}/hashed
Host authority
    HostName {0}
    UserKnownHostsFile {folder}/authority
    GlobalKnownHostsFile none
Host globally
    HostName {0}
    UserKnownHostsFile none
    GlobalKnownHostsFile {folder}/known
Host revoked
    HostName {0}
    UserKnownHostsFile {folder}/known {folder}/revoked
Host jumped
    HostName {0}
    ProxyJump plain
Host far
    HostName {0}
    ProxyJump ubuntu@plain,starting
Host through
    HostName {0}
    ProxyCommand ssh -F none -i {folder}/login -oUserKnownHostsFile={folder}/known -W %h:%p ubuntu@{0} 2>/dev/null
Host other-port
    HostName {0}
    Port 1
Host nameless
    HostName no-such-host.invalid
Host by-certificate by-agent agent-* second-key
    # The key of all others, below, is not theirs.
    User ubuntu
Host *
    User ubuntu  # a comment
    UserKnownHostsFile {folder}/known
Host !by-certificate !by-agent !agent-unlisted !agent-listed !second-key *
    IdentityFile "{folder}/login"
"""
REACHED = {
    "plain", "starting", "matched", "asked", "included", "second-key", "by-certificate", "by-agent", "agent-listed",
    "alias", "hashed", "globally", "jumped", "far", "through", "given-port",
}  # fmt: skip
REFUSED = {
    "agent-unlisted": "RUN204",
    "authority": "RUN202",
    "revoked": "RUN202",
    "other-port": "RUN201",
    "nameless": "RUN201",
    "starless": "RUN201",
    "encrypted": "RUN426",
    "broken": "RUN425",
}


def keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def box(lasting_host: Boot) -> LabHost:
    return lasting_host("box")


@pytest.fixture(scope="module")
def site(box: LabHost, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inventory of one machine under many names; each is reached as ssh_config says of that name."""
    folder = tmp_path_factory.mktemp("meanings")
    shutil.copy(box.key, folder / "login")
    for name in ("stranger", "certified", "agent", "authority-key"):
        keygen("-t", "ed25519", "-N", "", "-f", str(folder / name))
    keygen("-t", "ed25519", "-N", "a passphrase", "-f", str(folder / "encrypted"))
    keygen("-s", str(folder / "authority-key"), "-I", "test", "-n", "ubuntu", str(folder / "certified.pub"))
    (folder / "certified-cert.pub").rename(folder / "elsewhere-cert.pub")
    box.run("cat >/etc/ssh/authority.pub", stdin=(folder / "authority-key.pub").read_text())
    box.run("cat >>/home/ubuntu/.ssh/authorized_keys", stdin=(folder / "agent.pub").read_text())
    setting = "TrustedUserCAKeys /etc/ssh/authority.pub\nMaxStartups 100\n"
    box.run("cat >/etc/ssh/sshd_config.d/meanings.conf && systemctl reload-or-restart ssh", stdin=setting)
    box.wait()
    known(folder, box, lab)
    (folder / "more").mkdir()
    (folder / "more" / "one.conf").write_text(f"Host included\n HostName {box.address}\n")
    (folder / "ssh_config").write_text(CONFIG.format(box.address, folder=folder))
    (folder / "bad_config").write_text("Host *\n User\n")
    hosts(folder, box)
    return folder


def known(folder: Path, box: LabHost, lab: Lab) -> None:
    lines = [line.split() for line in lab.known_hosts.read_text().splitlines()]
    kind, key = next(words[1:3] for words in lines if words[0] == box.address)
    salt = b"0123456789abcdefghij"
    digest = hmac.digest(salt, box.address.encode(), "sha1")
    name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    (folder / "known").write_text(f"{box.address} {kind} {key}\n")
    (folder / "aliased").write_text(f"the-box {kind} {key}\n{box.address} ssh-ed25519 AAAA\n")
    (folder / "hashed").write_text(f"{name} {kind} {key}\n")
    (folder / "authority").write_text(f"@cert-authority * {kind} {key}\n")
    (folder / "revoked").write_text(f"@revoked * {kind} {key}\n")


def hosts(folder: Path, box: LabHost) -> None:
    more = {
        "given-port": {"address": "other-port", "port": 22},
        "encrypted": {"address": box.address, "key": str(folder / "encrypted"), "user": "ubuntu"},
        "broken": {"ssh_config": str(folder / "bad_config")},
    }
    (folder / "hosts").mkdir()
    for name in REACHED | REFUSED.keys():
        connection = {"ssh_config": str(folder / "ssh_config"), "timeout": 5} | more.get(name, {})
        text = f'ubuntu: "24.04"\ngpus: []\nconnection: {json.dumps(connection)}\n'
        (folder / "hosts" / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def environment(site: Path) -> Iterator[dict[str, str]]:
    """A home without keys, and an agent that has one of them."""
    said = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    words = dict(part.split("=", 1) for part in said.replace("\n", "").split(";") if "=" in part)
    made = os.environ | words | {"HOME": str(site / "home"), "XDG_STATE_HOME": str(site / "state")}
    try:
        subprocess.run(["ssh-add", "-q", str(site / "agent")], check=True, env=made, stderr=subprocess.DEVNULL)
        yield made
    finally:
        os.kill(int(words["SSH_AGENT_PID"]), 15)


def run(environment: dict[str, str], script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / script), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("verb", [("drift",), ("apply", "-y")])
def test_our_verbs_mean_what_ssh_config_says(site: Path, environment: dict[str, str], verb: tuple[str, ...]) -> None:
    done = run(environment, "fleet", *verb, "--format", "json", str(site))
    rows = {row["host"]: row for row in json.loads(done.stdout)["hosts"]}
    found = {name: row["error"]["code"] if row["error"] else "reached" for name, row in rows.items()}
    assert found == REFUSED | dict.fromkeys(REACHED, "reached"), done.stdout


def test_plain_pyinfra_means_the_same(site: Path, environment: dict[str, str]) -> None:
    done = run(environment, "pyinfra", "-y", str(site), "exec", "--", "echo", "reached", "it")
    said = done.stderr.splitlines()
    reached = {
        name
        for name in REACHED | REFUSED.keys()
        if any(line.split() == [f"[{name}]", "reached", "it"] for line in said)
    }
    assert reached == REACHED, done.stderr
    for name, code in REFUSED.items():
        assert any(f"[{name}]" in line and code in line for line in said), (name, code, done.stderr)


def test_openssh_itself_reaches_the_same_hosts(site: Path, environment: dict[str, str]) -> None:
    ssh = [
        "ssh",
        "-F",
        str(site / "ssh_config"),
        "-oBatchMode=yes",
        "-oStrictHostKeyChecking=yes",
        "-oConnectTimeout=5",
    ]
    for name in sorted((REACHED | REFUSED.keys()) - {"given-port", "encrypted", "broken"}):
        done = subprocess.run([*ssh, name, "true"], env=environment, capture_output=True, text=True, timeout=30)
        assert (done.returncode == 0) == (name in REACHED), (name, done.stderr)
