"""Connections over a real sshd: host keys, jumps, ssh_config, and one host that must not hold up another."""

import json
import time
from pathlib import Path

import pytest

from tests.engine.conftest import Command, Sshd


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    (made / "hosts").mkdir(parents=True)
    return made


def host(site: Path, name: str, **connection: object) -> None:
    text = json.dumps(connection, default=str)
    (site / "hosts" / f"{name}.yaml").write_text(f'ubuntu: "24.04"\ngpus: []\nconnection: {text}\n')


def good(sshd: Sshd, **more: object) -> dict[str, object]:
    return {
        "address": "127.0.0.1",
        "port": sshd.port,
        "user": "root",
        "key": str(sshd.key),
        "known_hosts": str(sshd.known()),
    } | more


def statuses(fleet: Command, site: Path, *flags: str) -> dict[str, str]:
    """Status or error code by host."""
    done = fleet("drift", "--format", "json", *flags, str(site))
    assert "Traceback" not in done.stderr, done.stderr
    hosts = json.loads(done.stdout)["hosts"]
    return {row["host"]: row["error"]["code"] if row["error"] else row["status"] for row in hosts}


def test_an_unreachable_host_beside_a_reachable_one(fleet: Command, site: Path, sshd: Sshd) -> None:
    host(site, "up", **good(sshd))
    host(site, "down", **good(sshd, port=1))
    found = statuses(fleet, site)
    assert found["down"] == "RUN201"
    assert not found["up"].startswith("RUN")


def test_unreachable_is_could_not_tell_unless_it_is_ignored(fleet: Command, site: Path, sshd: Sshd) -> None:
    host(site, "down", **good(sshd, port=1))
    assert fleet("drift", str(site)).returncode == 1
    assert fleet("drift", "--unreachable", "ignore", str(site)).returncode == 0


def test_a_silent_host_costs_its_timeout_and_no_more(fleet: Command, site: Path, sshd: Sshd) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        host(site, "silent", **good(sshd, port=silent.getsockname()[1], timeout=2))
        host(site, "up", **good(sshd))
        begun = time.monotonic()
        found = statuses(fleet, site)
        assert found["silent"] == "RUN201"
        assert not found["up"].startswith("RUN")
        assert time.monotonic() - begun < 20


def test_an_unknown_host_key_is_refused(fleet: Command, site: Path, sshd: Sshd, tmp_path: Path) -> None:
    host(site, "stranger", **good(sshd, known_hosts=str(tmp_path / "nothing")))
    done = fleet("drift", str(site))
    assert done.returncode == 1
    assert "RUN202" in done.stdout and "SHA256:" in done.stdout
    assert not (tmp_path / "nothing").exists()


def test_accept_new_writes_the_key_down_once(fleet: Command, site: Path, sshd: Sshd, tmp_path: Path) -> None:
    file = tmp_path / "new" / "known_hosts"
    host(site, "stranger", **good(sshd, known_hosts=str(file), host_keys="accept-new"))
    for _ in (1, 2):
        assert not statuses(fleet, site)["stranger"].startswith("RUN")
    assert file.read_text().split() == [f"[127.0.0.1]:{sshd.port}", *sshd.host_key.split()]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_changed_host_key_is_refused_though_new_ones_are_taken(
    fleet: Command, site: Path, sshd: Sshd, tmp_path: Path
) -> None:
    file = tmp_path / "known"
    other = (sshd.folder / "user.pub").read_text().split()[:2]
    file.write_text(f"[127.0.0.1]:{sshd.port} {' '.join(other)}\n")
    host(site, "changed", **good(sshd, known_hosts=str(file), host_keys="accept-new"))
    assert statuses(fleet, site) == {"changed": "RUN203"}


def test_a_revoked_host_key_is_refused(fleet: Command, site: Path, sshd: Sshd, tmp_path: Path) -> None:
    file = tmp_path / "known"
    line = f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n"
    file.write_text(line + f"@revoked * {sshd.host_key}\n")
    host(site, "revoked", **good(sshd, known_hosts=str(file), host_keys="accept-new"))
    assert statuses(fleet, site) == {"revoked": "RUN202"}


def test_a_refused_login_names_the_user(fleet: Command, site: Path, sshd: Sshd) -> None:
    host(site, "locked", **good(sshd, key=str(sshd.folder / "host")))
    done = fleet("drift", str(site), SSH_AUTH_SOCK="")
    assert "RUN204" in done.stdout and "root" in done.stdout


def test_a_host_behind_another_is_reached_through_it(fleet: Command, site: Path, sshd: Sshd) -> None:
    host(site, "gate", **good(sshd))
    host(site, "behind", **good(sshd, jump="gate"))
    assert not statuses(fleet, site)["behind"].startswith("RUN")
    host(site, "gate", **good(sshd, port=1))
    assert statuses(fleet, site)["behind"] == "RUN205"


def test_jumps_in_a_ring_are_refused(fleet: Command, site: Path, sshd: Sshd) -> None:
    host(site, "one", **good(sshd, jump="two"))
    host(site, "two", **good(sshd, jump="one"))
    done = fleet("drift", str(site))
    assert (done.returncode, done.stdout) == (1, "")
    assert "RUN206" in done.stderr or "INV" in done.stderr


def test_ssh_config_gives_what_the_inventory_leaves_out(fleet: Command, site: Path, sshd: Sshd) -> None:
    config = site / "ssh_config"
    config.write_text(
        f"Host alias\n HostName 127.0.0.1\n Port {sshd.port}\n User root\n IdentityFile {sshd.key}\n"
        f" UserKnownHostsFile {sshd.known()}\n"
        f"Host hidden\n HostName 127.0.0.1\n Port {sshd.port}\n User root\n IdentityFile {sshd.key}\n"
        f" UserKnownHostsFile {sshd.known()}\n ProxyJump alias\n"
    )
    for name in ("alias", "hidden"):
        host(site, name, ssh_config=str(config))
    assert not any(status.startswith("RUN") for status in statuses(fleet, site).values())


def test_the_plain_command_reports_both_hosts(pyinfra: Command, site: Path, sshd: Sshd) -> None:
    host(site, "up", **good(sshd))
    host(site, "down", **good(sshd, port=1))
    done = pyinfra("-y", str(site), "exec", "--", "echo", "reached")
    assert done.returncode == 1
    assert "[up]" in done.stderr and "reached" in done.stderr and "RUN201" in done.stderr
    assert "Traceback" not in done.stderr
