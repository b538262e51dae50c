"""The lab's pure parts: definitions, apt sources, PCI slots, identities, and the tools it asks for."""

from pathlib import Path

import pytest

from lab import definition, identity, lab, pci, sources, tools
from lab.errors import LabError


def test_the_shipped_lab_is_a_desktop_and_a_compute_node() -> None:
    desk, node = definition.load().hosts
    assert (desk.name, desk.ubuntu, desk.gpus[0].board.name) == ("desk", "24.04", "NVIDIA GeForce GTX 1080")
    assert (node.name, node.ubuntu, node.gpus[0].board.architecture) == ("node", "22.04", "Hopper")


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ([], "hosts: "),
        ([{"name": "a", "address": 300}], "hosts.0.address"),
        ([{"name": "a; reboot", "address": 10}], "hosts.0.name"),
        ([{"name": "a", "address": 10, "gpu": []}], "hosts.0.gpu"),
        ([{"name": "a", "address": 10}, {"name": "b", "address": 10}], "the address 10 is given twice"),
        ([{"name": "a", "address": 10}, {"name": "a", "address": 11}], "the name a is given twice"),
    ],
)
def test_a_wrong_definition_names_its_file_and_its_key(hosts: list[dict[str, object]], said: str) -> None:
    with pytest.raises(LabError, match=f"^my.yaml: .*{said}"):
        definition.check({"hosts": hosts}, "my.yaml")


def test_a_definition_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"none\.yaml: not readable"):
        definition.load(tmp_path / "none.yaml")


def test_what_a_definition_says_of_a_board_wins_over_what_is_known() -> None:
    device = definition.Device(pci_id="10de:1b80", memory_mib=4096)
    assert (device.board.memory_mib, device.board.name) == (4096, "NVIDIA GeForce GTX 1080")
    assert definition.Device(pci_id="10de:ffff", name="Next").board.name == "Next"


def test_boards_sit_on_buses_of_their_own_and_bring_their_sound_function() -> None:
    found = pci.slots("h", [definition.Device(pci_id="10de:1b80"), definition.Device(pci_id="10de:2330", count=2)])
    assert [(slot.slot, slot.pci_id, slot.class_code) for slot in found] == [
        ("0000:01:00.0", "10de:1b80", "030000"),
        ("0000:01:00.1", "10de:10f0", "040300"),
        ("0000:02:00.0", "10de:2330", "030200"),
        ("0000:03:00.0", "10de:2330", "030200"),
    ]
    assert len({slot.uuid for slot in found}) == 4  # Three boards, and None for the sound function.


def test_a_live_change_of_the_bus_keeps_the_devices_that_stay(tmp_path: Path) -> None:
    two = pci.slots("h", [definition.Device(pci_id="10de:2330", count=2)])
    pci.fill(tmp_path, two)
    (tmp_path / "0000:01:00.0" / "driver").symlink_to("../nvidia")
    pci.fill(tmp_path, two[:1])
    assert [path.name for path in tmp_path.iterdir()] == ["0000:01:00.0"]
    assert (tmp_path / "0000:01:00.0" / "driver").is_symlink()


def test_debian_is_found_in_both_forms_of_apt_sources() -> None:
    stanza = (
        "# A comment\nTypes: deb deb-src\nURIs: http://archive.test/debian\nSuites: bookworm\n bookworm-updates\n"
        "Components: main contrib\n\nTypes: deb\nEnabled: no\nURIs: http://off.test/debian\nSuites: trixie\n"
        "Components: main\n"
    )
    assert list(sources.deb822(stanza)) == [("http://archive.test/debian", ["bookworm", "bookworm-updates"])]
    lines = "# deb http://off.test trixie main\ndeb [arch=amd64 signed-by=/k] http://a.test/debian trixie main\n"
    assert list(sources.one_line(lines)) == [("http://a.test/debian", ["trixie"])]


def test_each_release_calls_itself_what_ubuntu_does() -> None:
    text = identity.os_release(identity.RELEASES["24.04"])
    assert 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\n' in text
    assert 'VERSION="24.04.3 LTS (Noble Numbat)"\n' in text
    assert 'DISTRIB_DESCRIPTION="Ubuntu 22.04.5 LTS"\n' in identity.lsb_release(identity.RELEASES["22.04"])


def test_trial_labs_get_names_and_subnets_of_their_own() -> None:
    found = {lab.numbered(number, Path("/nowhere")) for number in range(512)}
    assert len({each.subnet for each in found}) == len({each.name for each in found}) == 512
    assert all(each.subnet.startswith(("198.18.", "198.19.")) for each in found)


def test_missing_tools_are_named_with_the_line_to_paste(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lab.tools.shutil.which", lambda program, path=None: None if program == "zstd" else "/bin/x")
    assert tools.main([]) == 1
    assert "apt-get install -y --no-install-recommends zstd" in capsys.readouterr().out
