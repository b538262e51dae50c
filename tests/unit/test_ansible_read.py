"""Ansible inventories are read as Ansible reads them: compared with what ansible-inventory printed of each."""

import json
from pathlib import Path
from typing import Any

import pytest

from fleet.ansible import listed, pattern, precedence, ranges, read
from fleet.ansible.model import Inventory, Secret
from fleet.errors import RunError

FOLDER = Path(__file__).parents[1] / "captures" / "ansible"
FILES = ("hosts.ini", "site.yml", "plain.ini")


def expected(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "expected" / f"{name}.json").read_text())
    return content


def plain(value: object) -> object:
    """A value with Ansible's marks of vaults and of unsafe text taken off, on either side."""
    if isinstance(value, Secret) or (isinstance(value, dict) and "__ansible_vault" in value):
        return "vault"
    if isinstance(value, dict) and set(value) == {"__ansible_unsafe"}:
        return value["__ansible_unsafe"]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def members(document: dict[str, Any], group: str) -> set[str]:
    content = document.get(group, {})
    below = [members(document, child) for child in content.get("children", [])]
    return set(content.get("hosts", [])).union(*below)


def variables(found: Inventory, file: str) -> dict[str, object]:
    listed = precedence.ordered(found, file)
    return {host: plain(precedence.effective(found, host, groups)) for host, groups in listed.items()}


@pytest.mark.parametrize("name", FILES)
def test_hosts_and_their_variables_are_ansibles(name: str) -> None:
    theirs = expected(name)
    hosts = members(theirs, "all")
    ours = variables(read.file(FOLDER / name), name)
    assert set(ours) == hosts
    hostvars = theirs["_meta"]["hostvars"]
    for host in hosts:
        assert ours[host] == plain(hostvars.get(host, {})), host


@pytest.mark.parametrize("name", FILES)
def test_groups_are_ansibles(name: str) -> None:
    theirs = expected(name)
    for host, groups in precedence.ordered(read.file(FOLDER / name), name).items():
        assert set(groups) == {group for group in theirs if group != "_meta" and host in members(theirs, group)}


@pytest.mark.parametrize("name", FILES)
def test_the_list_that_ansible_prints_is_the_same_inventory(name: str) -> None:
    own, printed = read.file(FOLDER / name), listed.parse(expected(name), name)
    assert variables(printed, name) == variables(own, name)
    assert {host: set(groups) for host, groups in precedence.ordered(printed, name).items()} == {
        host: set(groups) for host, groups in precedence.ordered(own, name).items()
    }


def inventory(text: str, folder: Path) -> Inventory:
    file = folder / "inventory"
    file.write_text(text)
    return read.file(file)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("web1\nweb2\n", ["web1", "web2"]),
        ("[2001:db8::1]:22\n", ["2001:db8::1"]),
        ("2001:db8::1\n", ["2001:db8::1"]),
        ("node1:2222\n", ["node1"]),
        ("[01:02].edge\n", ["01.edge", "02.edge"]),
        ("# x\n; y\n\n[a]\nn[1:2]-[a:b]\n", ["n1-a", "n1-b", "n2-a", "n2-b"]),
        ("all:\n  hosts:\n    a:\n    b: {x: 1}\n", ["a", "b"]),
        ("---\nall: {hosts: {a: }}\n", ["a"]),
        ("web:\n  hosts: only\n", ["only"]),
        ('{"web": ["a", "b"], "_meta": {"hostvars": {"c": {}}}}', ["a", "b", "c"]),
        ('{"all": {"hosts": {"a": {}}}}', ["a"]),
    ],
)
def test_the_form_is_told_by_the_content(text: str, hosts: list[str], tmp_path: Path) -> None:
    assert list(inventory(text, tmp_path).hosts) == hosts


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("#!/usr/bin/env python3\nprint()\n", "RUN382", "ansible-inventory -i"),
        ("plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n", "RUN382", "amazon.aws.aws_ec2"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", "RUN382", "--ask-vault-pass"),
        ("[web.hosts]\n[all.hosts]\n'a' = {}\n", "RUN382", "TOML"),
        ("[web\na\n", "RUN381", ":1:"),
        ("[web:children:x]\n", "RUN381", ":1:"),
        ("[web:var]\n", "RUN381", "[web:var]"),
        ("[web:vars]\nx=1\n", "RUN381", ":1:"),
        ("[a:vars]\nnothing\n[a]\n", "RUN381", ":2:"),
        ("a 'b\n", "RUN381", ":1:"),
        ("a b\n", "RUN381", "'a'"),
        ("n[5:1]\n", "RUN381", "ends before it begins"),
        ("n[1:9999999]\n", "RUN381", "9999999 hosts"),
        ("n[1:3\n", "RUN381", "no partner"),
        ("[a:children]\nb\n[b:children]\na\n[c]\nx\n", "RUN381", "a -> b -> a"),
        ("all:\n  hosts: [a, b]\n", "RUN381", "all.hosts is a list"),
        ("all:\n\thosts:\n", "RUN381", ":2"),
        ("- hosts: all\n  tasks: []\n", "RUN381", "playbook"),
        ("", "RUN384", "no hosts"),
        ("# only a comment\n", "RUN384", "no hosts"),
    ],
)
def test_what_is_no_inventory_is_refused_in_words(text: str, code: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        found = inventory(text, tmp_path)
        precedence.ordered(found, "inventory")
    assert caught.value.code == code
    assert says in caught.value.text()


def test_a_line_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        inventory("a ansible_password='hunter2\n", tmp_path)
    assert "hunter2" not in caught.value.text()


def test_files_that_cannot_be_taken_are_named(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web").write_text("$ANSIBLE_VAULT;1.1;AES256\n61\n")
    (tmp_path / "group_vars" / "nobody.yml").write_text("a: 1\n")
    (tmp_path / "group_vars" / "all.yml").write_text("a: [\n")
    left = dict(inventory("[web]\na\n", tmp_path).left_out)
    assert set(left) == {"group_vars/web", "group_vars/nobody.yml", "group_vars/all.yml"}
    assert "Vault" in left["group_vars/web"]


@pytest.mark.parametrize("text", ["[1]", "[a:]", "[1:2:0]", "[01:100]", "[a:3]", "[z:a]", "a]", "[A:a]"])
def test_what_is_no_range_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        ranges.expand(text)


def test_a_name_that_ends_with_a_colon_points_to_yaml() -> None:
    with pytest.raises(ValueError, match="YAML"):
        pattern.hosts("web:")
