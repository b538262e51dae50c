"""The facts of a host in its report, and the times of a check: what was seen, what is absent and what is not known."""

import datetime

import pytest

from fleet.errors import RunError
from fleet.report import facts
from fleet.report.clock import Clock, stamp
from fleet.report.model import GpuKind
from schema.conda import CondaState, EnvironmentState
from schema.cuda import CudaState, Toolkit
from schema.cudnn import CudnnState
from schema.driver import DriverState
from schema.gpu import Gpu, GpuSpec, GpuState, NvidiaSmi, PciDevice
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

SPEC = HostSpec(name="node", ubuntu="24.04", gpus=(GpuSpec(model="GTX 1080", count=2),))
DEVICES = tuple(
    PciDevice(slot=f"0000:0{number}:00.0", vendor="10de", device="1b80", class_code="030000") for number in (1, 2)
)
AUDIO = PciDevice(slot="0000:01:00.1", vendor="10de", device="10f0", class_code="040300")
CARD = Gpu(index=0, pci_bus_id="00000000:01:00.0", name="NVIDIA GeForce GTX 1080")


def seen(**more: object) -> Snapshot:
    given: dict[str, object] = {
        "hostname": "node",
        "release": Release(id="ubuntu", version="24.04", name="Ubuntu 24.04.3 LTS"),
        "architecture": "x86_64",
        "kernel": KernelState(running="6.8.0-51-generic"),
        "gpu": GpuState(devices=(*DEVICES, AUDIO)),
    }
    return Snapshot.model_validate(given | more)


def test_a_host_is_told_by_its_versions_and_gpus() -> None:
    environment = EnvironmentState(name="ml", prefix="/opt/conda/envs/ml")
    snapshot = seen(
        gpu=GpuState(devices=DEVICES, smi=NvidiaSmi(exit_code=0, cuda_version="13.0", gpus=(CARD, CARD))),
        driver=DriverState(loaded_version="580.95.05", loaded_flavour="proprietary"),
        cuda=CudaState(toolkits=(Toolkit(version="12.9", path="/usr/local/cuda-12.9"),), default="12.9"),
        cudnn=CudnnState(libraries=("9.10.2",)),
        conda=CondaState(prefix="/opt/conda", version="25.3.1", environments=(environment,)),
    )
    found = facts.of(SPEC, snapshot)
    assert (found.ubuntu, found.arch, found.kernel) == ("24.04", "x86_64", "6.8.0-51-generic")
    assert (found.driver, found.modules, found.driver_cuda) == ("580.95.05", "proprietary", "13.0")
    assert (found.cuda, found.cuda_default, found.cudnn, found.conda) == (("12.9",), "12.9", ("9.10.2",), "25.3.1")
    assert found.environments == ("ml",)
    assert found.gpus == (GpuKind(name="NVIDIA GeForce GTX 1080", count=2),)
    assert (found.gpus_declared, found.gpus_on_bus, found.gpus_listed, found.unseen) == (2, 2, 2, ())


def test_without_a_driver_gpus_have_the_names_of_our_data() -> None:
    unknown = PciDevice(slot="0000:03:00.0", vendor="10de", device="ffff", class_code="030200")
    found = facts.of(SPEC, seen(gpu=GpuState(devices=(*DEVICES, unknown))))
    assert [(kind.name, kind.count) for kind in found.gpus] == [("10de:ffff", 1), ("GeForce GTX 1080", 2)]
    assert (found.gpus_on_bus, found.gpus_listed, found.driver) == (3, None, None)


@pytest.mark.parametrize(
    ("smi", "listed"),
    [
        (None, None),
        (NvidiaSmi(exit_code=0), 0),
        (NvidiaSmi(exit_code=9, text="couldn't communicate with the NVIDIA driver"), None),
        (NvidiaSmi(exit_code=124), None),
        (NvidiaSmi(exit_code=14, gpus=(CARD,)), 1),
    ],
)
def test_gpus_are_listed_where_nvidia_smi_listed_them(smi: NvidiaSmi | None, listed: int | None) -> None:
    assert facts.of(SPEC, seen(gpu=GpuState(devices=DEVICES, smi=smi))).gpus_listed == listed


def test_what_was_not_seen_is_not_said_to_be_absent() -> None:
    found = facts.of(SPEC, seen(not_seen=frozenset({"gpu/smi", "cuda", "conda/prefix", "repository/keys"})))
    assert set(found.unseen) == {"driver_cuda", "gpus_listed", "cuda", "cuda_default", "conda", "environments"}
    assert facts.of(SPEC, seen(not_seen=frozenset({"gpu/devices"}))).gpus_on_bus is None


def test_another_system_says_its_name() -> None:
    found = facts.of(SPEC.model_copy(update={"gpus": None}), seen(release=Release(id="debian", version="12")))
    assert (found.ubuntu, found.gpus_declared) == ("debian 12", None)


def test_every_field_that_a_section_is_read_for_is_one() -> None:
    assert {name for fields in facts.READ_FOR.values() for name in fields} <= set(facts.Facts.model_fields)


def test_a_look_has_a_time_and_one_that_failed_only_its_length() -> None:
    clock = Clock()
    clock.began("a")
    clock.began("b")
    clock.ended("a", seen())
    clock.ended("b", RunError("RUN201", "no answer", hint="-"))
    assert clock.hosts["a"].seen is not None and clock.hosts["b"].seen is None
    assert clock.hosts["a"].seconds >= 0 and clock.hosts["b"].seconds >= 0
    zone = datetime.timezone(datetime.timedelta(hours=1))
    assert stamp(datetime.datetime(2026, 11, 24, 4, 0, 0, 999_999, tzinfo=zone)) == "2026-11-24T03:00:00Z"
