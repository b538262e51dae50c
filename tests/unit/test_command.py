"""What a login shell is given: the same for our looks as for pyinfra's operations."""

import pytest
from pyinfra.api.command import StringCommand
from pyinfra.api.inventory import Inventory

from fleet import command, received, shell
from fleet.secrets import given

SCRIPT = "echo \"it's\" 'two words' $(id -u)\nprintf '%s\\n' done"


@pytest.mark.parametrize("sudo", [False, True])
@pytest.mark.parametrize("password", ["", "correct horse'7"])
def test_a_script_reaches_the_shell_as_through_pyinfra(sudo: bool, password: str) -> None:
    data = {"sudo_password": given(password)} if password else {}
    host = Inventory(([("one", data)], {})).get_host("one")
    theirs = shell.call(host, StringCommand(SCRIPT), {"_sudo": sudo})
    ours = command.call(SCRIPT, sudo=sudo, password=password if sudo else "")
    assert ours == theirs
    assert password not in ours.line or not password


def test_the_marker_is_taken_out_and_told() -> None:
    assert command.marked(f"{command.MARKER}\nodd\n".encode()) == (["odd"], True)
    assert command.marked(b"sudo: a password is required\n") == (["sudo: a password is required"], False)
    assert received.lines(b"a\n\xff\n\nb") == ["a", "�", "", "b"]
    assert received.lines(b"") == []
