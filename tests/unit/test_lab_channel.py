"""The lab's conda channel and installers, as far as they can be checked without a host."""

import hashlib
import re

import pytest

from lab import base, channel, installers, interpreter, package

CHANNELS = channel.table()


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_dependency_has_a_provider_in_its_channel(name: str) -> None:
    parts = list(channel.packages(CHANNELS[name]))
    known = {part.name for part in parts}
    wanted = {(part.dist, line.split()[0]) for part in parts for line in part.depends if not line.startswith("__")}
    assert [pair for pair in sorted(wanted) if pair[1] not in known] == []


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_no_two_packages_share_a_file_name(name: str) -> None:
    files = [f"{part.subdir}/{part.dist}" for part in channel.packages(CHANNELS[name])]
    assert len(files) == len(set(files))


def test_the_versions_that_the_inventory_and_tests_use_are_there() -> None:
    built = {(part.name, part.version) for part in channel.packages(CHANNELS["conda-forge"])}
    wanted = {"numpy": ("1.26.4", "2.1.3", "2.2.6"), "scikit-learn": ("1.5.2", "1.6.1"), "pytorch": ("2.7.1", "2.8.0")}
    assert {(name, version) for name, versions in wanted.items() for version in versions} <= built


@pytest.mark.parametrize(
    ("build", "number"), [("h9e4cc4f_1_cpython", 1), ("8_cp311", 8), ("cuda126_generic_py311_h1234567_200", 200)]
)
def test_the_build_number_is_read_from_the_build_string(build: str, number: int) -> None:
    assert package.Package("x", "1", build).build_number == number


def test_a_cuda_build_needs_a_driver_and_a_cpu_build_does_not() -> None:
    torch = [part for part in channel.packages(CHANNELS["conda-forge"]) if part.name == "pytorch"]
    assert {part.build.split("_")[0]: "__cuda" in part.depends for part in torch} == {
        "cpu": False,
        "cuda126": True,
        "cuda129": True,
    }


def test_a_noarch_package_with_modules_is_marked_as_python() -> None:
    part = package.Package("six", "1.17.0", "p_0", "noarch", entries={"site-packages/six.py": package.text("")})
    assert package.index_json(part)["noarch"] == "python"
    assert "info/link.json" in package.info_files(part)


def test_building_the_installers_gives_the_committed_hashes() -> None:
    assert installers.HASHES.read_text() == installers.hashes(), "write the hashes again: python -m lab.installers"
    for installer in base.INSTALLERS:
        assert installers.sha256(installer.file) == hashlib.sha256(installers.script(installer)).hexdigest()


@pytest.mark.parametrize("installer", base.INSTALLERS, ids=lambda installer: installer.product)
def test_an_installer_is_filled_in_and_says_that_it_is_a_stand_in(installer: base.Installer) -> None:
    header = installers.script(installer).split(b"\nexit 0\n")[0].decode()
    assert re.findall(r"@[A-Z]+@", header) == []
    assert "STAND-IN" in header
    assert "/etc/gpufleet-lab" in header


def test_the_launcher_keeps_the_shells_own_braces() -> None:
    launcher = interpreter.entries("3.12.7")["bin/python3.12"].data.decode()
    assert '"${1-}"' in launcher
    assert 'echo "Python 3.12.7"' in launcher
    assert "{version}" not in launcher
