"""The pyinfra behaviours that this code relies on, one test each: an upgrade that changes one is seen here."""

import inspect
import json
from pathlib import Path

import pytest
from pyinfra.api.arguments import pop_global_arguments
from pyinfra.api.command import StringCommand
from pyinfra.api.config import Config
from pyinfra.api.facts import FactBase
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.connectors.local import LocalConnector
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command
from pyinfra_cli import cli, inventory, util

from facts.snapshot import HostSnapshot
from fleet.secrets import given
from tests.engine.conftest import Command


def test_the_folder_loader_takes_one_path() -> None:
    assert list(inspect.signature(inventory._get_groups_from_filename).parameters) == ["inventory_filename"]


def test_the_folder_loader_is_looked_up_when_it_is_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(inventory, "_get_groups_from_filename", lambda path: {"all": [("one", {})]})
    assert list(inventory.make_inventory(str(tmp_path)).hosts) == ["one"]


def test_make_inventory_is_called_by_its_name_in_cli_with_three_keywords() -> None:
    source = inspect.getsource(cli._main)
    assert "inventory = make_inventory(" in source
    assert {"cwd", "override_data", "group_data_directories"} <= set(inspect.signature(cli.make_inventory).parameters)


def test_an_unknown_inventory_is_empty_and_no_error() -> None:
    assert len(inventory.make_inventory("no-such-inventory-anywhere")) == 0


def test_limits_go_through_one_function() -> None:
    names = list(inspect.signature(cli._get_inventory_pattern_matches).parameters)
    assert names == ["inventory", "patterns", "option_name"]
    for caller in (cli._apply_inventory_limit, cli._apply_inventory_exclude):
        assert "_get_inventory_pattern_matches(" in inspect.getsource(caller)


def test_a_failed_host_asks_through_these_two_settings() -> None:
    source = inspect.getsource(cli._set_fail_prompts)
    assert "state.should_raise_failed_hosts = " in source
    assert "config.FAIL_PERCENT = 0" in source


def test_host_data_may_hold_objects_that_say_their_own_json() -> None:
    assert json.loads(json.dumps({"a": given("secret")}, default=util.json_encode)) == {"a": "********"}


def test_the_connector_of_a_host_may_be_set_before_the_state() -> None:
    made = Inventory(([("desk", {})], {}))
    made.hosts["desk"].connector_cls = LocalConnector
    State(made, Config())
    assert isinstance(made.hosts["desk"].connector, LocalConnector)


def test_global_arguments_come_from_host_data() -> None:
    made = Inventory(([("desk", {"_sudo": True})], {}))
    state = State(made, Config())
    assert pop_global_arguments(state, made.hosts["desk"], {})[0]["_sudo"] is True


def test_facts_are_not_cached() -> None:
    class Count(FactBase[str]):
        def command(self) -> str:
            return "true"

    calls = []

    class Connector(LocalConnector):
        def run_shell_command(self, command: StringCommand, *_: object, **__: object) -> tuple[bool, CommandOutput]:
            calls.append(command)
            return True, CommandOutput([OutputLine("stdout", "x")])

    made = Inventory(([("desk", {})], {}))
    made.hosts["desk"].connector_cls = Connector
    State(made, Config())
    made.hosts["desk"].connected = True
    for _ in (1, 2):
        made.hosts["desk"].get_fact(Count)
    assert len(calls) == 2


def test_unix_commands_are_one_shell_call() -> None:
    assert str(make_unix_command(StringCommand("echo a; echo b"))) == "sh -c 'echo a; echo b'"


def test_the_ssh_connector_takes_its_client_from_connect() -> None:
    assert "self.client = SSHClient()" in inspect.getsource(SSHConnector._connect)
    assert SSHConnector.client is None


def test_config_py_is_executed_before_the_inventory_is_read() -> None:
    source = inspect.getsource(cli._main)
    assert source.index("_set_config(") < source.index("make_inventory(")


def test_another_pyinfra_version_is_refused_by_name(pyinfra: Command, folder: Path, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "config.py").read_text()
    assert '"~=3.10.0"' in text
    other = tmp_path / "config.py"
    other.write_text("from pyinfra import config\nconfig.REQUIRE_PYINFRA_VERSION = '~=2.0'\n")
    done = pyinfra("--config", str(other), "@local", "debug-inventory")
    assert done.returncode == 1
    assert "2.0" in done.stderr


def test_facts_of_ours_have_all_that_pyinfra_asks_of_one() -> None:
    asked = {name for name in vars(FactBase) if not name.startswith("__")} - {"process_pipeline"}
    assert all(hasattr(HostSnapshot, name) for name in asked), asked
    assert HostSnapshot.name == "facts.snapshot.HostSnapshot"
