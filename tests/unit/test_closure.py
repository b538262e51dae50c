"""The forecast of an apt transaction, from a Packages file."""

import pytest

from fleet import closure
from fleet.closure import Request

PACKAGES = b"""\
Package: nvidia-open-580
Version: 580.95.05-0ubuntu1
Depends: nvidia-driver-580-open (= 580.95.05-0ubuntu1), libc6 (>= 2.34)
Size: 100
Installed-Size: 2

Package: nvidia-open-580
Version: 580.82.07-0ubuntu1
Depends: nvidia-driver-580-open (= 580.82.07-0ubuntu1)
Size: 90
Installed-Size: 2

Package: nvidia-driver-580-open
Version: 580.95.05-0ubuntu1
Depends: libnvidia-compute-580 (= 580.95.05-0ubuntu1), nvidia-modprobe | nvidia-other
Size: 200
Installed-Size: 4

Package: nvidia-driver-580-open
Version: 580.82.07-0ubuntu1
Depends: libnvidia-compute-580 (= 580.82.07-0ubuntu1)
Size: 180
Installed-Size: 4

Package: libnvidia-compute-580
Version: 580.95.05-0ubuntu1
Size: 1000
Installed-Size: 20

Package: libnvidia-compute-580
Version: 580.82.07-0ubuntu1
Size: 900
Installed-Size: 20

Package: nvidia-modprobe
Version: 610.43.02-1ubuntu1
Size: 10
Installed-Size: 1

Package: nvidia-modprobe
Version: 580.95.05-0ubuntu1
Size: 9
Installed-Size: 1
"""


@pytest.fixture(scope="module")
def index() -> closure.Index:
    return closure.parse(PACKAGES)


def versions(index: closure.Index, *requests: Request, installed: dict[str, str] | None = None) -> dict[str, str]:
    return {name: entry.version for name, entry in closure.resolve(index, requests, installed or {}).items()}


def test_the_newest_version_within_the_branch_brings_what_it_needs_at_its_exact_version(index: closure.Index) -> None:
    found = versions(index, Request("nvidia-open-580", within="580"))
    assert found["nvidia-open-580"] == found["libnvidia-compute-580"] == "580.95.05-0ubuntu1"


def test_an_exact_upstream_version_is_taken_although_a_newer_one_exists(index: closure.Index) -> None:
    assert set(versions(index, Request("nvidia-open-580", exact="580.82.07")).values()) == {"580.82.07-0ubuntu1"}


def test_a_package_the_repository_does_not_carry_is_the_distributions_own(index: closure.Index) -> None:
    assert "libc6" not in versions(index, Request("nvidia-open-580"))


def test_what_is_installed_at_that_version_is_not_downloaded_again(index: closure.Index) -> None:
    found = versions(index, Request("nvidia-open-580"), installed={"libnvidia-compute-580": "580.95.05-0ubuntu1"})
    assert "libnvidia-compute-580" not in found


def test_an_installed_alternative_satisfies_its_group(index: closure.Index) -> None:
    assert "nvidia-modprobe" not in versions(index, Request("nvidia-open-580"), installed={"nvidia-other": "1"})


def test_a_name_or_branch_that_no_package_answers_is_named(index: closure.Index) -> None:
    with pytest.raises(KeyError, match="nvidia-open-580"):
        versions(index, Request("nvidia-open-580", within="58"))


@pytest.mark.parametrize(
    ("version", "operator", "bound", "expected"),
    [
        ("580.95.05-0ubuntu1", ">=", "580.82.07-0ubuntu1", True),
        ("12.10.0-1", ">>", "12.9.1-1", True),
        ("1:4.6.0-1", "<<", "5.0", False),
        ("1.0~rc1", "<<", "1.0", True),
        ("1.0", "", "", True),
    ],
)
def test_versions_compare_as_debian_versions(version: str, operator: str, bound: str, expected: bool) -> None:
    assert closure.satisfies(version, operator, bound) is expected


def test_packages_of_a_matched_set_take_the_version_of_the_first_request(index: closure.Index) -> None:
    request = Request("nvidia-open-580", within="580")
    found = closure.resolve(index, [request], {}, lambda name: "nvidia" in name)
    assert found["nvidia-modprobe"].version == "580.95.05-0ubuntu1"
    assert closure.resolve(index, [request], {})["nvidia-modprobe"].version == "610.43.02-1ubuntu1"
