"""What a host's apt offers, compared with the lock: names, versions and hashes."""

from deploys import locked

SHOWN = """Package: libnvidia-compute-580
Architecture: amd64
Version: 580.95.05-0ubuntu1
SHA256: aaaa

Package: libnvidia-compute-580
Architecture: i386
Version: 580.95.05-0ubuntu1
SHA256: bbbb

Package: cuda-toolkit-config-common
Architecture: all
Version: 13.0.88-1
SHA256: cccc
Description: Common config package
 Version: 0 of something else

Package: nvidia-open-580
Architecture: amd64
Version: 580.95.05-0ubuntu1
"""


def test_hashes_are_those_of_the_hosts_architecture() -> None:
    assert locked.hashes(SHOWN, "amd64") == {
        ("libnvidia-compute-580", "580.95.05-0ubuntu1"): {"aaaa"},
        ("cuda-toolkit-config-common", "13.0.88-1"): {"cccc"},
    }
    assert ("libnvidia-compute-580", "580.95.05-0ubuntu1") not in locked.hashes(SHOWN, "arm64")
