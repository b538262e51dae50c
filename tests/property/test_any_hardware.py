"""Whatever a host's log, nvidia-smi and device files say: the comparison answers, with evidence, in bounded words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from facts import log as logs
from facts import probe
from schema import plan
from schema.container import ContainerState
from schema.driver import DriverSpec
from schema.gpu import DeviceNode, Gpu, GpuSpec, NodeState, NvidiaSmi, PciDevice
from schema.host import HostSpec
from tests.property import model

MARK = "0f9d2c1e-1111-2222-3333-444455556666"
SPEC = HostSpec(
    name="node",
    ubuntu="24.04",
    gpus=(GpuSpec(pci_id="10de:2330", count=2, memory_gib=80, mig=True),),
    driver=DriverSpec(branch="580", modules="open"),
)
PARTS = st.sampled_from(
    [
        "NVRM: Xid (PCI:0000:01:00): ",
        "NVRM: Xid (PCI:ffffffff:ff:ff GPU-I:03): ",
        "79, GPU has fallen off the bus.",
        "154, GPU recovery action changed from 0x0 (None) to ",
        "9999",
        ", Fatal",
        "NVRM: The NVIDIA GPU 0000:02:00.0 (PCI ID: 10de:2330)",
        "NVRM: installed in this system is supported through the NVIDIA 580.xx Legacy drivers",
        "NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:1017)",
        "fallen off the bus",
        "nvidia 0000:01:00.0: PCIe Bus Error: severity=Uncorrected",
        "nvidia-nvswitch0: SXid (PCI:0000:c4:00.0): 20034, Fatal",
        "nvidia-nvlink: Nvlink Core is being initialized",
        "API mismatch",
        "request_free_mem_region() err -34",
    ]
)
LINES = st.lists(st.lists(st.one_of(PARTS, st.text(max_size=12)), max_size=4).map("".join), max_size=12)
WORDS = st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["Completed", "In Progress", "Success", "Reset"]))
COUNTS = st.one_of(st.none(), st.integers(0, 10**18))
SWITCHES = st.one_of(st.none(), st.booleans())
SLOTS = st.sampled_from([None, "00000000:01:00.0", "00000000:02:00.0", "odd"])
GPUS = st.builds(
    Gpu,
    index=st.integers(0, 99),
    name=WORDS,
    pci_bus_id=SLOTS,
    pci_device_id=st.sampled_from([None, "233010DE", "294110DE", "x"]),
    memory_total_mib=COUNTS,
    minor_number=COUNTS,
    mig_current=SWITCHES,
    mig_pending=SWITCHES,
    ecc_current=SWITCHES,
    ecc_pending=SWITCHES,
    ecc_uncorrected_volatile=COUNTS,
    remapped_pending=SWITCHES,
    remapped_failure=SWITCHES,
    exhausted_banks=COUNTS,
    retired_pages=COUNTS,
    recovery_action=WORDS,
    fabric_state=WORDS,
    fabric_status=WORDS,
    fabric_cluster=WORDS,
    fabric_health=st.dictionaries(st.sampled_from(["bandwidth", "incorrect_configuration", "x"]), st.text(max_size=9)),
    slowdowns=st.lists(st.sampled_from(["hw_thermal_slowdown", "y"]), max_size=2).map(tuple),
    license_status=WORDS,
    virtualization_mode=st.sampled_from([None, "VGPU"]),
    persistence_mode=SWITCHES,
)
ANSWERS = st.builds(
    NvidiaSmi,
    exit_code=st.one_of(st.none(), st.integers(0, 255)),
    text=st.one_of(st.text(max_size=60), st.just("Unable to determine the device handle for GPU0:1:2: x")),
    driver_version=st.just("580.95.05"),
    gpus=st.lists(GPUS, max_size=3).map(tuple),
)
NODES = st.builds(
    NodeState,
    files=st.lists(
        st.builds(
            DeviceNode,
            path=st.sampled_from(["/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/usr/bin/nvidia-modprobe"]),
            mode=st.sampled_from(["666", "660", "4755", "0"]),
            owner=st.text(max_size=9),
            group=st.text(max_size=9),
        ),
        max_size=4,
    ).map(tuple),
    uvm_loaded=st.booleans(),
    file_mode=COUNTS,
)
DRIVERS = st.sampled_from([None, "nvidia", "nouveau", "vfio-pci", "\x1b[31m"])
CONTAINERS = st.builds(
    ContainerState, installed=st.booleans(), docker=st.booleans(), cgroup_v2=st.booleans(), mode=WORDS
)


@settings(deadline=None)
@given(LINES, ANSWERS, st.one_of(st.none(), NODES), CONTAINERS, st.lists(DRIVERS, min_size=2, max_size=2), SWITCHES)
def test_any_state_of_the_hardware_is_told_with_evidence(
    lines: list[str],
    smi: NvidiaSmi,
    nodes: NodeState | None,
    container: ContainerState,
    drivers: list[str | None],
    external: bool | None,
) -> None:
    numbered = [f"line {number} 1 [{number}.5] {line}" for number, line in enumerate(lines)]
    section = [f"@@gpufleet 1 {MARK}", "uptime 99.5 1.0", *numbered, "", f"@@{MARK} log/kernel 0"]
    seen = model.as_observed(SPEC)
    devices = tuple(
        PciDevice(slot=f"0000:0{number}:00.0", vendor="10de", device="2330", class_code="030200", driver=driver)
        for number, driver in enumerate(drivers, start=1)
    )
    gpu = seen.gpu.model_copy(update={"smi": smi, "nodes": nodes, "devices": devices})
    log = logs.parse(probe.sections("\n".join(section).split("\n")))
    seen = seen.model_copy(update={"gpu": gpu, "log": log, "container": container})
    spec = SPEC.model_copy(update={"external": True}) if external else SPEC
    for item in plan.diff(spec, seen).findings:
        assert item.message and item.hint, item.code
        assert item.evidence.strip() or item.severity == "info" or not smi.text.strip(), item.code
        assert len(item.message) + len(item.hint) < 1200, item.code
        assert len(item.evidence.splitlines()) <= 10 or item.code == "GPU113", item.code
