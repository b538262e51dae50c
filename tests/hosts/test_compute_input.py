"""The smoke test's script is standard input: behind a password that sudo asks for, and behind one that it does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from facts import compute
from fleet import look
from fleet.secrets import Secret
from fleet.session import Session
from lab.host import LabHost
from schema import load
from schema.compute import Request
from schema.snapshot import Snapshot

pytestmark = pytest.mark.hosts

PASSWORD = "correct-horse-7"
SKIP, _, REST = compute.COMMAND.partition("timeout ")


def test_the_script_arrives_whole_and_the_password_is_no_command(
    bare_host: Callable[..., LabHost], write_inventory: Callable[..., Path]
) -> None:
    bare_host("asks", sudo="password", password=PASSWORD)
    bare_host("trusts", sudo="nopasswd")
    fleet = load.fleet(write_inventory(asks={"ubuntu": "24.04"}, trusts={"ubuntu": "24.04"}))
    said: dict[str, list[tuple[bool, list[str], list[str]]]] = {}

    def looked(at: Session) -> Snapshot:
        script = f"{compute.BEGIN}\nid -u\nwc -c <<'@@'\n{'x' * 60000}\n@@\n"
        first = at.run(f"{SKIP}sh", 60, script.encode())
        said[at.name] = [first, at.run(compute.COMMAND, 60, compute.script(Request()).encode())]
        return look.observed(at)

    seen = look.snapshots(fleet, ["asks", "trusts"], looked, asked=Secret(lambda: PASSWORD, "a test"))
    assert all(isinstance(found, Snapshot) for found in seen.values()), seen
    both = [(True, ["0", "60001"], []), (True, ['@@compute {"python": false}'], [])]
    assert said == {"asks": both, "trusts": both}
