"""What apt prints, as captured from apt 2.6 and 3.0 on lab hosts."""

import pytest

from schema import apt

SIMULATION = """\
Reading package lists...
The following packages will be REMOVED:
  nvidia-open-570
Remv nvidia-open-570 [570.195.03-0ubuntu1]
Inst cuda-toolkit-12-9 (12.9.1-1 NVIDIA CUDA:198.51.100.1 [amd64])
Inst libnvidia-compute-580 [580.82.07-0ubuntu1] (580.95.05-0ubuntu1 NVIDIA CUDA:198.51.100.1 [amd64])
Inst libnvidia-gl-580:i386 (580.95.05-0ubuntu1 NVIDIA CUDA:198.51.100.1 [i386]) []
Conf cuda-toolkit-12-9 (12.9.1-1 NVIDIA CUDA:198.51.100.1 [amd64])
"""

POLICY = """\
nvidia-open-580:
  Installed: 580.82.07-0ubuntu1
  Candidate: 580.95.05-0ubuntu1
  Version table:
     580.95.05-0ubuntu1 500
        500 http://198.51.100.1/cuda/ubuntu2404/x86_64  Packages
 *** 580.82.07-0ubuntu1 1001
        500 http://198.51.100.1/cuda/ubuntu2404/x86_64  Packages
        100 /var/lib/dpkg/status
nvidia-driver-580:
  Installed: (none)
  Candidate: (none)
  Version table:
     580.95.05-0ubuntu0.24.04.3 -1
         -1 http://198.51.100.1/ubuntu noble-updates/restricted amd64 Packages
"""


def test_a_simulation_gives_installs_changes_and_removals() -> None:
    actions = [(action.name, action.old, action.new) for action in apt.simulation(SIMULATION)]
    assert actions == [
        ("nvidia-open-570", "570.195.03-0ubuntu1", None),
        ("cuda-toolkit-12-9", None, "12.9.1-1"),
        ("libnvidia-compute-580", "580.82.07-0ubuntu1", "580.95.05-0ubuntu1"),
        ("libnvidia-gl-580", None, "580.95.05-0ubuntu1"),
    ]


def test_a_version_table_keeps_priorities_and_sources() -> None:
    table = apt.policy(POLICY)
    assert [(row.version, row.priority) for row in table["nvidia-open-580"]] == [
        ("580.95.05-0ubuntu1", 500),
        ("580.82.07-0ubuntu1", 1001),
    ]
    assert table["nvidia-open-580"][1].sources[-1] == "/var/lib/dpkg/status"
    assert table["nvidia-driver-580"][0].priority == -1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "pmstatus:libcufft-12-9:45.4545:Unpacking libcufft-12-9 (amd64)",
            "installing 45 %: Unpacking libcufft-12-9 (amd64)",
        ),
        ("dlstatus:3:20.1:Retrieving file 3 of 12", "downloading 20 %: Retrieving file 3 of 12"),
        ("pmconffile:/etc/x:1.0:'/etc/x' '/etc/x.new' 1 1", ""),
        ("pmstatus:half", ""),
        ("", ""),
    ],
)
def test_progress_is_said_in_words(line: str, said: str) -> None:
    assert apt.progress(line) == said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 77 (apt-get)", "RUN102"),
        ("dpkg: error: dpkg frontend lock was locked by another process with pid 9", "RUN102"),
        ("dpkg: error: dpkg frontend lock is locked by another process", "RUN102"),
        ("E: Version '580.1' for 'nvidia-open-580' was not found", "RUN108"),
        ("E: Held packages were changed and -y was used without --allow-change-held-packages.", "RUN111"),
        ("dpkg-deb: error: cannot copy archive: No space left on device", "RUN110"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "RUN110"),
        ("Error! Bad return status for module build on kernel: 6.8.0-51-generic (x86_64)", "RUN114"),
        ("E: Failed to fetch http://198.51.100.1/x.deb  404  Not Found", "RUN106"),
        ("W: GPG error: http://x InRelease: ... NO_PUBKEY A4B469963BF863CC", "RUN112"),
        ("Setting up nvidia-open-580 (580.95.05-0ubuntu1) ...", None),
    ],
)
def test_failures_are_recognised_by_apts_own_words(text: str, code: str | None) -> None:
    found = apt.recognise(text)
    assert (found.code if found else None) == code
