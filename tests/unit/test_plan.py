"""Each way a host leaves its declaration is found and named, on the two hosts that the lab ships."""

from collections.abc import Callable
from datetime import date

import pytest

from schema import pins, plan
from schema.change import Change
from schema.conda import CondaPackage, CondaSpec, EnvironmentState
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec
from schema.environments import EnvironmentSpec, PipSpec
from schema.gpu import GpuProcess, GpuSpec, NvidiaSmi, PciDevice
from schema.host import Accepted, HostSpec
from schema.kernel import KernelState
from schema.plan import Plan
from schema.preferences import PATH
from schema.repository import FileState, Key, Package
from schema.snapshot import Release, Session, Snapshot
from tests.property import model

DESK = HostSpec(
    name="desk",
    ubuntu="24.04",
    gpus=(GpuSpec(model="GTX 1080"),),
    cuda=CudaSpec(toolkits=("12.9", "12.6"), default="12.6"),
    cudnn=CudnnSpec(version="9.10.2"),
    conda=CondaSpec(version="25.3.1-0"),
    environments={
        "ds": EnvironmentSpec(
            python="3.12", packages=("numpy", "pandas>=1"), pip=PipSpec(packages=("einops==0.8.1",)), kernel=True
        ),
        "exact": EnvironmentSpec(packages=("numpy",), exact=True),
    },
    reboot="if-needed",
)
NODE = HostSpec(
    name="node",
    ubuntu="22.04",
    gpus=(GpuSpec(pci_id="10de:2330", count=2),),
    driver=DriverSpec(branch="580", modules="open"),
    cuda=CudaSpec(toolkits=("12.9",)),
    reboot="if-needed",
)
Damage = Callable[[Snapshot], Snapshot]


def packages(seen: Snapshot, **versions: str | None) -> Snapshot:
    """The host with these packages at other versions, or removed; "_" stands for "-" in their names."""
    found = dict(seen.apt.packages)
    for key, version in versions.items():
        name = key.replace("_", "-")
        old = found.pop(name, None)
        if version is not None:
            base = old or Package(name=name, version=version, state="ii ", origin="nvidia")
            found[name] = base.model_copy(update={"version": version})
    return apt(seen, packages=found)


def apt(seen: Snapshot, **values: object) -> Snapshot:
    return seen.model_copy(update={"apt": seen.apt.model_copy(update=values)})


def without_file(path: str) -> Damage:
    return lambda seen: apt(seen, files={name: item for name, item in seen.apt.files.items() if name != path})


def environment(name: str, change: Callable[[tuple[CondaPackage, ...]], tuple[CondaPackage, ...]]) -> Damage:
    def damage(seen: Snapshot) -> Snapshot:
        conda = seen.conda
        assert conda is not None
        changed = tuple(
            item.model_copy(update={"packages": change(item.packages)}) if item.name == name else item
            for item in conda.environments
        )
        return seen.model_copy(update={"conda": conda.model_copy(update={"environments": changed})})

    return damage


def moved(name: str, version: str) -> Callable[[tuple[CondaPackage, ...]], tuple[CondaPackage, ...]]:
    return lambda items: tuple(
        item.model_copy(update={"version": version}) if item.name == name else item for item in items
    )


def removed(name: str) -> Callable[[tuple[CondaPackage, ...]], tuple[CondaPackage, ...]]:
    return lambda items: tuple(item for item in items if item.name != name)


def added(name: str) -> Callable[[tuple[CondaPackage, ...]], tuple[CondaPackage, ...]]:
    return lambda items: (*items, CondaPackage(name=name, version="9.9", manager="pip"))


UNATTENDED = "/etc/apt/apt.conf.d/51gpufleet-unattended-upgrades"
CASES: list[tuple[HostSpec, Damage, set[tuple[str, str | None, str | None]]]] = [
    (
        DESK,
        lambda seen: packages(seen, libnvidia_compute_580="580.82.07-0ubuntu1"),
        {("libnvidia-compute-580", "580.82.07-0ubuntu1", "580.95.05-0ubuntu1")},
    ),
    (DESK, without_file(PATH), {(PATH, None, "present")}),
    (DESK, without_file(UNATTENDED), {(UNATTENDED, None, "present")}),
    (
        DESK,
        lambda seen: packages(seen, cuda_toolkit_12_6=None, cuda_nvcc_12_6=None, libcublas_12_6=None),
        {
            ("cuda-toolkit-12-6", None, "12.6.3-1"),
            ("cuda-nvcc-12-6", None, "12.6.3-1"),
            ("libcublas-12-6", None, "12.6.3-1"),
        },
    ),
    (
        DESK,
        lambda seen: seen.model_copy(update={"cuda": seen.cuda.model_copy(update={"default": "12.9"})}),
        {("/usr/local/cuda", "12.9", "12.6")},
    ),
    (
        DESK,
        lambda seen: packages(seen, libcudnn9_cuda_12="9.17.0.29-1"),
        {("libcudnn9-cuda-12", "9.17.0.29-1", "9.10.2.21-1")},
    ),
    (DESK, environment("ds", moved("numpy", "0.9")), {("ds/numpy", "0.9", "1.0")}),
    (DESK, environment("ds", moved("pandas", "0.5")), {("ds/pandas", "0.5", "1")}),
    (DESK, environment("ds", moved("einops", "0.8.0")), {("ds/einops", "0.8.0", "0.8.1")}),
    (DESK, environment("ds", removed("numpy")), {("ds/numpy", None, "1.0")}),
    (DESK, environment("exact", added("requests")), {("exact/requests", "9.9", None)}),
    (DESK, environment("exact", moved("libdependency", "2.0")), {("exact/libdependency", "2.0", "1.0")}),
    (DESK, environment("ds", added("requests")), set()),
]


@pytest.mark.parametrize(("spec", "damage", "expected"), CASES)
def test_a_difference_made_by_hand_is_named(
    spec: HostSpec, damage: Damage, expected: set[tuple[str, str | None, str | None]]
) -> None:
    found = plan.diff(spec, damage(model.as_observed(spec)))
    assert {(change.item, change.observed, change.desired) for change in found.changes} == expected
    assert plan.status(found) == ("drift" if expected else "in-sync")


def test_user_space_upgraded_without_a_reboot_is_drift_and_unhealthy() -> None:
    """The packages and our pins are the newer ones, and the old module is in memory."""
    seen = model.as_observed(NODE)
    old = seen.driver.model_copy(update={"loaded_version": "580.82.07"})
    smi = NvidiaSmi(exit_code=18, text="Failed to initialize NVML: Driver/library version mismatch")
    found = plan.diff(NODE, seen.model_copy(update={"driver": old, "gpu": seen.gpu.model_copy(update={"smi": smi})}))
    assert [(item.item, item.observed, item.desired, item.disruption) for item in found.changes] == [
        ("loaded module", "580.82.07 open", "580.95.05 open", "reboot")
    ]
    assert codes(found) == {"GPU110"}
    assert found.pending == "reboot"


def codes(found: Plan) -> set[str]:
    return {item.code for item in found.findings}


def test_a_missing_gpu_is_named() -> None:
    seen = model.as_observed(NODE)
    one = seen.gpu.model_copy(update={"devices": seen.gpu.devices[:1]})
    found = plan.diff(NODE, seen.model_copy(update={"gpu": one}))
    assert codes(found) == {"GPU120"}
    assert "GPUs: 2 declared, 1 there" in found.findings[0].message
    assert plan.status(found) == "unhealthy"


@pytest.mark.parametrize("gpus", [None, ()])
def test_an_nvidia_device_where_none_is_declared_is_named(gpus: tuple[GpuSpec, ...] | None) -> None:
    spec = HostSpec(name="plain", ubuntu="24.04", gpus=gpus)
    device = PciDevice(slot="0000:01:00.0", vendor="10de", device="1b80", class_code="030000")
    seen = model.bare(spec)
    found = plan.diff(spec, seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"devices": (device,)})}))
    assert codes(found) == {"GPU122"}
    assert "0000:01:00.0 10de:1b80 GeForce GTX 1080" in found.findings[0].evidence
    assert plan.status(found) == "unhealthy"


def test_deleted_preferences_bring_no_other_version() -> None:
    """Without our pins the installed set is the reference: an upgrade is asked for, never a side effect."""
    seen = without_file(PATH)(model.as_observed(NODE))
    assert [change.item for change in plan.diff(NODE, seen).changes] == [PATH]
    assert pins.pins(NODE, seen)["nvidia-open-580"] == "580.95.05-0ubuntu1"


def test_a_newer_version_is_a_change_only_when_it_is_declared() -> None:
    old = NODE.model_copy(update={"driver": DriverSpec(version="580.82.07", modules="open")})
    seen = model.as_observed(old)
    assert plan.diff(NODE, seen).changes == ()
    newer = NODE.model_copy(update={"driver": DriverSpec(version="580.95.05", modules="open")})
    found = {change.item: change.desired for change in plan.diff(newer, seen).of("driver")}
    assert found["nvidia-open-580"] == "580.95.05"
    assert found["loaded module"] == "580.95.05 open"


def test_a_branch_change_removes_the_old_names_and_waits_for_nobody() -> None:
    up = NODE.model_copy(update={"driver": DriverSpec(branch="595", modules="open")})
    found = plan.diff(up, model.as_observed(NODE))
    gone = {change.item for change in found.changes if change.desired is None}
    assert {"nvidia-open-580", "libnvidia-compute-580", "nvidia-dkms-580-open"} <= gone
    assert ("nvidia-open", None, "595") in {(item.item, item.observed, item.desired) for item in found.changes}
    assert found.blocked == ()


def test_reboot_never_blocks_a_change_under_a_loaded_driver() -> None:
    up = NODE.model_copy(update={"driver": DriverSpec(branch="595", modules="open"), "reboot": "never"})
    found = plan.diff(up, model.as_observed(NODE))
    assert ([item.code for item in found.blocked], found.pending) == (["GPU101"], "blocked")


def test_reboot_never_on_a_bare_host_ends_as_pending() -> None:
    spec = NODE.model_copy(update={"reboot": "never"})
    assert plan.diff(spec, model.bare(spec)).blocked == ()
    seen = model.as_observed(spec)
    unloaded = seen.driver.model_copy(update={"loaded_version": None, "loaded_flavour": None})
    asleep = seen.gpu.model_copy(
        update={"smi": NvidiaSmi(exit_code=9, text="couldn't communicate with the NVIDIA driver")}
    )
    found = plan.diff(spec, seen.model_copy(update={"driver": unloaded, "gpu": asleep}))
    assert [change.item for change in found.changes] == ["loaded module"]
    assert (found.pending, found.blocked, codes(found)) == ("reboot", (), {"GPU111"})


@pytest.mark.parametrize("work", ["process", "holder", "login"])
def test_nobodys_work_is_ended_unless_it_is_forced(work: str) -> None:
    up = NODE.model_copy(update={"driver": DriverSpec(branch="595", modules="open")})
    seen = model.as_observed(NODE)
    process = GpuProcess(gpu="0000:01:00.0", pid=7, name="python", kind="C")
    assert seen.gpu.smi is not None
    smi = seen.gpu.smi.model_copy(update={"processes": (process,)})
    busy = {
        "process": {"gpu": seen.gpu.model_copy(update={"smi": smi})},
        "holder": {"devices_in_use": (8,)},
        "login": {"sessions": (Session(id="3", user="ann", tty="pts/1"),)},
    }
    seen = seen.model_copy(update=busy[work])
    found = plan.diff(up, seen)
    assert [item.code for item in found.blocked] == ["GPU103" if work == "login" else "GPU102"]
    assert plan.diff(up, seen, force=True).blocked == ()
    assert plan.diff(NODE, seen).blocked == ()


def test_this_runs_own_session_and_graphics_stand_in_nobodys_way() -> None:
    up = NODE.model_copy(update={"driver": DriverSpec(branch="595", modules="open")})
    seen = model.as_observed(NODE)
    assert seen.gpu.smi is not None
    screen = GpuProcess(gpu="0000:01:00.0", pid=7, name="Xorg", kind="G")
    smi = seen.gpu.smi.model_copy(update={"processes": (screen,)})
    own = (Session(id="3", user="ann", tty="pts/1", own=True), Session(id="4", user="bob"))
    quiet = seen.model_copy(update={"sessions": own, "gpu": seen.gpu.model_copy(update={"smi": smi})})
    assert plan.diff(up, quiet).blocked == ()


REFUSED: list[tuple[HostSpec, Damage, str]] = [
    (DESK, lambda seen: seen.model_copy(update={"release": Release(id="ubuntu", version="22.04")}), "GPU001"),
    (DESK, lambda seen: seen.model_copy(update={"release": Release(id="debian", version="12")}), "GPU001"),
    (DESK, lambda seen: seen.model_copy(update={"architecture": "aarch64"}), "GPU002"),
    (DESK, lambda seen: seen.model_copy(update={"platform": "jetson"}), "GPU002"),
    (NODE.model_copy(update={"gpus": None}), lambda seen: with_gpu(seen, "1b80"), "GPU003"),
    (DESK, lambda seen: seen.model_copy(update={"kernel": secure(seen.kernel)}), "GPU004"),
    (
        DESK,
        lambda seen: seen.model_copy(update={"driver": seen.driver.model_copy(update={"managers": ("runfile",)})}),
        "GPU005",
    ),
]


def with_gpu(seen: Snapshot, device: str) -> Snapshot:
    found = PciDevice(slot="0000:01:00.0", vendor="10de", device=device, class_code="030200")
    return seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"devices": (found,)})})


def secure(kernel: KernelState) -> KernelState:
    return kernel.model_copy(update={"secure_boot": True})


@pytest.mark.parametrize(("spec", "damage", "code"), REFUSED)
def test_a_host_that_must_not_be_touched_is_refused(spec: HostSpec, damage: Damage, code: str) -> None:
    found = plan.diff(spec, damage(model.bare(spec)))
    assert [item.code for item in found.refusals] == [code]
    assert found.refusals[0] in found.findings
    assert found.refusals[0].hint


def test_secure_boot_leaves_a_driver_alone_whose_key_is_enrolled() -> None:
    seen = model.as_observed(NODE)
    signed = tuple(module.model_copy(update={"signer": "host MOK"}) for module in seen.driver.modules)
    seen = seen.model_copy(
        update={"kernel": secure(seen.kernel), "driver": seen.driver.model_copy(update={"modules": signed})}
    )
    assert plan.diff(NODE, seen).refusals == ()
    signed_by_canonical = NODE.model_copy(update={"driver": DriverSpec(source="ubuntu", branch="580", modules="open")})
    bare = model.bare(NODE)
    assert plan.diff(signed_by_canonical, bare.model_copy(update={"kernel": secure(bare.kernel)})).refusals == ()


def test_a_hold_in_the_way_is_refused_and_one_beside_is_a_warning() -> None:
    seen = model.as_observed(NODE)
    held = seen.apt.packages["nvidia-utils-580"].model_copy(update={"state": "hi "})
    seen = apt(seen, packages={**seen.apt.packages, "nvidia-utils-580": held})
    assert (codes(plan.diff(NODE, seen)), plan.diff(NODE, seen).refusals) == ({"GPU143"}, ())
    up = NODE.model_copy(update={"driver": DriverSpec(branch="595", modules="open")})
    assert [item.code for item in plan.diff(up, seen).refusals] == ["GPU006"]


HEALTH: list[tuple[str, Damage]] = [
    ("GPU113", lambda seen: smi(seen, exit_code=124, text="no answer")),
    ("GPU112", lambda seen: smi(seen, exit_code=6, text="No devices were found")),
    (
        "GPU116",
        lambda seen: seen.model_copy(
            update={"kernel": seen.kernel.model_copy(update={"next_boot": "6.8.0-52-generic"})}
        ),
    ),
    (
        "GPU140",
        lambda seen: seen.model_copy(update={"driver": seen.driver.model_copy(update={"managers": ("runfile",)})}),
    ),
    ("GPU144", lambda seen: apt(seen, interrupted=True)),
    (
        "GPU147",
        lambda seen: apt(
            seen,
            keys=(*seen.apt.keys, Key(path="/etc/apt/x", fingerprints=("AE09FE4BBD223A84B2CCFCE3F60F4B3D7FA2AF80",))),
        ),
    ),
    ("GPU150", lambda seen: seen.model_copy(update={"reboot_required": True})),
    ("GPU162", lambda seen: seen.model_copy(update={"cuda": seen.cuda.model_copy(update={"toolkits": ()})})),
    ("GPU128", lambda seen: gpus(seen, remapped_failure=True)),
    ("GPU129", lambda seen: gpus(seen, recovery_action="Reset")),
    ("GPU125", lambda seen: gpus(seen, link_width=8, max_link_width=16)),
    ("GPU142", lambda seen: packages(seen, nvidia_driver_pinning_595="595-1")),
    ("GPU149", lambda seen: packages(seen, nvidia_cuda_toolkit="12.4.1-8")),
]


def smi(seen: Snapshot, **values: object) -> Snapshot:
    return seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"smi": NvidiaSmi.model_validate(values)})})


def gpus(seen: Snapshot, **values: object) -> Snapshot:
    assert seen.gpu.smi is not None
    found = tuple(gpu.model_copy(update=values) for gpu in seen.gpu.smi.gpus)
    return seen.model_copy(
        update={"gpu": seen.gpu.model_copy(update={"smi": seen.gpu.smi.model_copy(update={"gpus": found})})}
    )


@pytest.mark.parametrize(("code", "damage"), HEALTH)
def test_what_is_unhealthy_has_a_code(code: str, damage: Damage) -> None:
    assert code in codes(plan.diff(NODE, damage(model.as_observed(NODE))))


def test_persistence_is_asked_of_the_gpu() -> None:
    found = plan.diff(NODE, gpus(model.as_observed(NODE), persistence_mode=False))
    assert found.changes == (
        Change(concern="driver", item="persistence", observed="off", desired="on", disruption="restart"),
    )


def test_an_accepted_finding_counts_until_its_day() -> None:
    entry = Accepted(code="GPU120", reason="board at the vendor's", until=date(2027, 1, 31))
    spec = NODE.model_copy(update={"accept": (entry,)})
    seen = model.as_observed(NODE)
    seen = seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"devices": seen.gpu.devices[:1]})})
    found = plan.diff(spec, seen, today=date(2027, 1, 31))
    assert [(item.code, item.accepted) for item in found.findings] == [("GPU120", True)]
    assert plan.status(found) == "in-sync"
    late = plan.diff(spec, seen, today=date(2027, 2, 1))
    assert [(item.code, item.accepted) for item in late.findings] == [("GPU120", False), ("GPU180", False)]
    assert codes(plan.diff(spec, model.as_observed(NODE))) == {"GPU181"}


def test_only_our_own_paths_are_ever_removed() -> None:
    seen = model.as_observed(NODE)
    other = FileState(path="/etc/sudoers.d/gpufleet", content="ann ALL=(ALL) NOPASSWD: ALL", mode="0440", owner="root")
    seen = apt(seen, files={**seen.apt.files, other.path: other})
    assert plan.diff(NODE, seen).changes == ()
    plain = HostSpec(name="node", ubuntu="22.04", gpus=NODE.gpus, driver="none")
    gone = {file.path for file in plan.owned_files(plain, seen) if file.content is None}
    assert "/etc/apt/sources.list.d/gpufleet-cuda.sources" in gone
    assert other.path not in gone


def test_what_was_not_seen_of_a_declared_concern_leaves_the_verdict_open() -> None:
    seen = model.as_observed(NODE)
    found = plan.diff(NODE, seen.model_copy(update={"not_seen": frozenset({"driver/modules", "host/sessions"})}))
    assert (found.undecided, plan.status(found)) == (("driver/modules",), "failed")
    beside = plan.diff(NODE, seen.model_copy(update={"not_seen": frozenset({"conda/prefix"})}))
    assert plan.status(beside) == "in-sync"


def test_a_forged_record_asks_for_no_package_that_is_not_declared() -> None:
    seen = model.as_observed(DESK)
    assert seen.applied is not None
    forged = seen.applied.model_copy(update={"environments": {"ds": {"numpy": "$(reboot)", "evil": "6.6"}}})
    found = plan.diff(DESK, seen.model_copy(update={"applied": forged}))
    assert found.changes == ()
    assert codes(found) == {"GPU173"}


def test_an_explicit_lock_holds_version_and_build() -> None:
    package = {"url": "https://c/linux-64/numpy-2.1-h1.conda", "name": "numpy", "version": "2.1", "build": "h1"}
    spec = DESK.model_copy(update={"environments": {"ds": EnvironmentSpec.model_validate({"explicit": [package]})}})
    seen = model.as_observed(DESK)
    assert seen.conda is not None
    for build, expected in (("h1", []), ("h2", [("ds/numpy", "2.1 h2", "2.1 h1")])):
        state = EnvironmentState(
            name="ds",
            prefix="/opt/conda/envs/ds",
            packages=(CondaPackage(name="numpy", version="2.1", build=build),),
        )
        there = seen.conda.model_copy(update={"environments": (state,)})
        found = plan.diff(spec, seen.model_copy(update={"conda": there}))
        assert [(item.item, item.observed, item.desired) for item in found.changes] == expected
