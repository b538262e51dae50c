"""What the lab's repositories carry, release by release."""

import re
from functools import cache

import pytest

from lab import deb, elf, repositories
from lab.packages import kernel, nvidia

RELEASES = {"ubuntu2204": "jammy", "ubuntu2404": "noble", "ubuntu2604": "resolute"}
# The Ubuntu releases that NVIDIA's repositories carry each toolkit for; a later toolkit in an older list is a mistake.
TOOLKITS = {
    "ubuntu2204": {"11-8", "12-6", "12-8", "12-9", "13-0", "13-3"},
    "ubuntu2404": {"12-6", "12-8", "12-9", "13-0", "13-3"},
    "ubuntu2604": {"13-3"},
}
KERNEL = "6.8.0-45-generic"


@cache
def _nvidia(distro: str) -> tuple[deb.Package, ...]:
    return tuple(repositories.cuda_packages(distro))


@cache
def _archive(codename: str) -> tuple[deb.Package, ...]:
    pockets = [repositories.archive_packages(codename, pocket, KERNEL) for pocket in repositories.POCKETS]
    return tuple(package for pocket in pockets for packages in pocket.values() for package in packages)


def _offers(packages: tuple[deb.Package, ...]) -> dict[str, set[str]]:
    """Versions by name; a name that is provided only has the empty version."""
    found: dict[str, set[str]] = {}
    for package in packages:
        found.setdefault(package.name, set()).add(package.version)
        for name in package.provides:
            found.setdefault(name, set()).add("")
    return found


def _satisfied(relation: str, offers: dict[str, set[str]]) -> bool:
    for alternative in relation.split("|"):
        match = re.fullmatch(r"\s*(\S+)(?: \((=|>=) (\S+)\))?\s*", alternative)
        assert match, relation
        name, operator, version = match.groups()
        versions = offers.get(name, set())
        if (operator == "=" and version in versions) or (operator != "=" and versions):
            return True
    return False


@pytest.mark.parametrize("distro", RELEASES)
def test_every_dependency_has_a_provider(distro: str) -> None:
    packages = _nvidia(distro) + _archive(RELEASES[distro])
    offers = _offers(packages)
    missing = [
        f"{package.filename}: {relation}"
        for package in packages
        for relation in (*package.depends, *package.recommends)
        if not _satisfied(relation, offers)
    ]
    assert not missing


@pytest.mark.parametrize("distro", RELEASES)
def test_a_release_has_its_toolkits_and_no_other(distro: str) -> None:
    names = {package.name for package in _nvidia(distro)}
    found = {match[1] for name in names if (match := re.fullmatch(r"cuda-toolkit-(\d+-\d+)", name))}
    assert found == TOOLKITS[distro]


@pytest.mark.parametrize("distro", RELEASES)
def test_a_name_and_version_is_one_package(distro: str) -> None:
    for packages in (_nvidia(distro), _archive(RELEASES[distro])):
        names = [package.filename for package in packages]
        assert sorted(names) == sorted(set(names))


def test_both_naming_schemes_and_their_flavours() -> None:
    versions: dict[str, set[str]] = {}
    for package in _nvidia("ubuntu2404"):
        versions.setdefault(package.name, set()).add(package.version)
    assert versions["nvidia-open-580"] == {"580.82.07-0ubuntu1", "580.95.05-0ubuntu1"}
    assert versions["cuda-drivers-570"] == {"570.172.08-0ubuntu1", "570.195.03-0ubuntu1"}
    assert "595.71.05-1ubuntu1" in versions["libnvidia-compute"]
    assert "nvidia-open-595" not in versions
    assert "nvidia-open-470" not in {package.name for package in _nvidia("ubuntu2204")}
    assert {"nvidia-fabricmanager", "nvidia-fabricmanager-570"} <= set(versions)
    assert "nvidia-fabricmanager-580" not in versions
    assert {"nvidia-driver-pinning-580", "nvidia-driver-pinning-595.71.05", "cuda-keyring"} <= set(versions)


def test_a_toolkit_brings_no_driver_and_the_metapackage_cuda_does() -> None:
    packages = {package.name: package for package in _nvidia("ubuntu2404")}
    depends = {name: [relation.split()[0] for relation in package.depends] for name, package in packages.items()}

    def closure(name: str) -> set[str]:
        found, waiting = set(), [name]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += [name for name in depends[one] if name in packages]
        return found

    assert not [name for name in closure("cuda-toolkit-12-9") if "nvidia" in name or "drivers" in name]
    assert "cuda-drivers" in closure("cuda-12-9")
    assert "nvidia-open" in closure("cuda")


def test_a_package_is_an_archive_that_is_the_same_twice_and_refuses_other_machines() -> None:
    package = next(package for package in _nvidia("ubuntu2404") if package.name == "nvidia-utils-580")
    data = deb.build(package)
    assert data == deb.build(package)
    assert data.startswith(b"!<arch>\ndebian-binary   ")
    assert "test -e /etc/gpufleet-lab" in deb.REFUSAL.format(marker=deb.MARKER, name="any")
    assert "(stand-in)" in deb.control(package)
    assert f"Size: {len(data)}\n" in deb.index(package, data, "./x.deb")


def test_a_module_has_room_for_any_kernel_and_a_signature_is_appended() -> None:
    built = elf.kernel_module([f"vermagic={elf.KERNEL_SLOT}"])
    assert len(elf.KERNEL_SLOT) == 96
    assert elf.KERNEL_SLOT.encode() in built
    assert elf.signed(built, "A signer").endswith(elf.SIGNATURE_MAGIC)


@pytest.mark.parametrize(
    ("release", "newer"),
    [("6.8.0-45-generic", "6.8.0-46-generic"), ("6.18.44-fc-v595", "6.18.45-fc-v595"), ("6.1.0", "6.1.1")],
)
def test_the_following_kernel(release: str, newer: str) -> None:
    assert kernel.following(release) == newer


def test_a_kernel_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin with three numbers"):
        kernel.following("custom")


def test_every_version_belongs_to_a_release() -> None:
    branches = {int(version.split(".")[0]) for version in nvidia.VERSIONS}
    assert branches == {branch for listed in nvidia.BRANCHES.values() for branch in listed}
