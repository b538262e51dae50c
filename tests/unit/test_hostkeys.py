"""known_hosts files: which lines are a host's."""

import base64
import hmac
from pathlib import Path

import pytest
from paramiko import HostKeys

from fleet import hostkeys


def key(fill: int) -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([fill]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def hashed(name: str) -> str:
    salt = b"s" * 20
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def found(tmp_path: Path, text: str, name: str) -> list[str]:
    file = tmp_path / "known_hosts"
    file.write_text(text)
    hostkeys.read.cache_clear()
    keys = HostKeys()
    hostkeys.fill(keys, (file, tmp_path / "none"), name)
    return [f"{kind} {item.get_base64()}" for kind, item in (keys.get(name) or {}).items()]


@pytest.mark.parametrize(
    ("hosts", "name", "matches"),
    [
        ("gpu-01", "gpu-01", True),
        ("gpu-01,10.0.0.1", "10.0.0.1", True),
        ("GPU-01", "gpu-01", True),
        ("gpu-01", "gpu-0", False),
        ("gpu-*", "gpu-01", True),
        ("gpu-*,!gpu-01", "gpu-01", False),
        ("gpu-?1", "gpu-01", True),
        ("[gpu-01]:2222", "[gpu-01]:2222", True),
        ("[gpu-*]:2222", "[gpu-01]:2222", True),
        ("gpu-01", "[gpu-01]:2222", False),
        (hashed("gpu-01"), "gpu-01", True),
        (hashed("gpu-01"), "gpu-02", False),
        (hashed("[gpu-01]:2222"), "[gpu-01]:2222", True),
    ],
)
def test_a_line_belongs_to_the_names_it_means(tmp_path: Path, hosts: str, name: str, matches: bool) -> None:
    assert found(tmp_path, f"{hosts} {key(1)} comment\n", name) == ([key(1)] if matches else [])


def test_lines_that_are_not_understood_are_passed_over(tmp_path: Path) -> None:
    odd = "# gpu-01\n\ngpu-01\ngpu-01 ssh-ed25519 !!!\ngpu-01 new-kind AAAA\n"
    text = f"{odd}@cert-authority * {key(2)}\ngpu-01 {key(1)}\n"
    assert found(tmp_path, text, "gpu-01") == [key(1)]


def test_a_revoked_key_is_not_known(tmp_path: Path) -> None:
    assert found(tmp_path, f"gpu-01 {key(1)}\n@revoked * {key(1)}\n", "gpu-01") == []


def test_names_carry_the_port_as_ssh_writes_it() -> None:
    assert [hostkeys.server_name("a", port) for port in (22, 2222)] == ["a", "[a]:2222"]
