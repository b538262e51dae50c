"""A discovered file is valid and in sync, new or added to what is there, and says what no key can say."""

from pathlib import Path

import pytest
import yaml

from facts import probe, snapshot
from fleet import targets
from fleet.discover import folder, work, write
from fleet.discover.write import Place, Written
from fleet.errors import RunError
from schema import load, plan, repository
from schema.conda import CondaPackage, CondaState, EnvironmentState
from schema.cuda import CudaState, Toolkit
from schema.cudnn import CudnnState
from schema.discovery import Discovery
from schema.driver import DriverSpec, DriverState
from schema.driver.model import Module, Service
from schema.gpu import Gpu, GpuSpec, GpuState, NvidiaSmi, PciDevice
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.lock import inputs
from schema.repository import AptState, FileState, Key, Package
from schema.snapshot import Release, Snapshot

FOLDER = Path(__file__).parents[1] / "captures" / "lab"
GPU = PciDevice(slot="0000:01:00.0", vendor="10de", device="1b80", class_code="030000")
SWITCH = PciDevice(slot="0000:02:00.0", vendor="10de", device="22a3", class_code="068000")
RUNNING = "6.8.0-51-generic"


def packages(*texts: str, origin: str | None = "nvidia", state: str = "ii ") -> dict[str, Package]:
    pairs = [text.split("=") for text in texts]
    return {
        name: Package.model_validate({"name": name, "version": version, "state": state, "origin": origin})
        for name, version in pairs
    }


def machine(**more: object) -> Snapshot:
    """A desktop set up by hand: driver 580 from NVIDIA's repository, working."""
    driver = packages(
        *(f"{name}=580.95.05-0ubuntu1" for name in ("cuda-drivers-580", "libnvidia-compute-580", "libnvidia-gl-580")),
        "nvidia-persistenced=580.95.05-0ubuntu1",
    )
    values: dict[str, object] = {
        "hostname": "hand",
        "release": Release(id="ubuntu", version="24.04", codename="noble", name="Ubuntu 24.04.3 LTS"),
        "architecture": "x86_64",
        "kernel": KernelState(running=RUNNING, next_boot=RUNNING, installed=(RUNNING,), headers=(RUNNING,)),
        "gpu": GpuState(
            devices=(GPU,),
            smi=NvidiaSmi(
                exit_code=0,
                driver_version="580.95.05",
                gpus=(Gpu(index=0, pci_bus_id=GPU.slot, name="GTX 1080", persistence_mode=True),),
            ),
        ),
        "driver": DriverState(
            loaded_version="580.95.05",
            loaded_flavour="proprietary",
            libraries=("580.95.05",),
            modules=(Module(kernel=RUNNING, version="580.95.05", flavour="proprietary"),),
            persistenced=Service(installed=True, enabled=True, active="active"),
        ),
        "apt": AptState(packages=driver),
    }
    return Snapshot.model_validate(values | more)


def made(seen: Snapshot, into: Path, found: Discovery | None = None) -> Written:
    return write.host(Place(into, "hosts/hand.yaml"), {"address": "10.0.0.7"}, seen, found or Discovery())


def content(written: Written) -> dict[str, object]:
    loaded = yaml.safe_load(written.files[written.file])
    assert isinstance(loaded, dict)
    return loaded


def text(written: Written) -> str:
    return written.files[written.file]


def in_sync(written: Written) -> bool:
    return written.verdict.plan is not None and plan.status(written.verdict.plan) == "in-sync"


def test_a_host_set_up_by_hand_is_external_and_in_sync(tmp_path: Path) -> None:
    written = made(machine(), tmp_path)
    assert (written.external, in_sync(written)) == (True, True)
    assert content(written)["driver"] == {"source": "nvidia", "branch": 580, "modules": "proprietary"}
    assert "Without the next line a run would bring" in text(written)


def test_without_the_line_a_run_would_adopt_the_host_and_change_files_alone(tmp_path: Path) -> None:
    written = made(machine(), tmp_path)
    (tmp_path / "hosts").mkdir()
    adopted = text(written).replace("external: true\n", "")
    (tmp_path / "hosts" / "hand.yaml").write_text(adopted)
    found = plan.diff(load.fleet(tmp_path).hosts["hand"], machine())
    assert found.changes
    assert all(change.item.startswith("/") for change in found.changes)


def test_a_bare_host_needs_no_such_line(tmp_path: Path) -> None:
    bare = machine(apt=AptState(), driver=DriverState(), gpu=GpuState(devices=(GPU,)))
    written = made(bare, tmp_path)
    assert (written.external, in_sync(written), content(written)["driver"]) == (False, True, "none")
    cpu = made(machine(apt=AptState(), driver=DriverState(), gpu=GpuState()), tmp_path)
    assert (cpu.external, in_sync(cpu), content(cpu)["gpus"]) == (False, True, [])


@pytest.mark.parametrize("manager", ["runfile", "gpu-operator", "dgx-os", "azure-extension"])
def test_a_driver_of_another_manager_is_external_and_named(manager: str, tmp_path: Path) -> None:
    state = machine().driver.model_copy(update={"managers": (manager,)})
    written = made(machine(apt=AptState(), driver=state), tmp_path)
    assert f"source: external  # {manager} manages it" in text(written)
    assert (written.external, in_sync(written)) == (False, True)


def test_a_runfile_driver_that_changes_is_found(tmp_path: Path) -> None:
    state = machine().driver.model_copy(update={"managers": ("runfile",)})
    spec = made(machine(apt=AptState(), driver=state), tmp_path).verdict.spec
    assert spec is not None
    other = state.model_copy(update={"loaded_version": "570.1.1"})
    assert "GPU118" in {one.code for one in plan.diff(spec, machine(apt=AptState(), driver=other)).findings}


@pytest.mark.parametrize(
    ("more", "comment"),
    [
        ({"managers": ("ppa",)}, "# A PPA with drivers"),
        ({"origins": ("ubuntu", "nvidia")}, "come from two origins, nvidia and ubuntu"),
        ({"held": True}, "# Held with apt-mark"),
        ({"secure_boot": True}, "# Secure Boot is on"),
        ({"pinning": True}, "# apt is told versions by others: nvidia-driver-pinning-580"),
        ({"distribution": True}, "# Ubuntu's own CUDA toolkit, nvidia-cuda-toolkit 12.0"),
        ({"toolkit": True}, "# /usr/local/cuda-12.4 belongs to no package"),
        ({"tarball": True}, "# cuDNN 9.1.0 is there by its files and in no package"),
    ],
)
def test_what_no_key_can_say_is_a_comment(more: dict[str, object], comment: str, tmp_path: Path) -> None:
    base = machine()
    there = dict(base.apt.packages)
    if "origins" in more:
        there |= packages("libnvidia-decode-580=580.95.05-0ubuntu0.24.04.1", origin="ubuntu")
    if "held" in more:
        there |= packages("cuda-drivers-580=580.95.05-0ubuntu1", state="hi ")
    if "pinning" in more:
        there |= packages("nvidia-driver-pinning-580=580-1")
    if "distribution" in more:
        there |= packages("nvidia-cuda-toolkit=12.0.140~12.0.1-4build4", origin="ubuntu")
    seen = machine(
        apt=AptState(packages=there),
        driver=base.driver.model_copy(update={"managers": more.get("managers", ())}),
        kernel=base.kernel.model_copy(update={"secure_boot": more.get("secure_boot")}),
        cuda=CudaState(toolkits=(Toolkit(version="12.4", path="/usr/local/cuda-12.4"),) if "toolkit" in more else ()),
        cudnn=CudnnState(libraries=("9.1.0",) if "tarball" in more else ()),
    )
    written = made(seen, tmp_path)
    assert comment in text(written)
    assert not written.verdict.errors
    assert in_sync(written)


def test_the_archives_driver_says_delivery_and_variant(tmp_path: Path) -> None:
    version = "580.95.05-0ubuntu0.24.04.2"
    archive = packages(
        f"nvidia-headless-no-dkms-580-server={version}",
        f"libnvidia-compute-580-server={version}",
        "linux-modules-nvidia-580-server-generic=6.8.0-51.52",
        origin="ubuntu",
    )
    written = made(machine(apt=AptState(packages=archive)), tmp_path)
    assert content(written)["driver"] == {
        "source": "ubuntu",
        "branch": 580,
        "modules": "proprietary",
        "delivery": "prebuilt",
        "variant": "server",
        "install": "compute",
    }
    assert in_sync(written)


def test_switches_without_a_fabric_manager_are_told(tmp_path: Path) -> None:
    gpu = machine().gpu.model_copy(update={"devices": (GPU, SWITCH)})
    driver = content(made(machine(gpu=gpu), tmp_path))["driver"]
    assert isinstance(driver, dict)
    assert driver["fabric_manager"] is False


def test_toolkits_and_cudnn_of_packages_are_declared(tmp_path: Path) -> None:
    there = machine().apt.packages | packages("cuda-toolkit-12-9=12.9.1-1", "libcudnn9-cuda-12=9.10.2.21-1")
    kit = Toolkit(version="12.9", full_version="12.9.1", path="/usr/local/cuda-12.9", package="cuda-nvcc-12-9")
    seen = machine(
        apt=AptState(packages=there),
        cuda=CudaState(toolkits=(kit,), default="12.9"),
        cudnn=CudnnState(libraries=("9.10.2",)),
    )
    written = made(seen, tmp_path)
    assert (content(written)["cuda"], content(written)["cudnn"]) == (
        {"toolkits": ["12.9"], "default": "12.9"},
        {"version": "9.10.2"},
    )
    assert in_sync(written)
    assert written.verdict.spec is not None
    gone = plan.diff(written.verdict.spec, machine(apt=AptState(packages=there)))
    finding = next(one for one in gone.findings if one.code == "GPU190")
    assert "CUDA 12.9: absent, declared 12.9" in finding.evidence
    assert "cuDNN for CUDA 12: absent, declared 9.10.2" in finding.evidence
    assert (gone.changes, plan.status(gone)) == ((), "unhealthy")


def by_hand_conda(**more: object) -> CondaState:
    inside = tuple(
        CondaPackage(name=name, version=version) for name, version in (("python", "3.12.4"), ("numpy", "2.3.1"))
    )
    one = EnvironmentState(name="ds", prefix="/opt/miniforge3/envs/ds", owner="root", packages=inside)
    values = {"prefix": "/opt/miniforge3", "version": "24.1.2", "owner": "root", "mode": "0755", "environments": (one,)}
    return CondaState.model_validate(values | more)


def test_conda_of_unknown_origin_is_declared_where_nothing_is_changed(tmp_path: Path) -> None:
    written = made(machine(apt=AptState(), driver=DriverState(), gpu=GpuState(), conda=by_hand_conda()), tmp_path)
    assert (written.external, in_sync(written)) == (True, True)
    assert content(written)["conda"] == {
        "distribution": "miniforge",
        "version": "24.1.2-0",
        "prefix": "/opt/miniforge3",
    }
    assert content(written)["environments"] == {"ds": {"python": "3.12", "packages": ["numpy=2.3.1"]}}


def test_a_hosts_own_toolkit_that_its_driver_cannot_run_is_a_comment(tmp_path: Path) -> None:
    there = machine().apt.packages | packages("cuda-toolkit-13-0=13.0.0-1")
    kit = Toolkit(version="13.0", path="/usr/local/cuda-13.0", package="cuda-nvcc-13-0")
    old = {"loaded_version": "535.1.1", "libraries": ("535.1.1",), "modules": ()}
    seen = machine(
        apt=AptState(packages=there),
        cuda=CudaState(toolkits=(kit,), default="13.0"),
        driver=machine().driver.model_copy(update=old),
        gpu=GpuState(
            devices=(GPU,),
            smi=NvidiaSmi(
                exit_code=0, driver_version="535.1.1", gpus=machine().gpu.smi.gpus if machine().gpu.smi else ()
            ),
        ),
    )
    written = made(seen, tmp_path)
    assert "cuda" not in content(written)
    assert "# Not declared: CUDA 13.0" in text(written)
    assert not written.verdict.errors


def test_what_gpufleet_wrote_for_a_site_is_read_back(tmp_path: Path) -> None:
    files = {
        "/etc/apt/sources.list.d/gpufleet-cuda.sources": "Types: deb\nURIs: https://mirror/cuda/\nSuites: /\n"
        "Signed-By: /usr/share/keyrings/gpufleet-cuda.asc\n",
        "/etc/apt/apt.conf.d/51gpufleet-proxy": 'Acquire::https::Proxy "http://proxy:3128";\n'
        'Acquire::https::Proxy::example.org "DIRECT";\n',
    }
    apt = AptState(
        packages=machine().apt.packages,
        files={path: FileState(path=path, content=one, mode="0644", owner="root") for path, one in files.items()},
    )
    seen = machine(apt=apt)
    draft = write.discover.draft(seen, {})
    found = yaml.safe_load("\n".join(draft.lines()))
    assert found["mirrors"] == {"cuda": {"url": "https://mirror/cuda"}}
    assert found["proxy"] == {"https": "http://proxy:3128", "no_proxy": ["example.org"]}


MINE = "# my own words\ngroups: [dc]   # kept\nconnection: {address: 10.0.0.7, user: ubuntu}\n"


def site(root: Path, text: str, fleet: str = "groups: {dc: {reboot: if-needed}}\n") -> Place:
    (root / "hosts").mkdir()
    (root / "fleet.yaml").write_text(fleet)
    (root / "hosts" / "hand.yaml").write_text(text)
    known = folder.read(root)
    assert known.fleet.hosts["hand"].connection.address == "10.0.0.7"
    return Place(root, known.files["hand"], text, known.declared["hand"])


@pytest.mark.parametrize("ending", ["", "\n", "# last words"])
def test_a_file_that_is_there_keeps_every_line_of_its_own(ending: str, tmp_path: Path) -> None:
    place = site(tmp_path, MINE + ending)
    written = write.host(place, {}, machine(), Discovery())
    assert text(written).startswith(MINE + ending)
    assert (written.added, in_sync(written)) == (("ubuntu", "external", "gpus", "driver"), True)
    assert content(written)["connection"] == {"address": "10.0.0.7", "user": "ubuntu"}


def test_what_a_group_declares_is_not_added_and_its_differences_stay_to_be_seen(tmp_path: Path) -> None:
    place = site(tmp_path, MINE, "groups: {dc: {driver: {branch: 570}, gpus: [GTX 1080]}}\n")
    written = write.host(place, {}, machine(), Discovery())
    assert (written.added, written.external) == (("ubuntu",), False)
    assert written.verdict.plan is not None
    assert written.verdict.plan.changes


def test_a_complete_file_is_left_as_it_is(tmp_path: Path) -> None:
    whole = 'connection: {address: 10.0.0.7}\nubuntu: "24.04"\ngpus: [GTX 1080]\ndriver: none\n'
    place = site(tmp_path, whole)
    written = write.host(
        place, {}, machine(apt=AptState(), driver=DriverState(), gpu=GpuState(devices=(GPU,))), Discovery()
    )
    assert (text(written), written.added) == (whole, ())


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_every_capture_gives_a_valid_file_that_a_run_would_not_change(name: str, tmp_path: Path) -> None:
    seen = snapshot.parse(probe.sections((FOLDER / f"{name}.txt").read_text().splitlines()))
    written = made(seen, tmp_path)
    assert written.verdict.clean, text(written)


def test_a_file_in_braces_cannot_be_added_to(tmp_path: Path) -> None:
    place = site(tmp_path, "{connection: {address: 10.0.0.7}}\n")
    written = write.host(place, {}, machine(), Discovery())
    with pytest.raises(RunError, match="nothing can be added"):
        work._readable(written, tmp_path / place.file)


@pytest.mark.parametrize(
    ("board", "gpus"),
    [
        ("NVIDIA Jetson AGX Orin Developer Kit", ["Jetson AGX Orin"]),
        ("NVIDIA Jetson Xavier NX Developer Kit", ["Jetson Xavier NX"]),
        ("quill", None),
    ],
)
def test_a_jetson_says_its_board_and_its_release(board: str, gpus: list[str] | None, tmp_path: Path) -> None:
    l4t, ubuntu = ("36.4.3", "22.04") if "Orin" in board else ("35.4.1", "20.04")
    seen = Snapshot(
        hostname="board",
        release=Release(id="ubuntu", version=ubuntu),
        architecture="aarch64",
        platform="jetson",
        board=board,
        l4t=l4t,
        kernel=KernelState(running="5.15.148-tegra"),
    )
    written = made(seen, tmp_path)
    found = content(written)
    assert (found["platform"], found["l4t"], found.get("gpus")) == ("jetson", l4t, gpus)
    assert in_sync(written), written.verdict


def test_a_raspberry_pi_has_a_file_too(tmp_path: Path) -> None:
    seen = Snapshot(
        hostname="pi",
        release=Release(id="ubuntu", version="24.04"),
        architecture="aarch64",
        platform="raspberry-pi",
        kernel=KernelState(running="6.8.0-1004-raspi"),
        conda=by_hand_conda(),
    )
    written = made(seen, tmp_path)
    assert (content(written)["platform"], content(written)["gpus"]) == ("raspberry-pi", [])
    assert in_sync(written), text(written)


def test_traces_of_an_installer_without_a_driver_are_told(tmp_path: Path) -> None:
    traces = DriverState(managers=("runfile",))
    written = made(machine(apt=AptState(), driver=traces, gpu=GpuState(devices=(GPU,))), tmp_path)
    assert "driver: none  # runfile left traces" in text(written)
    assert in_sync(written)


def test_an_environment_that_a_run_would_change_is_a_comment_and_the_others_stay(tmp_path: Path) -> None:
    def named(name: str, *texts: str) -> EnvironmentState:
        there = tuple(CondaPackage(name=text, version="1.0") for text in texts)
        return EnvironmentState(name=name, prefix=f"/opt/miniforge3/envs/{name}", owner="root", packages=there)

    # The package's version says less than its specification: nothing that can be declared fits it.
    odd = named("od.d", "python").model_copy(
        update={"packages": (CondaPackage(name="python", version="3.12.4"), CondaPackage(name="x", version="1!2.0*"))}
    )
    both = by_hand_conda(environments=(odd, named("fine", "python", "numpy")))
    written = made(machine(apt=AptState(), driver=DriverState(), gpu=GpuState(), conda=both), tmp_path)
    found = content(written)["environments"]
    assert isinstance(found, dict)
    assert "fine" in found
    assert in_sync(written), text(written)


def test_a_new_file_leaves_to_the_defaults_what_they_declare(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "fleet.yaml").write_text("defaults: {driver: {branch: 570}, reboot: if-needed}\n")
    known = folder.read(tmp_path)
    place = Place(tmp_path, "hosts/hand.yaml", declared=known.defaults & write.INHERITED)
    written = write.host(place, {"address": "10.0.0.7"}, machine(), Discovery())
    assert ("driver" in content(written), written.external) == (False, False)
    assert written.verdict.plan is not None
    assert {change.item for change in written.verdict.plan.changes} >= {"cuda-drivers-570"}


def test_a_host_of_the_folder_written_over_keeps_its_groups_and_its_way(tmp_path: Path) -> None:
    site(tmp_path, MINE + "ubuntu: '20.04'\n")
    known = folder.read(tmp_path)
    job = work.Job("hand", known.fleet.hosts["hand"], None)
    results = work.write_all(tmp_path, known, [job], ({"hand": machine()}, {}), force=True)
    found = yaml.safe_load((tmp_path / "hosts" / "hand.yaml").read_text())
    assert (results[0].done, results[0].error) == ("written", None)
    assert (found["groups"], found["connection"]) == (["dc"], {"address": "10.0.0.7", "user": "ubuntu"})
    assert found["ubuntu"] == "24.04"


def test_two_machines_of_one_name_get_two_files(tmp_path: Path) -> None:
    known = folder.read(tmp_path)
    jobs = [work.Job(target.name, target.spec, target) for target in map(targets.parse, ("10.0.0.1", "10.0.0.2"))]
    looks = {job.spec.name: machine() for job in jobs}
    results = work.write_all(tmp_path, known, jobs, (looks, {}), force=False)
    assert [result.host for result in results] == ["hand", "hand-10-0-0-2"]
    again = work.write_all(tmp_path, folder.read(tmp_path), jobs, (looks, {}), force=False)
    assert [result.error.code if result.error else None for result in again] == ["RUN291", "RUN291"]


def test_a_lock_holds_nothing_of_a_host_that_something_else_keeps(tmp_path: Path) -> None:
    spec = made(machine(), tmp_path).verdict.spec
    assert spec is not None
    assert (spec.external, inputs.inputs(spec)) == (True, {})
    assert inputs.inputs(spec.model_copy(update={"external": False}))


@pytest.mark.parametrize("text", ["# only a comment\n", "", "connection: {address: 10.0.0.7}\r\n# end\r\n"])
def test_files_of_any_line_ends_and_of_comments_alone_are_completed(text: str, tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    file = tmp_path / "hosts" / "hand.yaml"
    file.write_bytes(text.encode())
    known = folder.read(tmp_path)
    assert known.incomplete() == ["hand"]
    job = work.Job("hand", known.fleet.hosts["hand"], None)
    results = work.write_all(tmp_path, known, [job], ({"hand": machine()}, {}), force=False)
    assert (results[0].done, results[0].error) == ("completed", None)
    assert file.read_bytes().startswith(text.encode())
    assert [problem.code for problem in load.read(tmp_path).problems if problem.severity == "error"] == []


def kept_by_gpufleet(seen: Snapshot) -> Snapshot:
    """The same machine with the files and the key that an apply leaves."""
    spec = HostSpec(name="hand", ubuntu="24.04", gpus=(GpuSpec(model="GTX 1080"),), driver=DriverSpec(branch="580"))
    owned = {
        item.path: FileState(path=item.path, content=item.content, mode=item.mode, owner="root")
        for item in plan.owned_files(spec, seen)
        if item.content is not None
    }
    vendor = repository.vendor_key(spec)
    assert vendor is not None
    key = Key(path=vendor.path, fingerprints=(vendor.fingerprint,))
    return seen.model_copy(update={"apt": seen.apt.model_copy(update={"files": owned, "keys": (key,)})})


def test_what_gpufleet_keeps_is_declared_as_its_own(tmp_path: Path) -> None:
    written = made(kept_by_gpufleet(machine()), tmp_path)
    assert (written.external, in_sync(written)) == (False, True), text(written)
    assert "mirrors" not in content(written)


def test_a_reboot_that_an_apply_waits_for_makes_no_host_external(tmp_path: Path) -> None:
    waiting = machine().driver.model_copy(update={"loaded_version": None, "loaded_flavour": None})
    seen = kept_by_gpufleet(machine()).model_copy(update={"driver": waiting, "gpu": GpuState(devices=(GPU,))})
    written = made(seen, tmp_path)
    assert written.verdict.plan is not None
    assert (written.external, written.verdict.plan.pending) == (False, "reboot"), text(written)
