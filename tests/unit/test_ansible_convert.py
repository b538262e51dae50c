"""An Ansible inventory as ours: the connection with Ansible's precedence, jumps, names, and what is left out."""

from pathlib import Path

import pytest
import yaml

from fleet.ansible import convert, precedence, read, render, report, variables
from fleet.ansible.convert import Ours
from schema import load


def ours(text: str, folder: Path, name: str = "site") -> Ours:
    file = folder / "inventory"
    file.write_text(text)
    return convert.inventory(read.file(file), file, name)


def whole(made: Ours, host: str) -> dict[str, object]:
    """The connection of a host with what its groups and the defaults say, as ours merges it."""
    found = made.hosts[host]
    merged: dict[str, object] = dict(made.defaults)
    for group in found.groups:
        merged |= made.groups[group]
    return merged | found.connection


CAPTURES = Path(__file__).parents[1] / "captures" / "ansible"


@pytest.mark.parametrize("name", ["hosts.ini", "site.yml", "plain.ini"])
def test_every_host_keeps_the_connection_that_ansible_gives_it(name: str) -> None:
    found = read.file(CAPTURES / name)
    made = convert.inventory(found, CAPTURES / name, "site")
    renamed = {old: new for kind, old, new, _ in made.renamed if kind == "host"}
    for host, groups in precedence.ordered(found, name).items():
        wanted = variables.connection(host, precedence.effective(found, host, groups), CAPTURES)
        merged = whole(made, renamed.get(host, host))
        if wanted.local:
            assert merged["local"] is True
        else:
            keys = {key: value for key, value in merged.items() if key not in {"jump", "address"}}
            assert keys == {key: value for key, value in wanted.keys.items() if key != "address"}, host


@pytest.mark.parametrize("name", ["hosts.ini", "site.yml", "plain.ini"])
def test_what_is_written_lacks_the_release_and_nothing_else(name: str, tmp_path: Path) -> None:
    made = convert.inventory(read.file(CAPTURES / name), CAPTURES / name, tmp_path.name)
    for path, text in render.files(made, name).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    problems = load.read(tmp_path).problems
    assert {problem.code for problem in problems if problem.severity == "error"} <= {"INV014", "INV010"}
    assert {problem.path for problem in problems if problem.code == "INV014"} == {"ubuntu"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ansible_host=10.0.0.1 ansible_port=2222 ansible_user=u", {"address": "10.0.0.1", "port": 2222, "user": "u"}),
        (
            "ansible_ssh_host=10.0.0.1 ansible_ssh_port=22 ansible_ssh_user=u",
            {"address": "10.0.0.1", "port": 22, "user": "u"},
        ),
        ("ansible_host=h", {}),
        ("ansible_host='{{ inventory_hostname }}.example.org'", {"address": "h.example.org"}),
        ("base=x.org ansible_host='h.{{ base }}'", {"address": "h.x.org"}),
        ("ansible_ssh_private_key_file=~/.ssh/k", {"key": "~/.ssh/k"}),
        ("ansible_private_key_file=/k", {"key": "/k"}),
        ("ansible_become=yes", {"sudo": True}),
        ("ansible_become=False", {"sudo": False}),
        ("ansible_become_pass=x", {"sudo_password": {"env": "GPUFLEET_SUDO"}}),
        ("ansible_become_password=\"{{ lookup('env', 'SUDO_PW') }}\"", {"sudo_password": {"env": "SUDO_PW"}}),
        ("ansible_ssh_common_args='-J gate'", {"jump": "gate"}),
        ("ansible_ssh_common_args='-o ProxyJump=gate'", {"jump": "gate"}),
        ("ansible_ssh_extra_args='-oProxyJump=gate'", {"jump": "gate"}),
        ("ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p -q gate\"'", {"jump": "gate"}),
        ("ansible_ssh_common_args='-o \"ProxyCommand ssh gate nc %h %p\"'", {"jump": "gate"}),
        ("ansible_ssh_common_args='-o StrictHostKeyChecking=no'", {"host_keys": "accept-new"}),
        (
            "ansible_ssh_common_args='-o UserKnownHostsFile=~/kh -i ~/k -p 23 -l me'",
            {"known_hosts": "~/kh", "key": "~/k", "port": 23, "user": "me"},
        ),
        ("ansible_ssh_common_args='-o UserKnownHostsFile=/dev/null'", {}),
        ("ansible_ssh_common_args='-F /etc/x -o ConnectTimeout=5'", {"ssh_config": "/etc/x", "timeout": 5}),
        ("ansible_user=u ansible_ssh_common_args='-l other'", {"user": "u"}),
        ("ansible_connection=local ansible_user=x", {"local": True}),
        ("ansible_host_key_checking=false", {"host_keys": "accept-new"}),
    ],
)
def test_variables_of_the_connection(words: str, expected: dict[str, object], tmp_path: Path) -> None:
    assert whole(ours(f"h {words}\n", tmp_path), "h") == expected


def test_a_relative_key_is_one_beside_the_inventory(tmp_path: Path) -> None:
    made = ours("h ansible_ssh_private_key_file=keys/id\n", tmp_path)
    assert made.hosts["h"].connection["key"] == str(tmp_path / "keys" / "id")


def test_a_bastion_with_a_user_becomes_a_host_and_one_that_is_there_is_pointed_to(tmp_path: Path) -> None:
    made = ours("a ansible_ssh_common_args='-J me@gate.example.org:2222'\n", tmp_path)
    assert made.hosts["gate.example.org"].connection == {"user": "me", "port": 2222}
    assert whole(made, "a")["jump"] == "gate.example.org"
    there = ours("gw ansible_host=10.0.0.1\na ansible_ssh_common_args='-J me@10.0.0.1'\n", tmp_path)
    assert (whole(there, "a")["jump"], there.hosts["gw"].connection) == ("gw", {"address": "10.0.0.1", "user": "me"})


def test_several_jumps_are_a_chain(tmp_path: Path) -> None:
    made = ours("a ansible_ssh_common_args='-J one,me@two'\n", tmp_path)
    assert whole(made, "a")["jump"] == "two"
    assert made.hosts["two"].connection == {"user": "me", "jump": "one"}


def test_a_bastion_that_a_group_sends_through_itself_is_reached_directly(tmp_path: Path) -> None:
    made = ours("gate\na\n[all:vars]\nansible_ssh_common_args=-J gate\n", tmp_path)
    assert whole(made, "a") == {"jump": "gate"}
    assert whole(made, "gate") == {}
    assert "gate would go through itself" in made.notes[0]


def test_a_host_that_takes_an_argument_back_does_not_inherit_it(tmp_path: Path) -> None:
    hosts = "gate ansible_ssh_common_args=''\na\nb\n[dc:children]\nx\n[x]\na\nb\n"
    text = f"{hosts}[all:vars]\nansible_ssh_common_args=-J gate\n"
    made = ours(text, tmp_path)
    assert [whole(made, host).get("jump") for host in ("gate", "a", "b")] == [None, "gate", "gate"]


def test_groups_come_in_the_order_of_their_precedence(tmp_path: Path) -> None:
    users = "[z:vars]\nansible_user=z\n[b:vars]\nansible_user=b\n[a:vars]\nansible_user=a\n"
    text = f"[b]\nh\n[a]\nh\n[z:children]\na\nb\n{users}"
    made = ours(text, tmp_path)
    assert (made.hosts["h"].groups, whole(made, "h")["user"]) == (("z", "a", "b"), "b")
    first = ours(f"{text}ansible_group_priority=9\n", tmp_path)
    assert (first.hosts["h"].groups, whole(first, "h")["user"]) == (("z", "b", "a"), "a")


def test_names_that_are_not_possible_are_changed_and_told(tmp_path: Path) -> None:
    text = "[_x]\nweb\n2001:db8::1\n_under ansible_host=1.2.3.4\n[web]\nweb\nall\n[site]\nsite\n"
    made = ours(text, tmp_path)
    assert set(made.hosts) == {"web", "2001-db8-1", "under", "all-host", "site-host"}
    assert set(made.groups) == {"x", "web-group", "site-group"}
    assert made.hosts["2001-db8-1"].connection == {"address": "2001:db8::1"}
    assert made.hosts["all-host"].connection == {"address": "all"}
    assert made.hosts["under"].connection == {"address": "1.2.3.4"}
    assert len(made.renamed) == 7


def test_what_is_left_out_is_named_with_its_reason_and_no_value(tmp_path: Path) -> None:
    text = (
        "h ansible_password=hunter2 ansible_become_password=hunter3 ntp=hunter4 ansible_user='{{ x | y }}'\n"
        "w ansible_connection=winrm\n[g]\nh\n[g:vars]\nansible_python_interpreter=/usr/bin/python3\n"
        "ansible_become_user=app\nansible_ssh_common_args=-o ProxyCommand='aws ssm hunter5' -o Ciphers=hunter6\n"
    )
    made = ours(text, tmp_path)
    text = report.text(made, tmp_path, [])
    written = "".join(render.files(made, "inventory").values())
    assert "hunter" not in text + written + str(report.document(made, tmp_path, []))
    left = {one.name: one for one in made.left_out}
    assert set(left) == {
        "ansible_password",
        "ansible_become_password",
        "ntp",
        "ansible_user",
        "w",
        "ansible_python_interpreter",
        "ansible_become_user",
        "ansible_ssh_common_args",
    }
    assert left["ansible_become_user"].where == ["group g"]
    assert (left["w"].kind, "winrm" in left["w"].reason) == ("host", True)
    assert "ciphers" in left["ansible_ssh_common_args"].reason


def test_names_and_values_of_a_hostile_inventory_stay_in_their_line(tmp_path: Path) -> None:
    text = 'all:\n  hosts:\n    a: {ansible_user: "x\\ny: 1", "bad\\nkey: 1": 1, ansible_host: "h\\n- x"}\n'
    made = ours(text, tmp_path)
    content = yaml.safe_load(render.files(made, "in\nvent")["hosts/a.yaml"])
    assert content is None
    assert {one.name for one in made.left_out} == {"ansible_user", "ansible_host", "bad\nkey: 1"}


def test_only_one_host_can_be_this_machine(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nremote_user = ann\n")
    made = ours("localhost ansible_connection=local\nother ansible_connection=local\nfar\n", tmp_path)
    assert set(made.hosts) == {"localhost", "far"}
    assert [(one.kind, one.name) for one in made.left_out] == [("host", "other")]
    assert "ansible.cfg" in made.notes[0]
