"""What a host's apt offers, compared with the lock: names, versions and hashes."""

from typing import cast

import pytest
from pyinfra.api.host import Host

from deploys import locked
from deploys.step import StepError, Work
from schema import pins, plan
from schema.apt import Action, Candidate
from schema.host import HostSpec
from schema.snapshot import Snapshot
from schema.wanted import Wanted
from tests.property import model
from tests.unit.test_lock import holding, older
from tests.unit.test_plan import NODE

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


def work(spec: HostSpec, seen: Snapshot) -> Work:
    """A host that nothing may be asked of: what is judged here is judged before its apt is."""
    return Work(host=cast(Host, None), spec=spec, shown=plan.diff(spec, seen), seen=seen)


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("nvidia-utils-580", "580.105.08-0ubuntu1"),
        ("libnvidia-ifr1-580", "580.95.05-0ubuntu1"),
        ("cuda-sandbox-dev-12-9", "12.9.9-1"),
    ],
)
def test_a_package_of_a_locked_set_that_the_lock_does_not_name_stops_the_host(name: str, new: str) -> None:
    seen = model.as_observed(NODE)
    with pytest.raises(StepError) as caught:
        locked.judge(work(holding(NODE, seen), seen), [Action(name=name, old=None, new=new)])
    assert caught.value.code == "RUN322"
    assert f"{name} {new}" in caught.value.evidence


@pytest.mark.parametrize(
    "name", ["linux-modules-nvidia-580-open-generic", "dkms", "nvidia-container-toolkit", "cuda-nvcc-13-0"]
)
def test_what_the_lock_is_not_about_stops_nobody(name: str) -> None:
    seen = model.as_observed(NODE)
    locked.judge(work(holding(NODE, seen), seen), [Action(name=name, old=None, new="1.0-1")])
    locked.judge(work(NODE, seen), [Action(name="nvidia-utils-580", old=None, new="580.105.08-0ubuntu1")])


def test_packages_at_another_version_are_asked_for_by_name() -> None:
    seen = model.as_observed(NODE)
    spec = older(NODE, seen)
    state = work(spec, seen)
    names = {item.name for item in locked.moves(state, pins.pins(spec, seen), {"nvidia-open-580"})}
    assert {"libnvidia-compute-580", "nvidia-utils-580"} <= names
    assert not names & {"nvidia-open-580", "cuda-toolkit-12-9"}
    assert locked.moves(work(holding(NODE, seen), seen), pins.pins(holding(NODE, seen), seen), ()) == ()


def test_a_version_that_the_host_lacks_is_told_with_what_it_has() -> None:
    seen = model.as_observed(NODE)
    state = work(holding(NODE, seen), seen)
    table = (
        Candidate(version="580.105.08-0ubuntu1", priority=500),
        Candidate(version="580.95.05-0ubuntu1", priority=-1),
    )
    with pytest.raises(StepError) as caught:
        locked.version(state, Wanted(name="nvidia-open-580", within="580"), table)
    assert (caught.value.code, "580.105.08-0ubuntu1" in caught.value.evidence) == ("RUN320", True)
    assert locked.version(state, Wanted(name="linux-headers-6.8.0-51-generic"), ()) is None
