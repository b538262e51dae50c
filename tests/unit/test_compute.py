"""The smoke test's answers: read without trust, weighed, and what is not answered is never fine."""

import datetime
import json
from typing import Any

import pytest

from bench import smoke as bench
from deploys import compute as smoke
from facts import compute as facts
from schema import codes
from schema.compute import Compute, Request, Torch, errors, not_run, read, request
from schema.compute.ask import without_cuda
from schema.compute.torch import covers
from schema.conda import CondaPackage, CondaState, EnvironmentState
from schema.cuda import CudaState, Toolkit
from schema.driver import DriverState
from schema.environments import EnvironmentSpec
from schema.gpu import Gpu, GpuState, NvidiaSmi, PciDevice
from schema.health import compute as health
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

UUID, OTHER = "GPU-aaaa", "GPU-bbbb"
SPEC = HostSpec.model_validate({"name": "h", "ubuntu": "24.04", "gpus": [{"model": "H100"}]})
ENVIRONMENT = Torch(name="ml", prefix="/opt/conda/envs/ml")
PASSED: dict[str, Any] = {"outcome": "passed", "capability": "9.0", "rate": 3e13, "peak": 6e13, "seconds": 1.0}


def snapshot(**values: object) -> Snapshot:
    gpu = Gpu(index=0, uuid=UUID, pci_bus_id="00000000:01:00.0", pci_device_id="233010DE")
    device = PciDevice(slot="0000:01:00.0", vendor="10de", device="2330", class_code="030200")
    base = Snapshot(
        hostname="h",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0-51-generic"),
        gpu=GpuState(devices=(device,), smi=NvidiaSmi(exit_code=0, driver_version="580.95.05", gpus=(gpu,))),
        driver=DriverState(loaded_version="580.95.05", libraries=("580.95.05",)),
    )
    return base.model_copy(update=values)


def device(uuid: str = UUID, **more: object) -> dict[str, object]:
    return {"index": 0, "uuid": uuid, "name": "NVIDIA H100", "slot": "0000:01:00.0", "busy": "", "light": False, **more}


def answered(*rows: dict[str, object], devices: list[dict[str, object]] | None = None, end: bool = True) -> list[str]:
    first = {"gpufleet": 1, "devices": devices if devices is not None else [device()], "text": ""}
    return [facts.MARK + json.dumps(row) for row in (first, *rows, *([{"end": True}] if end else []))]


def computed(*rows: dict[str, object], ask: Request | None = None, **more: Any) -> Compute:
    return read(ask or Request(), facts.parse(answered(*rows, **more)), snapshot())


def driver(uuid: str = UUID, **values: object) -> dict[str, object]:
    return {"way": "driver", "device": uuid, **(values or PASSED)}


def torch(**values: object) -> dict[str, object]:
    told = {"version": "2.8.0+cu128", "cuda": "12.8", "survey": True, "outcome": "passed", "count": 1}
    return (
        {"way": "torch", "environment": "ml", "built": ["sm_90"], "devices": {UUID: {"outcome": "passed"}}}
        | told
        | values
    )


def found(made: Compute) -> list[str]:
    return [item.code for item in health.findings(SPEC, made)]


def test_a_passed_gpu_has_its_rate_beside_the_peak_and_the_vendors_figure() -> None:
    made = computed(driver())
    assert (made.ran, made.seen, made.why) == (True, True, "")
    result = made.results[0]
    assert (result.outcome, result.rate_tflops, result.peak_tflops, result.share) == ("passed", 30.0, 60.0, 0.5)
    assert result.known_tflops == 66.9
    assert found(made) == []


@pytest.mark.parametrize(("share", "codes"), [(0.5, []), (0.11, []), (0.0999, ["GPU267"]), (0.001, ["GPU267"])])
def test_less_than_a_tenth_of_the_peak_is_told_with_its_evidence(share: float, codes: list[str]) -> None:
    made = computed(driver(**PASSED | {"rate": share * 6e13, "slow": "SM : 210 MHz"}))
    told = health.findings(SPEC, made)
    assert [item.code for item in told] == codes
    if codes:
        assert told[0].severity == "warning"
        assert "SM : 210 MHz" in told[0].evidence and "of 60.0 TFLOPS" in told[0].evidence


def test_an_unknown_peak_is_no_reason_to_call_a_gpu_slow() -> None:
    made = computed(driver(**PASSED | {"rate": 1e9, "peak": None}))
    assert (made.results[0].share, found(made)) == (None, [])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"reason": "wrong", "text": "integers: 1 of 65536 differ"}, "GPU260"),
        ({"reason": "hang", "text": "no end within 60 s"}, "GPU261"),
        ({"reason": "died", "text": "signal 11"}, "GPU261"),
        ({"reason": "library", "text": "libcuda.so.1: cannot open shared object file"}, "GPU263"),
        ({"reason": "cuda", "number": 2}, "GPU266"),
        ({"reason": "cuda", "number": 100}, "GPU264"),
        ({"reason": "cuda", "number": 214}, "GPU265"),
        ({"reason": "cuda", "number": 719}, "GPU265"),
        ({"reason": "cuda", "number": 802}, "GPU262"),
        ({"reason": "cuda", "number": 803}, "GPU263"),
        ({"reason": "cuda", "number": 804}, "GPU263"),
        ({"reason": "cuda", "number": 999}, "GPU264"),
        ({"reason": "cuda", "number": 12345}, "GPU264"),
        ({"reason": "nobody thought of it"}, "GPU264"),
    ],
)
def test_each_failure_of_a_gpu_is_an_error_with_its_evidence_and_mend(values: dict[str, object], code: str) -> None:
    made = computed(driver(outcome="failed", **values))
    (told,) = health.findings(SPEC, made)
    assert (told.code, told.severity, told.evidence) == (code, "error", values.get("text", ""))
    assert "GPU 0 NVIDIA H100 0000:01:00.0" in told.message and told.hint


def test_each_number_of_cudas_leads_to_a_code_that_is_explained() -> None:
    for number, known in errors.ERRORS.items():
        assert codes.entry(known.code) is not None, number
        assert known.words and known.mend


def test_a_gpu_in_use_is_left_alone_and_is_no_failure() -> None:
    made = computed(devices=[device(busy="in use by python3 (process 4711, 12000 MiB)")])
    assert (made.ran, made.seen) == (False, True)
    assert (made.results[0].outcome, found(made)) == ("skipped", [])
    assert made.results[0].text == "left alone: in use by python3 (process 4711, 12000 MiB)"


def test_what_was_not_answered_is_not_seen() -> None:
    made = computed(
        driver(), devices=[device(), device(OTHER)], ask=Request(nvcc="/n", environments=(ENVIRONMENT,)), end=False
    )
    assert not made.seen
    outcomes = [(item.way, item.uuid, item.outcome) for item in made.results]
    assert outcomes == [
        ("driver", UUID, "passed"),
        ("driver", OTHER, "not-seen"),
        ("nvcc", UUID, "not-seen"),
        ("torch", None, "not-seen"),
    ]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "the host gave no answer to the test"),
        (["bash: sh: command not found"], "bash: sh: command not found"),
        ([facts.MARK + '{"python": false}'], "no python3 on the host"),
        (answered(devices=[]), "nvidia-smi listed no GPU"),
        ([facts.MARK + '{"gpufleet": 1, "devices": [], "text": "nvidia-smi ended with 9"}'], "nvidia-smi ended with 9"),
        ([facts.MARK + "{" * 30000, facts.MARK + "[" * 9999, facts.MARK + "null", facts.MARK], "no answer"),
    ],
)
def test_an_answer_that_says_nothing_is_not_seen(lines: list[str], why: str) -> None:
    made = read(Request(), facts.parse(lines), snapshot())
    assert (made.ran, made.seen, made.results) == (False, False, ())
    assert why in made.why


def test_what_a_host_says_is_bounded_and_moves_no_terminal() -> None:
    rows = [driver(outcome="failed", reason="wrong", text="\x1b[2J" + "x" * 99999 + "\n" * 99, rate=float("nan"))]
    made = computed(*rows)
    assert made.results[0].outcome == "not-seen"  # NaN is no number of JSON's, so that the line is none of ours.
    made = computed(driver(outcome="failed", reason="wrong", text="\x1b[2J" + "x" * 99999))
    assert len(made.results[0].text) < 500 and "\x1b" not in made.results[0].text
    assert computed(driver(outcome="fine")).results[0].outcome == "not-seen"
    assert computed(driver(outcome="passed", rate=-1)).results[0].outcome == "not-seen"


def test_the_toolkits_way_is_asked_of_sound_gpus_and_its_failures_have_words() -> None:
    ask = Request(nvcc="/usr/local/cuda-13.0/bin/nvcc")
    rows = [driver(), driver(OTHER, outcome="failed", reason="hang")]
    devices = [device(), device(OTHER)]

    def told(**values: object) -> Any:
        made = computed(*rows, {"way": "nvcc", "device": UUID, **values}, devices=devices, ask=ask)
        assert [item.uuid for item in made.results if item.way == "nvcc"] == [UUID]
        return [item for item in health.findings(SPEC, made) if item.code in {"GPU268", "GPU269"}]

    assert told(outcome="passed") == []
    for text, hint in (
        (
            "gcc: No such file or directory\nnvcc fatal   : Failed to preprocess host compiler properties.",
            "install g++",
        ),
        ("#error -- unsupported GNU version! gcc versions later than 14 are not supported!", "-ccbin"),
        ("nvcc fatal   : Unsupported gpu architecture 'compute_61'", "fleet validate"),
    ):
        (item,) = told(outcome="failed", reason="compile", text=text)
        assert (item.code, item.severity) == ("GPU268", "warning")
        assert hint in item.hint
    (item,) = told(outcome="failed", reason="cuda", number=35)
    assert (item.code, item.severity) == ("GPU269", "error")
    assert "older than this CUDA needs" in item.message


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, None),
        ({"version": None, "cuda": None, "import": "ImportError: libcudart.so.12"}, "GPU275"),
        ({"version": None, "text": "bad interpreter", "survey": False}, "GPU275"),
        ({"cuda": None, "survey": False}, "GPU270"),
        ({"cuda": None, "rocm": "6.2", "survey": False}, "GPU270"),
        ({"outcome": "failed", "text": "Error 804: forward compatibility was attempted"}, "GPU273"),
        ({"outcome": "failed", "reason": "hang", "text": "no end"}, "GPU274"),
        ({"count": 0}, "GPU272"),
        ({"built": ["sm_75", "sm_86"]}, "GPU271"),
        ({"devices": {UUID: {"outcome": "failed", "reason": "wrong", "text": "1 of 16384 differ"}}}, "GPU274"),
        ({"devices": {UUID: {"outcome": "failed", "reason": "torch", "text": "no kernel image"}}}, "GPU274"),
    ],
)
def test_what_pytorch_in_an_environment_fails_at(values: dict[str, object], code: str | None) -> None:
    made = computed(driver(), torch(**values), ask=Request(environments=(ENVIRONMENT,)))
    told = health.findings(SPEC, made)
    assert [item.code for item in told] == ([code] if code else [])
    assert all(item.severity == "error" and "ml" in item.message for item in told)


def test_pytorch_is_not_blamed_where_no_gpu_computes() -> None:
    made = computed(
        driver(outcome="failed", reason="cuda", number=802),
        torch(outcome="failed", text="Error 802: system not yet initialized"),
        ask=Request(environments=(ENVIRONMENT,)),
    )
    assert found(made) == ["GPU262"]
    assert made.results[1].outcome == "not-seen"


def test_a_build_without_cuda_that_was_asked_for_is_no_fault() -> None:
    wanted = ENVIRONMENT.model_copy(update={"cpu": True})
    made = computed(driver(), torch(cuda=None, survey=False), ask=Request(environments=(wanted,)))
    assert (found(made), made.results[1].outcome) == ([], "skipped")


def test_with_mig_a_process_sees_one_device_and_that_is_enough() -> None:
    devices = [device("MIG-1", mig="0"), device("MIG-2", mig="1")]
    rows = [driver("MIG-1"), driver("MIG-2")]
    both = {"MIG-1": {"outcome": "passed"}, "MIG-2": {"outcome": "passed"}}
    made = computed(*rows, torch(devices=both), devices=devices, ask=Request(environments=(ENVIRONMENT,)))
    assert found(made) == []
    assert {item.outcome for item in made.results} == {"passed"}
    assert all(item.known_tflops is None for item in made.results)


@pytest.mark.parametrize(
    ("built", "capability", "fits"),
    [
        (["sm_80"], "8.0", True),
        (["sm_80"], "8.6", True),
        (["sm_86"], "8.0", False),
        (["sm_80"], "9.0", False),
        (["compute_80"], "9.0", True),
        (["compute_90"], "8.9", False),
        (["sm_90a"], "9.0", True),
        (["compute_90a"], "10.0", False),
        (["sm_100f"], "10.3", True),
        (["sm_100a"], "10.3", False),
        (["sm_120"], "12.1", True),
        (["sm_50", "sm_60"], "6.1", True),
        (["sm_37", "sm_50"], "12.0", False),
        (["gfx90a", "", "sm_"], "9.0", False),
    ],
)
def test_code_and_ptx_cover_what_they_can_run_on(built: list[str], capability: str, fits: bool) -> None:
    assert covers(built, capability) is fits


def test_accepted_codes_do_not_count_and_a_plain_look_does_not_miss_them() -> None:
    entry = {"code": "GPU260", "reason": "with the vendor", "until": datetime.date(2999, 1, 1)}
    spec = SPEC.model_validate({**SPEC.model_dump(), "accept": [entry]})
    made = computed(driver(outcome="failed", reason="wrong", text="x"))
    (told,) = health.findings(spec, made, datetime.date(2026, 1, 1))
    assert told.accepted
    assert health.findings(spec, computed(driver()), datetime.date(2026, 1, 1)) == ()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, ""),
        ({"gpu": GpuState()}, "no NVIDIA GPU"),
        ({"driver": DriverState()}, "no NVIDIA driver is loaded"),
        ({"driver": DriverState(loaded_version="580.82.07", libraries=("580.95.05",))}, "a reboot is pending"),
        ({"gpu": GpuState(devices=snapshot().gpu.devices)}, "nvidia-smi is not installed"),
        ({"gpu": GpuState(devices=snapshot().gpu.devices, smi=NvidiaSmi(exit_code=9))}, "does not answer"),
    ],
)
def test_why_a_host_is_not_tested(values: dict[str, object], why: str) -> None:
    said = not_run(SPEC, snapshot(**values))
    assert (why in said) if why else said == ""


def test_the_request_names_the_default_toolkit_that_stands_and_environments_with_pytorch() -> None:
    spec = HostSpec.model_validate(
        {
            "name": "h",
            "ubuntu": "24.04",
            "cuda": {"toolkits": ["12.9", "12.6"], "default": "12.6"},
            "conda": {"version": "25.3.1-0", "prefix": "/srv/conda"},
            "environments": {"ml": {"python": "3.12"}, "plain": {"python": "3.12"}, "gone": "absent"},
        }
    )

    def environment(name: str, *packages: str) -> EnvironmentState:
        listed = tuple(CondaPackage(name=package, version="2.8.0") for package in packages)
        return EnvironmentState(name=name, prefix=f"/srv/conda/envs/{name}", packages=listed)

    states = (environment("ml", "numpy", "torch"), environment("plain", "numpy"), environment("stray", "torch"))
    kit = Toolkit(version="12.6", path="/usr/local/cuda-12.6")
    seen = snapshot(conda=CondaState(prefix="/srv/conda", environments=states), cuda=CudaState(toolkits=(kit,)))
    made = request(spec, seen)
    assert (made.nvcc, made.prefix) == ("/usr/local/cuda-12.6/bin/nvcc", "/srv/conda")
    assert [(one.name, one.prefix) for one in made.environments] == [("ml", "/srv/conda/envs/ml")]
    assert request(spec, seen.model_copy(update={"cuda": CudaState()})).nvcc is None


@pytest.mark.parametrize(
    ("values", "cpu"),
    [
        ({"packages": ["pytorch=2.5"]}, False),
        ({"packages": ["pytorch=2.5=*cuda*"]}, False),
        ({"packages": ["pytorch=2.5=*cpu*"]}, True),
        ({"packages": ["pytorch-cpu"]}, True),
        ({"packages": ["pytorch", "cpuonly"]}, True),
        ({"pip": {"packages": ["torch==2.8.0"]}}, False),
        ({"pip": {"packages": ["torch==2.8.0+cpu"]}}, True),
        ({"pip": {"packages": ["torch"], "indexes": [{"url": "https://x.test/whl/cpu", "packages": ["torch"]}]}}, True),
        ({"pip": {"packages": ["torch"], "indexes": [{"url": "https://x.test/whl/cpu", "packages": ["x"]}]}}, False),
        ({"pip": {"packages": ["torch"], "indexes": [{"url": "https://x.test/whl/cu126"}]}}, False),
    ],
)
def test_an_environment_may_ask_for_a_build_without_cuda(values: dict[str, object], cpu: bool) -> None:
    assert without_cuda(EnvironmentSpec.model_validate(values)) is cpu


@pytest.mark.parametrize(
    ("rows", "waits"),
    [
        ([driver()], False),
        ([driver(outcome="failed", reason="cuda", number=802)], True),
        ([driver(outcome="failed", reason="cuda", number=999)], False),
        ([driver(outcome="failed", reason="hang")], False),
    ],
)
def test_only_a_system_that_is_not_ready_is_worth_another_try(rows: list[dict[str, object]], waits: bool) -> None:
    assert smoke.waits(computed(*rows)) is waits


def test_captures_of_a_real_machine_hold_no_names_of_its_parts() -> None:
    uuid = "GPU-571cde48-ba82-5a18-aef7-bd265a5f7988"
    text = bench.scrubbed(
        f"<serial>1650000000001</serial><uuid>{uuid}</uuid> {uuid} MIG-571cde48-ba82-5a18-aef7-bd265a5f7988"
    )
    assert text == (
        "<serial>0</serial><uuid>GPU-00000000-0000-0000-0000-000000000000</uuid> "
        "GPU-00000000-0000-0000-0000-000000000000 MIG-00000000-0000-0000-0000-000000000001"
    )
