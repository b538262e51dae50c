"""The GPUs' own state: memory, modes, MIG against the declaration, links, the fabric, device files, containers."""

import os
from pathlib import Path

import pytest

from facts import container as containers
from facts import gpu as facts
from facts import probe
from facts import smi as nvidia_smi
from schema import plan
from schema.container import ContainerState
from schema.driver import DriverSpec, Service
from schema.errors import Finding
from schema.gpu import DeviceNode, GpuProcess, GpuSpec, MigDevice, NodeState, NvidiaSmi, PciDevice
from schema.host import HostSpec
from schema.log import LogState
from schema.repository import Package
from schema.snapshot import Snapshot
from tests.property import model

NODE = HostSpec(
    name="node",
    ubuntu="22.04",
    gpus=(GpuSpec(pci_id="10de:2330", count=2),),
    driver=DriverSpec(branch="580", modules="open"),
)
EXTERNAL = NODE.model_copy(update={"driver": DriverSpec(source="external"), "external": True})
H100 = {"name": "NVIDIA H100 80GB HBM3", "pci_device_id": "233010DE"}


def healthy(spec: HostSpec = NODE, **values: object) -> Snapshot:
    seen = model.as_observed(NODE)
    smi = seen.gpu.smi
    assert smi is not None
    gpus = tuple(gpu.model_copy(update={**H100, **values}) for gpu in smi.gpus)
    devices = tuple(one.model_copy(update={"class_code": "030200", "driver": "nvidia"}) for one in seen.gpu.devices)
    state = seen.gpu.model_copy(update={"smi": smi.model_copy(update={"gpus": gpus}), "devices": devices})
    return seen.model_copy(update={"gpu": state})


def with_gpu(seen: Snapshot, **values: object) -> Snapshot:
    return seen.model_copy(update={"gpu": seen.gpu.model_copy(update=values)})


def found(seen: Snapshot, spec: HostSpec = NODE) -> dict[str, Finding]:
    """The first finding of each code."""
    return {item.code: item for item in reversed(plan.diff(spec, seen).findings)}


def told(seen: Snapshot, spec: HostSpec = NODE) -> dict[str, str]:
    """The severities by code, without the notice that a host is external."""
    return {code: item.severity for code, item in found(seen, spec).items() if code != "GPU191"}


def test_healthy_gpus_have_no_finding() -> None:
    fields = {
        "memory_total_mib": 81559,
        "mig_current": False,
        "mig_pending": False,
        "ecc_current": True,
        "ecc_pending": True,
        "ecc_uncorrected_volatile": 0,
        "remapped_pending": False,
        "remapped_failure": False,
        "exhausted_banks": 0,
        "sram_threshold_exceeded": False,
        "fabric_state": "Completed",
        "fabric_status": "Success",
        "fabric_clique": 0,
        "fabric_cluster": "00000000-0000-0000-0000-000000000000",
        "fabric_health": {"summary": "Healthy", "bandwidth": "Full", "incorrect_configuration": "None"},
        "slowdowns": ("sw_power_cap", "applications_clocks_setting"),
    }
    assert told(healthy(**fields)) == {}


@pytest.mark.parametrize(
    ("values", "code", "severity", "evidence"),
    [
        ({"remapped_failure": True}, "GPU128", "error", "remapped_row_failure Yes"),
        ({"remapped_pending": True}, "GPU127", "warning", "remapped_row_pending Yes"),
        ({"retired_pending": True}, "GPU127", "warning", "pending_retirement Yes"),
        ({"repair_pending": True}, "GPU127", "warning", "channel_repair_pending"),
        ({"ecc_uncorrected_volatile": 3}, "GPU126", "warning", "volatile, uncorrectable 3"),
        ({"sram_threshold_exceeded": True}, "GPU247", "warning", "sram_threshold_exceeded Yes"),
        ({"exhausted_banks": 2}, "GPU247", "warning", "row_remapper_histogram_none 2 banks"),
        ({"retired_pages": 61}, "GPU247", "warning", "retired_pages 61 of at most 64"),
        ({"recovery_action": "Drain and Reset"}, "GPU129", "error", "gpu_recovery_action Drain and Reset"),
        ({"mig_current": True, "mig_pending": False}, "GPU243", "warning", "current_mig Enabled, pending_mig Disabled"),
        ({"mig_current": True, "mig_pending": True}, "GPU244", "warning", "mig_devices None"),
        ({"ecc_current": True, "ecc_pending": False}, "GPU246", "warning", "current_ecc Enabled, pending_ecc Disabled"),
        ({"ecc_current": False, "ecc_pending": False}, "GPU246", "info", "current_ecc Disabled"),
        ({"slowdowns": ("hw_thermal_slowdown",)}, "GPU250", "warning", "hw_thermal_slowdown Active"),
        ({"slowdowns": ("hw_power_brake_slowdown",)}, "GPU250", "warning", "hw_power_brake_slowdown Active"),
        (
            {"license_status": "Unlicensed (Unrestricted)", "virtualization_mode": "VGPU"},
            "GPU248",
            "warning",
            "license_status Unlicensed",
        ),
        (
            {"fabric_state": "Completed", "fabric_status": "Insufficient Resources", "fabric_clique": 0},
            "GPU252",
            "error",
            "status Insufficient Resources, cliqueId 0",
        ),
        ({"fabric_health": {"bandwidth": "Degraded"}}, "GPU253", "warning", "bandwidth Degraded"),
        ({"fabric_health": {"route_unhealthy": "True"}}, "GPU253", "warning", "route_unhealthy True"),
        (
            {"fabric_health": {"incorrect_configuration": "Incorrect SysGUID"}},
            "GPU253",
            "warning",
            "incorrect_configuration Incorrect SysGUID",
        ),
    ],
)
def test_each_ailment_has_its_finding_and_its_evidence(
    values: dict[str, object], code: str, severity: str, evidence: str
) -> None:
    seen = found(healthy(**values))
    assert set(seen) == {code}
    assert seen[code].severity == severity
    assert evidence in seen[code].evidence
    assert "GPU 0 NVIDIA H100 80GB HBM3 0000:01:00.0" in seen[code].evidence


def test_what_is_usual_on_other_boards_is_no_finding() -> None:
    laptop = {"name": "NVIDIA GeForce RTX 4070 Laptop GPU", "slowdowns": ("hw_thermal_slowdown",)}
    assert told(healthy(**laptop)) == {}
    display = healthy(ecc_current=False, ecc_pending=False)
    devices = tuple(one.model_copy(update={"class_code": "030000"}) for one in display.gpu.devices)
    assert told(with_gpu(display, devices=devices)) == {}, "GeForce and RTX boards come with ECC off"
    assert told(healthy(license_status="Unlicensed", virtualization_mode="None")) == {}


MIG: list[tuple[bool | None, bool | None, tuple[MigDevice, ...], dict[str, str]]] = [
    (None, True, (MigDevice(index=0),), {}),
    (None, False, (), {}),
    (True, True, (MigDevice(index=0),), {}),
    (True, False, (), {"GPU242": "error"}),
    (True, None, (), {"GPU242": "error"}),
    (False, True, (MigDevice(index=0),), {"GPU242": "error"}),
    (False, False, (), {}),
]


@pytest.mark.parametrize(("declared", "there", "devices", "expected"), MIG)
def test_mig_is_compared_where_it_is_declared(
    declared: bool | None, there: bool | None, devices: tuple[MigDevice, ...], expected: dict[str, str]
) -> None:
    spec = NODE.model_copy(update={"gpus": (GpuSpec(pci_id="10de:2330", count=2, mig=declared),)})
    seen = healthy(mig_current=there, mig_pending=there, mig_devices=devices)
    assert told(seen, spec) == expected


@pytest.mark.parametrize(
    ("on", "there", "expected"),
    [(1, 2, {}), (2, 2, {"GPU242": "error"}), (0, 2, {"GPU242": "error"}), (1, 1, {"GPU120": "error"})],
)
def test_gpus_of_one_kind_may_be_declared_in_both_modes(on: int, there: int, expected: dict[str, str]) -> None:
    """The last case: one of the two is lost, which is not told as a wrong mode."""
    both = (GpuSpec(pci_id="10de:2330", mig=True), GpuSpec(pci_id="10de:2330", mig=False))
    seen = healthy(mig_current=False, mig_pending=False)
    smi = seen.gpu.smi
    assert smi is not None
    mode = {"mig_current": True, "mig_pending": True, "mig_devices": (MigDevice(index=0),)}
    gpus = tuple(gpu.model_copy(update=mode if gpu.index < on else {}) for gpu in smi.gpus)[:there]
    seen = with_gpu(seen, smi=smi.model_copy(update={"gpus": gpus}), devices=seen.gpu.devices[:there])
    assert told(seen, NODE.model_copy(update={"gpus": both})) == expected


def test_mig_off_is_what_a_board_without_it_has() -> None:
    spec = NODE.model_copy(update={"gpus": (GpuSpec(pci_id="10de:2330", count=2, mig=False),)})
    assert told(healthy(mig_current=None), spec) == {}


@pytest.mark.parametrize(("declared", "size", "right"), [(80, 81559, True), (94, 81559, False), (None, 1, True)])
def test_memory_is_compared_with_a_tolerance(declared: int | None, size: int, right: bool) -> None:
    spec = NODE.model_copy(update={"gpus": (GpuSpec(pci_id="10de:2330", count=2, memory_gib=declared),)})
    seen = {code: item for code, item in found(healthy(memory_total_mib=size), spec).items() if code != "GPU137"}
    assert set(seen) == (set() if right else {"GPU241"})
    assert right or "fb_memory_usage total 81559 MiB (79.6 GiB), declared 94 GiB" in seen["GPU241"].evidence


@pytest.mark.parametrize(
    ("gib", "mib"), [(16, 15360), (48, 46068), (24, 23028), (12, 11441), (141, 143771), (180, 183359), (288, 275040)]
)
def test_real_boards_have_the_memory_that_their_vendors_say(gib: int, mib: int) -> None:
    """What nvidia-smi shows of a T4, L40S, A10, K80, H200, B200 and B300."""
    spec = NODE.model_copy(update={"gpus": (GpuSpec(pci_id="10de:2330", count=2, memory_gib=gib),)})
    assert "GPU241" not in found(healthy(memory_total_mib=mib), spec)


@pytest.mark.parametrize(
    ("driver", "spec", "expected"),
    [
        ("vfio-pci", NODE, {"GPU240": "warning"}),
        ("nvidiafb", NODE, {"GPU240": "error"}),
        ("nouveau", NODE, {"GPU240": "error"}),
        ("vfio-pci", NODE.model_copy(update={"driver": "none"}), {"GPU119": "warning", "GPU240": "info"}),
    ],
)
def test_a_gpu_that_another_driver_has_is_told_once(driver: str, spec: HostSpec, expected: dict[str, str]) -> None:
    seen = healthy()
    other = seen.gpu.devices[1].model_copy(update={"driver": driver})
    smi = seen.gpu.smi
    assert smi is not None
    alone = with_gpu(seen, devices=(seen.gpu.devices[0], other), smi=smi.model_copy(update={"gpus": smi.gpus[:1]}))
    assert told(alone, spec) == expected
    assert f"is bound to {driver}" in found(alone, spec)["GPU240"].message


def test_a_host_that_passes_all_its_gpus_on_drives_none_by_choice() -> None:
    seen = healthy()
    devices = tuple(one.model_copy(update={"driver": "vfio-pci"}) for one in seen.gpu.devices)
    nothing = with_gpu(seen, devices=devices, smi=NvidiaSmi(exit_code=6, text="No devices were found"))
    assert told(nothing) == {"GPU240": "warning"}


def test_devices_beside_the_declared_ones_are_named() -> None:
    seen = healthy()
    more = PciDevice(slot="0000:0a:00.0", vendor="10de", device="2684", class_code="030000", driver="nvidia")
    missing = found(with_gpu(seen, devices=(*seen.gpu.devices, more)))["GPU120"]
    assert "not declared: 0000:0a:00.0 10de:2684 GeForce RTX 4090" in missing.evidence


def test_persistence_off_is_told_where_no_run_would_switch_it_on() -> None:
    off = healthy(persistence_mode=False)
    assert told(off, EXTERNAL) == {"GPU245": "warning"}
    assert "GPU245" not in found(off), "here it is a change"
    unwanted = EXTERNAL.model_copy(update={"driver": DriverSpec(source="external", persistence=False)})
    assert told(off, unwanted) == {}


UPTIMES = [(None, "warning"), (90.0, "info"), (4000.0, "error")]


@pytest.mark.parametrize(("uptime", "severity"), UPTIMES)
def test_gpus_have_three_minutes_after_a_boot_to_join_the_fabric(uptime: float | None, severity: str) -> None:
    seen = healthy(fabric_state="In Progress").model_copy(update={"log": LogState(uptime=uptime)})
    assert told(seen) == {"GPU134": severity}
    assert "fabric state In Progress" in found(seen)["GPU134"].evidence


def test_gpus_have_three_minutes_after_a_start_of_the_fabric_manager_too() -> None:
    seen = healthy(fabric_state="In Progress").model_copy(update={"log": LogState(uptime=90_000.0)})
    service = Service(installed=True, enabled=True, active="active", entered=89_950)
    started = seen.driver.model_copy(update={"fabric_manager": service})
    assert told(seen.model_copy(update={"driver": started})) == {"GPU134": "info"}


SWITCH = PciDevice(slot="0000:c4:00.0", vendor="10de", device="22a3", class_code="068000")
ON = Service(installed=True, enabled=True, active="active")


def switched(service: Service, **values: object) -> Snapshot:
    """A host with NVSwitches on its bus."""
    seen = healthy(**values)
    driver = seen.driver.model_copy(update={"fabric_manager": service})
    package = Package(name="nvidia-fabricmanager-580", version="580.95.05-1", state="ii ", origin="nvidia")
    apt = seen.apt.model_copy(update={"packages": {**seen.apt.packages, package.name: package}})
    return with_gpu(seen, devices=(*seen.gpu.devices, SWITCH)).model_copy(update={"driver": driver, "apt": apt})


@pytest.mark.parametrize(
    ("service", "values", "expected"),
    [
        (ON, {"fabric_state": "Completed", "fabric_status": "Success"}, {}),
        (ON, {}, {}),
        (ON.model_copy(update={"active": "failed"}), {"fabric_state": "Completed"}, {"GPU132": "error"}),
        (ON.model_copy(update={"active": "failed"}), {}, {"GPU132": "error"}),
        (ON.model_copy(update={"enabled": False}), {}, {"GPU132": "warning"}),
        (Service(), {}, {"GPU132": "error"}),
        (Service(), {"fabric_state": "Completed", "fabric_status": "Success"}, {}),
    ],
)
def test_the_fabric_manager_is_asked_for_where_there_are_switches(
    service: Service, values: dict[str, object], expected: dict[str, str]
) -> None:
    """An A100 says no fabric state; a manager in the GPU operator's container shows in the GPUs' state alone."""
    assert told(switched(service, **values), EXTERNAL) == expected


def test_a_rack_without_its_domain_and_with_a_failed_imex_is_told() -> None:
    gpu = {"name": "NVIDIA GB200", "pci_device_id": "294110DE", "fabric_state": "Completed", "fabric_status": "Success"}
    spec = EXTERNAL.model_copy(update={"gpus": None})
    domain = {**gpu, "fabric_clique": 4026, "fabric_cluster": "9c6f5af3-53bf-49b5-a436-b66766c413c3"}
    seen = healthy(**domain)
    assert {"GPU253", "GPU254"}.isdisjoint(found(seen, spec))
    alone = {**domain, "fabric_cluster": "00000000-0000-0000-0000-000000000000"}
    assert found(healthy(**alone), spec)["GPU253"].severity == "warning"
    failed = seen.driver.model_copy(update={"imex": Service(installed=True, enabled=True, active="failed")})
    assert found(seen.model_copy(update={"driver": failed}), spec)["GPU254"].severity == "warning"


ALL = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia-uvm", "/dev/nvidia-modeset")
MODPROBE = DeviceNode(path="/usr/bin/nvidia-modprobe", mode="4755", owner="root", group="root")


def nodes(*paths: str, mode: str = "666", group: str = "root", **values: object) -> NodeState:
    files = tuple(DeviceNode(path=path, mode=mode, owner="root", group=group) for path in paths)
    return NodeState.model_validate({"files": files, "uvm_loaded": True, **values})


def with_folder() -> NodeState:
    """As on a host with MIG and NVSwitches: folders and files of services have their own modes."""
    state = nodes(*ALL)
    paths = {"/dev/nvidia-caps": "755", "/dev/nvidia-nvlink": "644", "/dev/nvidia-caps/nvidia-cap1": "400"}
    more = tuple(DeviceNode(path=path, mode=mode, owner="root", group="root") for path, mode in paths.items())
    return state.model_copy(update={"files": (*state.files, *more)})


def numbered(state: NodeState, **values: object) -> Snapshot:
    """Two GPUs with their numbers, and these device files."""
    seen = healthy(**values)
    smi = seen.gpu.smi
    assert smi is not None
    gpus = tuple(gpu.model_copy(update={"minor_number": gpu.index}) for gpu in smi.gpus)
    return with_gpu(seen, smi=smi.model_copy(update={"gpus": gpus}), nodes=state)


@pytest.mark.parametrize(
    ("state", "expected", "evidence"),
    [
        (nodes(*ALL), {}, ""),
        (with_folder(), {}, ""),
        (nodes(*ALL[:3], uvm_loaded=False), {"GPU256": "error"}, "/sys/module/nvidia_uvm: missing"),
        (nodes(*ALL, uvm_loaded=False), {"GPU256": "error"}, "/dev/nvidia-uvm: there"),
        (nodes(*ALL[:2], *ALL[3:]), {"GPU255": "error"}, "/dev/nvidia1: missing"),
        (nodes(*ALL, mode="660", group="video"), {"GPU255": "warning"}, "/dev/nvidia0: mode 0660, root:video"),
        (nodes(*ALL, mode="660", group="video", file_mode=0o660), {"GPU255": "info"}, "DeviceFileMode: 660"),
    ],
)
def test_device_files_that_are_missing_or_closed_are_told(
    state: NodeState, expected: dict[str, str], evidence: str
) -> None:
    seen = numbered(state)
    assert told(seen) == expected
    assert all(evidence in item.evidence for item in found(seen).values())


def test_what_nvidia_modprobe_makes_on_demand_is_information() -> None:
    state = nodes(*ALL[:3], uvm_loaded=False)
    seen = numbered(state.model_copy(update={"files": (*state.files, MODPROBE)}))
    assert told(seen) == {"GPU256": "info"}
    plain = MODPROBE.model_copy(update={"mode": "755"})
    assert told(numbered(state.model_copy(update={"files": (*state.files, plain)}))) == {"GPU256": "error"}


def test_mig_devices_need_their_files() -> None:
    mig = {"mig_current": True, "mig_pending": True, "mig_devices": (MigDevice(index=0),)}
    management = ("/dev/nvidia-caps/nvidia-cap1", "/dev/nvidia-caps/nvidia-cap2")
    assert told(numbered(nodes(*ALL, *management), **mig)) == {"GPU255": "warning"}
    assert told(numbered(nodes(*ALL, *management, "/dev/nvidia-caps/nvidia-cap30"), **mig)) == {}


DOCKER = ContainerState(installed=True, docker=True, cgroup_v2=True)


@pytest.mark.parametrize(
    ("values", "version", "expected"),
    [
        ({}, "1.17.8-1", {"GPU257": "warning"}),
        ({"mode": "legacy"}, "1.19.0-1", {"GPU257": "warning"}),
        ({"mode": "auto"}, "1.18.2-1", {"GPU257": "info"}),
        ({"mode": "cdi"}, "1.17.8-1", {}),
        ({"cgroup_driver": "cgroupfs"}, "1.17.8-1", {}),
        ({"cgroup_v2": False}, "1.17.8-1", {}),
        ({"cgroup_v2": False, "cgroup_driver": "systemd"}, "1.17.8-1", {"GPU257": "warning"}),
        ({"docker": False}, "1.17.8-1", {}),
        ({"installed": False}, "1.17.8-1", {}),
    ],
)
def test_containers_that_would_lose_their_gpus_are_told_under_the_real_conditions(
    values: dict[str, object], version: str, expected: dict[str, str]
) -> None:
    seen = healthy()
    package = Package(name="nvidia-container-toolkit", version=version, state="ii ")
    apt = seen.apt.model_copy(update={"packages": {**seen.apt.packages, package.name: package}})
    state = DOCKER.model_copy(update=values)
    seen = seen.model_copy(update={"container": state, "apt": apt})
    assert told(seen) == expected
    assert all(f"NVIDIA Container Toolkit: {version[:-2]}" in item.evidence for item in found(seen).values())


def test_a_run_reloads_systemd_under_no_container_that_would_lose_its_gpu() -> None:
    """Switching persistence on reloads systemd; a process on a GPU may be a container's."""
    off = healthy(persistence_mode=False)
    smi = off.gpu.smi
    assert smi is not None
    process = GpuProcess(gpu="0000:01:00.0", pid=7, name="python", kind="C")
    busy = with_gpu(off, smi=smi.model_copy(update={"processes": (process,)}))
    assert [item.item for item in plan.diff(NODE, busy).changes] == ["persistence"]
    assert plan.diff(NODE, busy).blocked == ()
    docker = busy.model_copy(update={"container": DOCKER})
    assert [item.code for item in plan.diff(NODE, docker).blocked] == ["GPU102"]
    assert plan.diff(NODE, docker, force=True).blocked == ()
    idle = off.model_copy(update={"container": DOCKER})
    assert plan.diff(NODE, idle).blocked == ()
    cdi = busy.model_copy(update={"container": DOCKER.model_copy(update={"mode": "cdi"})})
    assert plan.diff(NODE, cdi).blocked == ()


def test_gpus_that_say_the_same_are_one_finding() -> None:
    seen = found(healthy(remapped_pending=True, link_width=8, max_link_width=16))
    assert seen["GPU127"].message.startswith("2 GPUs: ")
    assert [len(item.evidence.splitlines()) for item in seen.values()] == [2, 2]


def test_a_cdi_file_of_another_driver_is_told() -> None:
    specifications = {"/etc/cdi/nvidia.yaml": ("570.172.08",), "/var/run/cdi/nvidia.yaml": ("580.95.05",)}
    state = ContainerState(installed=True, specifications=specifications)
    stale = found(healthy().model_copy(update={"container": state}))["GPU258"]
    assert "/etc/cdi/nvidia.yaml: libcuda.so.570.172.08" in stale.evidence
    assert "/var/run" not in stale.evidence
    assert "--output=/etc/cdi/nvidia.yaml" in stale.hint
    fresh = state.model_copy(update={"specifications": {"/etc/cdi/nvidia.yaml": ("580.95.05",)}})
    assert told(healthy().model_copy(update={"container": fresh})) == {}


@pytest.mark.parametrize("code", [2, 4, 6, 8, 9, 10, 12, 13, 14, 15, 16, 17, 127, 139, 255, 77])
def test_each_exit_code_of_nvidia_smi_has_words_and_a_mend(code: int) -> None:
    seen = found(with_gpu(healthy(), smi=NvidiaSmi(exit_code=code, text="words of it")))
    assert {"GPU113"} == set(seen)
    assert (f"exit code {code}" in seen["GPU113"].message, seen["GPU113"].evidence) == (True, "words of it")
    assert (": " in seen["GPU113"].message) == (code != 77)
    assert seen["GPU113"].hint


@pytest.mark.parametrize(("user", "expected"), [("root", {"GPU113": "error"}), ("ubuntu", {})])
def test_a_user_who_may_not_use_the_gpus_did_not_see_them(user: str, expected: dict[str, str]) -> None:
    denied = NvidiaSmi(exit_code=4, text="Failed to initialize NVML: Insufficient Permissions")
    assert told(with_gpu(healthy(), smi=denied).model_copy(update={"user": user})) == expected
    mark = "0f9d2c1e-1111-2222-3333-444455556666"
    printed = [f"@@gpufleet 1 {mark}", denied.text, "@exit 4", "", f"@@{mark} gpu/smi 0"]
    assert facts.unseen(probe.sections(printed)) == {"gpu/smi"}


def test_without_a_bus_the_gpus_that_nvidia_smi_lists_are_counted() -> None:
    seen = healthy()
    assert told(with_gpu(seen, devices=())) == {}
    three = NODE.model_copy(update={"gpus": (GpuSpec(pci_id="10de:2330", count=3),)})
    assert "GPUs: 3 declared, 2 listed" in found(with_gpu(seen, devices=()), three)["GPU120"].message


def test_the_probes_device_files_are_read() -> None:
    mark = "0f9d2c1e-1111-2222-3333-444455556666"
    lines = [
        "node 666 root root /dev/nvidiactl",
        "node 4755 root root /usr/bin/nvidia-modprobe",
        "node 999 root root /dev/odd",
        "module nvidia_uvm",
        "link /dev/char/195:255",
        "mode 438",
    ]
    printed = [f"@@gpufleet 1 {mark}", "", f"@@{mark} gpu/devices 0", *lines, "", f"@@{mark} gpu/nodes 0"]
    state = facts.Gpus().process(printed).nodes
    assert state is not None
    assert [(one.path, one.mode) for one in state.files] == [
        ("/dev/nvidiactl", "666"),
        ("/usr/bin/nvidia-modprobe", "4755"),
    ]
    assert (state.uvm_loaded, state.linked, state.file_mode, state.made_on_demand) == (True, True, 0o666, True)


CAPTURES = os.environ.get("GPUFLEET_CAPTURES")


def replayed(board: str, *changes: tuple[str, str]) -> dict[str, str]:
    """The findings on a host whose nvidia-smi printed a real board's output, with some of its words replaced."""
    if not CAPTURES:
        pytest.skip("set GPUFLEET_CAPTURES to the folder that holds nvidia-smi/qx-*.xml of real boards")
    text = (Path(CAPTURES) / "nvidia-smi" / f"qx-{board}.xml").read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    smi = nvidia_smi.parse(text, 0)
    device = {"vendor": "10de", "class_code": "030200", "driver": "nvidia"}
    devices = [PciDevice(slot=gpu.slot, device=(gpu.pci_id or "")[5:], **device) for gpu in smi.gpus]
    specs = {gpu.pci_id: GpuSpec(pci_id=gpu.pci_id, count=len(smi.gpus)) for gpu in smi.gpus}
    seen = with_gpu(model.as_observed(NODE), devices=tuple(devices), smi=smi)
    return told(seen, EXTERNAL.model_copy(update={"gpus": tuple(specs.values())}))


@pytest.mark.parametrize(
    ("board", "expected"), [("a100", {}), ("h100", {}), ("l40s", {"GPU125": "info"}), ("t4", {"GPU125": "info"})]
)
def test_a_real_boards_own_output_has_no_finding_but_its_narrow_slot(board: str, expected: dict[str, str]) -> None:
    assert replayed(board) == expected


REPLAYS = [
    ("h100", "<state>Completed</state>", "<state>In Progress</state>", {"GPU134": "warning"}),
    ("h100", "<status>Success</status>", "<status>Insufficient Resources</status>", {"GPU252": "error"}),
    ("h100", "<bandwidth>N/A</bandwidth>", "<bandwidth>Degraded</bandwidth>", {"GPU253": "warning"}),
    ("h100", "<remapped_row_pending>No", "<remapped_row_pending>Yes", {"GPU127": "warning"}),
    ("h100", "<remapped_row_failure>No", "<remapped_row_failure>Yes", {"GPU128": "error"}),
    ("h100", "<sram_threshold_exceeded>No", "<sram_threshold_exceeded>Yes", {"GPU247": "warning"}),
    ("h100", "none>0 bank(s)", "none>3 bank(s)", {"GPU247": "warning"}),
    ("h100", "<persistence_mode>Enabled", "<persistence_mode>Disabled", {"GPU245": "warning"}),
    ("a100", "<gpu_recovery_action>None", "<gpu_recovery_action>Node Reboot", {"GPU129": "error"}),
    ("a100", "<pending_mig>Disabled", "<pending_mig>Enabled", {"GPU243": "warning"}),
    ("a100", "_mig>Disabled", "_mig>Enabled", {"GPU244": "warning"}),
    ("a100", "<pending_ecc>Enabled", "<pending_ecc>Disabled", {"GPU246": "warning"}),
    ("a100", "hw_thermal_slowdown>Not Active", "hw_thermal_slowdown>Active", {"GPU250": "warning"}),
]


@pytest.mark.parametrize(("board", "old", "new", "expected"), REPLAYS)
def test_a_real_boards_output_with_an_ailment_in_it_has_its_finding(
    board: str, old: str, new: str, expected: dict[str, str]
) -> None:
    assert replayed(board, (old, new)) == expected


@pytest.mark.parametrize(
    ("device", "count"), [("20f1", 4), ("20b5", 8), ("2331", 8), ("2321", 2), ("233b", 8), ("26b9", 8), ("2342", 1)]
)
def test_boards_without_switches_need_no_fabric(device: str, count: int) -> None:
    """PCIe cards, NVLink bridges (H100 NVL, H200 NVL) and a GH200: nvidia-smi says N/A of their fabric."""
    seen = healthy()
    smi = seen.gpu.smi
    assert smi is not None
    one = {**H100, "pci_device_id": f"{device}10DE"}
    gpus = tuple(
        smi.gpus[0].model_copy(update={**one, "index": number, "pci_bus_id": f"00000000:{number + 1:02X}:00.0"})
        for number in range(count)
    )
    devices = tuple(
        PciDevice(slot=gpu.slot, vendor="10de", device=device, class_code="030200", driver="nvidia") for gpu in gpus
    )
    spec = EXTERNAL.model_copy(update={"gpus": (GpuSpec(pci_id=f"10de:{device}", count=count),)})
    assert told(with_gpu(seen, smi=smi.model_copy(update={"gpus": gpus}), devices=devices), spec) == {}


def printed(name: str, *lines: str) -> probe.Sections:
    mark = "0f9d2c1e-1111-2222-3333-444455556666"
    return probe.sections([f"@@gpufleet 1 {mark}", *lines, "", f"@@{mark} {name} 0"])


@pytest.mark.parametrize(
    ("width", "unreadable"), [("16", False), ("0", False), ("63", True), ("255", True), ("-", False)]
)
def test_a_link_that_reads_as_ones_is_seen_on_the_bus(width: str, unreadable: bool) -> None:
    line = f"0000:01:00.0 0x10de 0x2330 0x030200 nvidia {width} {width}"
    (device,) = facts.parse(printed("gpu/devices", line)).devices
    assert device.unreadable is unreadable
    assert device.max_link_width == (16 if width == "16" else None)


def test_the_files_of_containers_are_read() -> None:
    state = containers.parse(
        printed(
            "container/runtime",
            "engine docker",
            "cgroup v2",
            '/etc/docker/daemon.json:  "exec-opts": ["native.cgroupdriver=systemd"],',
            '/etc/nvidia-container-runtime/config.toml:mode = "auto"',
            "/etc/cdi/nvidia.yaml:    - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05",
            "/etc/cdi/nvidia.yaml:      containerPath: /usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05",
        )
    )
    assert state == ContainerState(
        installed=True,
        docker=True,
        cgroup_v2=True,
        cgroup_driver="systemd",
        mode="auto",
        specifications={"/etc/cdi/nvidia.yaml": ("580.95.05",)},
    )
    assert containers.parse(probe.sections([])) == ContainerState()
