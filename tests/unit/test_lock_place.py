"""Where matched sets come from, and which places do not keep what a lock names."""

import pytest

from fleet.lock import place
from schema.driver import DriverSpec
from schema.host import HostSpec
from schema.repository.model import MirrorsSpec, RepositoryMirror

SPEC = HostSpec(name="x", ubuntu="24.04", driver=DriverSpec(source="ubuntu"))


@pytest.mark.parametrize(
    ("url", "arch", "rotates"),
    [
        (None, "x86_64", True),
        (None, "aarch64", True),
        ("http://de.archive.ubuntu.com/ubuntu", "x86_64", True),
        ("https://snapshot.ubuntu.com/ubuntu/20261124T000000Z", "x86_64", False),
        ("https://mirror.example/ubuntu", "x86_64", False),
    ],
)
def test_ubuntus_own_archive_rots_and_a_snapshot_does_not(url: str | None, arch: str, rotates: bool) -> None:
    mirror = RepositoryMirror(url=url) if url is not None else None
    spec = SPEC.model_copy(update={"arch": arch, "mirrors": MirrorsSpec(ubuntu=mirror)})
    assert place.ubuntu(spec).rotates is rotates


def test_pockets_are_those_that_the_host_itself_uses() -> None:
    own = place.ubuntu(SPEC).suites
    mirrored = SPEC.model_copy(update={"mirrors": MirrorsSpec(ubuntu=RepositoryMirror(url="https://m.example/u"))})
    assert own == ("dists/noble", "dists/noble-updates", "dists/noble-security")
    assert place.ubuntu(mirrored).suites == own[:2]
    assert place.nvidia(SPEC).suites == ("",)


def test_a_repositorys_name_is_its_whole_identity() -> None:
    assert place.nvidia(SPEC).name == (
        "nvidia 24.04 x86_64 https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64"
    )
