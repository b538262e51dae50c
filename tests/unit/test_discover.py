"""Host files from snapshots: they declare what is there, and load."""

from pathlib import Path

import pytest
import yaml

from facts import probe, snapshot
from fleet import discover
from schema import load
from schema.conda import CondaState, EnvironmentState
from schema.driver import DriverSpec, DriverState
from schema.gpu import GpuSpec, GpuState, PciDevice
from schema.snapshot import Release, Snapshot

FOLDER = Path(__file__).parents[1] / "captures" / "lab"


def seen(name: str) -> Snapshot:
    return snapshot.parse(probe.sections((FOLDER / f"{name}.txt").read_text().splitlines()))


def declared(text: str) -> dict[str, object]:
    content = yaml.safe_load(text)
    assert isinstance(content, dict)
    return content


def test_a_working_node_is_declared_as_it_is() -> None:
    text = discover.host_file(seen("node-running"), {"address": "10.0.0.7", "user": "ubuntu"})
    content = declared(text)
    assert content["connection"] == {"address": "10.0.0.7", "user": "ubuntu"}
    assert content["ubuntu"] == "22.04"
    assert content["driver"] == {"source": "nvidia", "branch": 580, "modules": "open", "persistence": False}
    assert [gpu["count"] for gpu in content["gpus"]] == [2]


def test_a_gpu_without_a_driver_says_that_none_is_there() -> None:
    content = declared(discover.host_file(seen("node-bare"), {"local": True}))
    assert content["connection"] == "local"
    assert content["driver"] == "none"


@pytest.mark.parametrize(("on", "declared_on"), [((True, True), True), ((True, False), None), ((False, False), None)])
def test_mig_is_declared_where_all_gpus_of_a_kind_have_it_on(on: tuple[bool, bool], declared_on: bool | None) -> None:
    node = seen("node-running")
    assert node.gpu.smi is not None
    gpus = [gpu.model_copy(update={"mig_current": mode}) for gpu, mode in zip(node.gpu.smi.gpus, on, strict=True)]
    smi = node.gpu.smi.model_copy(update={"gpus": tuple(gpus)})
    divided = node.model_copy(update={"gpu": node.gpu.model_copy(update={"smi": smi})})
    (gpu,) = declared(discover.host_file(divided, {}))["gpus"]
    assert gpu.get("mig") is declared_on


def test_a_driver_that_another_tool_manages_stays_its_own() -> None:
    content = declared(discover.host_file(seen("desk-changed-by-hand"), {}))
    assert content["driver"] == {"source": "external", "branch": 580, "modules": "proprietary"}
    assert content["cuda"] == {"toolkits": ["12.6", "12.9"], "default": "12.6", "path": False}
    assert content["cudnn"] == {"version": "9.17.0"}
    assert content["conda"] == {
        "distribution": "miniforge",
        "version": "25.3.1-0",
        "prefix": "/opt/conda",
        "shell": False,
    }
    assert content["environments"] == {
        "ds": {
            "python": "3.11",
            "packages": ["ca-certificates=2025.8.3", "numpy=2.3.1", "typing_extensions=4.14.1"],
            "owner": "ubuntu",
        }
    }


# Somebody gave the desk a cuDNN that has no code for its GTX 1080: the file says what is there, and
# validating it says what is wrong with that.
WRONG = {name: ["CMP022"] for name in ("desk-changed-by-hand", "desk-unprivileged")}


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_what_is_written_loads_without_a_problem_of_its_own(name: str, tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "found.yaml").write_text(discover.host_file(seen(name), {"address": "10.0.0.7"}))
    fleet = load.read(tmp_path)
    assert [problem.code for problem in fleet.problems if problem.severity == "error"] == WRONG.get(name, [])
    assert fleet.names == ("found",)


def bare(**more: object) -> Snapshot:
    node = seen("node-bare")
    return Snapshot(**{name: getattr(node, name) for name in Snapshot.model_fields} | more)


def test_a_gpu_that_we_do_not_know_is_named_by_its_id() -> None:
    device = PciDevice(slot="0000:01:00.0", vendor="10de", device="fff1", class_code="030000")
    content = declared(discover.host_file(bare(gpu=GpuState(devices=(device, device))), {}))
    assert content["gpus"] == [{"pci_id": "10de:fff1", "count": 2}]
    assert GpuSpec.model_validate(content["gpus"][0])


def test_a_host_without_a_gpu_says_so_and_has_no_driver() -> None:
    content = declared(discover.host_file(bare(gpu=GpuState(), driver=DriverState(managers=("runfile",))), {}))
    assert (content["gpus"], "driver" in content) == ([], False)
    assert DriverSpec().branch == "auto"


def test_conda_that_nobody_recorded_is_a_comment() -> None:
    conda = CondaState(prefix="/opt/conda", version="24.1.2", environments=(EnvironmentState(name="x", prefix="/p"),))
    text = discover.host_file(bare(conda=conda), {})
    assert "conda" not in declared(text)
    assert "# conda:" in text


@pytest.mark.parametrize(
    "release", [Release(id="debian", version="12"), Release(id="ubuntu", version="23.10"), Release(id="", version="")]
)
def test_other_systems_are_refused_with_what_is_possible(release: Release) -> None:
    with pytest.raises(ValueError, match=r"gpufleet manages Ubuntu 18\.04, .*26\.04"):
        discover.host_file(bare(release=release), {})


def test_names_from_a_hostile_host_stay_in_their_line() -> None:
    content = declared(discover.host_file(bare(hostname="x\nconnection: local\n#"), {"user": 'a"b: c'}))
    assert content["connection"] == {"user": 'a"b: c'}
