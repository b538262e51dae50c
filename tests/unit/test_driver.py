"""Which packages a declaration means: both naming schemes, both flavours, both sources, and what conflicts."""

import pytest

from schema import driver, kernel, pins
from schema.driver import DriverSpec
from schema.driver.names import branch_in, family, flavour_of
from schema.gpu import GpuSpec, PciDevice
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.repository import Package
from schema.snapshot import Snapshot
from tests.property import model


def host(**values: object) -> HostSpec:
    return HostSpec(
        name="host", ubuntu="24.04", gpus=(GpuSpec(model="RTX 4090"),), driver=DriverSpec.model_validate(values)
    )


def names(spec: HostSpec, seen: Snapshot | None = None) -> list[str]:
    return [item.name for item in driver.wanted(spec, seen or model.bare(spec))]


WANTED = [
    ({"branch": "580", "modules": "open"}, ["nvidia-open-580", "nvidia-persistenced"]),
    ({"branch": "580", "modules": "proprietary"}, ["cuda-drivers-580", "nvidia-persistenced"]),
    ({"branch": "550", "modules": "open"}, ["nvidia-driver-550-open", "nvidia-persistenced"]),
    ({"branch": "595", "modules": "open"}, ["nvidia-open", "nvidia-persistenced"]),
    ({"branch": "595", "modules": "proprietary", "persistence": False}, ["cuda-drivers"]),
    (
        {"branch": "580", "modules": "open", "install": "compute", "persistence": False},
        ["nvidia-dkms-580-open", "libnvidia-compute-580", "nvidia-utils-580"],
    ),
    (
        {"branch": "610", "modules": "open", "install": "compute", "persistence": False},
        ["nvidia-dkms-open", "libnvidia-compute", "nvidia-utils"],
    ),
    (
        {"branch": "580", "modules": "open", "source": "ubuntu"},
        ["nvidia-driver-580-open", "linux-modules-nvidia-580-open-generic", "nvidia-compute-utils-580"],
    ),
    (
        {"branch": "580", "modules": "open", "source": "ubuntu", "variant": "server", "delivery": "dkms"},
        ["nvidia-driver-580-server-open", "nvidia-dkms-580-server-open", "nvidia-compute-utils-580-server"],
    ),
    (
        {"branch": "580", "modules": "proprietary", "source": "ubuntu", "install": "compute", "persistence": False},
        [
            "nvidia-headless-no-dkms-580-server",
            "linux-modules-nvidia-580-server-generic",
            "nvidia-utils-580-server",
        ],
    ),
    ({"source": "external"}, []),
]


@pytest.mark.parametrize(("declared", "expected"), WANTED)
def test_the_top_level_packages(declared: dict[str, object], expected: list[str]) -> None:
    assert names(host(**declared)) == expected


@pytest.mark.parametrize(
    ("branch", "source", "name"),
    [
        ("570", "nvidia", "nvidia-fabricmanager-570"),
        ("580", "nvidia", "nvidia-fabricmanager"),
        ("595", "nvidia", "nvidia-fabricmanager"),
        ("580", "ubuntu", "nvidia-fabricmanager-580"),
    ],
)
def test_nvswitches_bring_the_fabric_manager(branch: str, source: str, name: str) -> None:
    spec = host(branch=branch, modules="open", source=source, persistence=False)
    switch = PciDevice(slot="0000:05:00.0", vendor="10de", device="22a3", class_code="068000")
    bare = model.bare(spec)
    seen = bare.model_copy(update={"gpu": bare.gpu.model_copy(update={"devices": (*bare.gpu.devices, switch)})})
    assert names(spec, seen)[-1] == name
    assert driver.wants_fabric_manager(spec, seen)
    assert not driver.wants_fabric_manager(spec, bare)


def test_the_fabric_manager_follows_the_installed_driver_exactly() -> None:
    seen = model.as_observed(host(version="580.82.07", modules="open"))
    later = host(branch="580", modules="open", fabric_manager=True)
    found = {item.name: item.exact for item in driver.wanted(later, seen)}
    assert found == dict.fromkeys(("nvidia-open-580", "nvidia-persistenced", "nvidia-fabricmanager"), "580.82.07")


@pytest.mark.parametrize(
    "name",
    [
        "libnvidia-container1",
        "libnvidia-container-tools",
        "nvidia-container-toolkit",
        "nvidia-container-toolkit-base",
        "nvidia-cuda-toolkit",
        "nvidia-prime",
        "nvidia-driver-pinning-580",
        "libnvidia-egl-wayland1",
        "libnvidia-ml-dev",
        "nvidia-openjdk",
        "cuda-toolkit-12-9",
        "linux-modules-6.8.0-51-generic",
    ],
)
def test_what_is_not_of_the_matched_set(name: str) -> None:
    assert not family(name)


@pytest.mark.parametrize(
    ("name", "branch", "flavour"),
    [
        ("nvidia-open", None, "open"),
        ("nvidia-open-580", 580, "open"),
        ("cuda-drivers-580", 580, "proprietary"),
        ("cuda-drivers-fabricmanager-580", 580, None),
        ("nvidia-dkms-580-server-open", 580, "open"),
        ("nvidia-dkms", None, "proprietary"),
        ("libnvidia-compute-580:i386", 580, None),
        ("linux-modules-nvidia-580-open-6.8.0-101-generic", 580, "open"),
        ("nvidia-firmware-580-580.95.05", 580, None),
        ("libnvidia-cfg1", None, None),
        ("xserver-xorg-video-nvidia-580", 580, None),
    ],
)
def test_what_a_name_says(name: str, branch: int | None, flavour: str | None) -> None:
    assert (family(name), branch_in(name), flavour_of(name)) == (True, branch, flavour)


CONFLICTS = [
    ({"branch": "595", "modules": "open"}, "libnvidia-compute-580", "580.95.05-0ubuntu1", "nvidia", True),
    ({"branch": "580", "modules": "open"}, "libnvidia-compute", "595.71.05-1ubuntu1", "nvidia", True),
    ({"branch": "580", "modules": "open"}, "nvidia-open", "595.71.05-1ubuntu1", "nvidia", True),
    ({"branch": "580", "modules": "open"}, "nvidia-open", "580.95.05-0ubuntu1", "nvidia", False),
    ({"branch": "580", "modules": "open"}, "nvidia-dkms-580", "580.95.05-0ubuntu1", "nvidia", True),
    ({"branch": "580", "modules": "open"}, "cuda-drivers-580", "580.95.05-0ubuntu1", "nvidia", True),
    ({"branch": "580", "modules": "open"}, "nvidia-persistenced", "595.71.05-1ubuntu1", "nvidia", False),
    ({"branch": "580", "modules": "open"}, "nvidia-utils-580-server", "580.95.05-0ubuntu0.24.04.3", "ubuntu", True),
    ({"branch": "580", "modules": "open"}, "linux-modules-nvidia-580-open-generic", "6.8.0-51.52", "ubuntu", True),
    ({"branch": "580", "modules": "open"}, "libnvidia-container1", "1.20-1", "nvidia", False),
    (
        {"branch": "580", "modules": "open", "source": "ubuntu"},
        "nvidia-persistenced",
        "580.95.05-0ubuntu1",
        "nvidia",
        True,
    ),
    ({"branch": "580", "modules": "open", "source": "ubuntu"}, "nvidia-settings", "510.47-0ubuntu1", "ubuntu", False),
]


@pytest.mark.parametrize(("declared", "name", "version", "origin", "gone"), CONFLICTS)
def test_what_a_transaction_may_remove(
    declared: dict[str, object], name: str, version: str, origin: str, gone: bool
) -> None:
    spec = host(**declared)
    package = Package.model_validate({"name": name, "version": version, "state": "ii ", "origin": origin})
    seen = model.bare(spec)
    seen = seen.model_copy(update={"apt": seen.apt.model_copy(update={"packages": {name: package}})})
    assert driver.removals(spec, seen) == ((name,) if gone else ())


def test_auto_keeps_a_working_driver_that_suits() -> None:
    old = host(branch="570", modules="proprietary")
    auto = host()
    resolved = driver.resolve(auto, model.as_observed(old))
    assert resolved is not None
    assert (resolved.branch, resolved.flavour) == (570, "proprietary")
    fresh = driver.resolve(auto, model.bare(auto))
    assert fresh is not None
    assert (fresh.branch, fresh.flavour) == (580, "open")


def test_auto_keeps_its_own_choice_while_the_module_does_not_work() -> None:
    """Between an install and its reboot nvidia-smi fails; the branch must not move meanwhile."""
    seen = model.as_observed(host(branch="580", modules="open"))
    broken = seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"smi": None})})
    resolved = driver.resolve(host(), broken)
    assert resolved is not None
    assert (resolved.branch, resolved.flavour) == (580, "open")


def test_headers_are_wanted_for_both_kernels_by_dkms_only() -> None:
    spec = host(branch="580")
    state = KernelState(running="6.8.0-51-generic", next_boot="6.8.0-52-generic", headers=("6.8.0-51-generic",))
    seen = model.bare(spec).model_copy(update={"kernel": state})
    assert [item.name for item in kernel.wanted(spec, seen)] == ["linux-headers-6.8.0-52-generic"]
    assert kernel.wanted(host(branch="580", source="ubuntu"), seen) == ()
    odd = seen.model_copy(update={"kernel": KernelState(running="6.8; reboot")})
    assert kernel.wanted(spec, odd) == ()


def test_preferences_read_back_what_they_pin() -> None:
    spec = host(branch="580", modules="open")
    found = {"nvidia-open-580": "580.95.05-0ubuntu1", "nvidia-settings": "580.95.05-0ubuntu1"}
    text = pins.preferences(found, spec)
    assert pins.read(text) == found
    assert "Pin: release o=Ubuntu\nPin-Priority: -1\n" in text
    assert pins.preferences({"cuda-toolkit-12-9": "12.9.1-1"}, spec) == pins.preferences({}, spec)


def test_origin_rules_stand_before_the_archives_branch_rule() -> None:
    """The first matching stanza wins: the other way round, 580.* would let NVIDIA's builds in."""
    spec = host(branch="580", source="ubuntu")
    text = pins.preferences({"nvidia-driver-580": "580.95.05-0ubuntu0.24.04.3"}, spec)
    assert "Pin: version 580.95.05" not in text
    assert text.index("release l=NVIDIA CUDA") < text.index("version 580.*")
