"""Whole snapshots from what the probe printed on lab hosts."""

from pathlib import Path

import pytest

from facts import probe, snapshot
from schema.conda import CondaPackage
from schema.driver import Module, Service
from schema.snapshot import Session, Snapshot

FOLDER = Path(__file__).parents[1] / "captures" / "lab"
KERNEL = "6.8.0-51-generic"


def seen(name: str) -> Snapshot:
    return snapshot.parse(probe.sections((FOLDER / f"{name}.txt").read_text().splitlines()))


@pytest.fixture(scope="module")
def desk() -> Snapshot:
    return seen("desk-changed-by-hand")


def test_a_bare_host() -> None:
    node = seen("node-bare")
    assert (node.release.id, node.release.version, node.release.codename) == ("ubuntu", "22.04", "jammy")
    assert (node.architecture, node.platform, node.user) == ("x86_64", "generic", "root")
    assert (node.kernel.running, node.kernel.next_boot, node.kernel.installed) == (KERNEL, KERNEL, (KERNEL,))
    assert (node.kernel.nouveau_loaded, node.kernel.nouveau_blacklisted, node.kernel.secure_boot) == (
        True,
        False,
        False,
    )
    assert [device.pci_id for device in node.gpu.nvidia] == ["10de:2330", "10de:2330"]
    assert [device.slot for device in node.gpu.devices if device.is_nvswitch] == ["0000:03:00.0"]
    assert {device.driver for device in node.gpu.nvidia} == {"nouveau"}
    assert (node.gpu.smi, node.conda, node.applied, node.not_seen) == (None, None, None, frozenset())
    assert (node.driver.loaded_version, node.driver.modules, node.cuda.toolkits) == (None, (), ())
    assert node.disks[0].path == "/"
    assert 0 < node.disks[0].free_mib <= node.disks[0].total_mib


def test_a_running_node() -> None:
    node = seen("node-running")
    assert (node.driver.loaded_version, node.driver.loaded_flavour) == ("580.95.05", "open")
    assert node.driver.module_for(KERNEL) == Module(kernel=KERNEL, version="580.95.05", flavour="open")
    assert node.driver.libraries == ("580.95.05",)
    assert node.driver.fabric_manager == Service(installed=True, enabled=True, active="active")
    assert node.gpu.smi is not None
    assert [gpu.slot for gpu in node.gpu.smi.gpus] == [device.slot for device in node.gpu.nvidia]
    assert {gpu.fabric_state for gpu in node.gpu.smi.gpus} == {"Completed"}
    assert node.kernel.headers == (KERNEL,)
    package = node.apt.installed("nvidia-open-580")
    assert package is not None
    assert (package.version, package.origin, package.held, package.broken) == (
        "580.95.05-0ubuntu1",
        "nvidia",
        False,
        False,
    )


def test_what_was_changed_by_hand_shows(desk: Snapshot) -> None:
    assert desk.apt.packages["nvidia-utils-580"].held
    assert desk.apt.interrupted
    assert desk.driver.managers == ("ppa", "runfile")
    assert (desk.reboot_required, desk.reboot_required_packages) == (True, ("linux-image", "linux-base"))
    assert desk.applied is not None
    assert desk.applied.packages == {"cuda-drivers-580": "580.95.05-0ubuntu1"}
    assert desk.apt.exclusions == ("libc6$", "nvidia-", "cuda-")
    assert desk.gpu.smi is not None
    assert [(process.kind, process.is_compute) for process in desk.gpu.smi.processes] == [("C", True)]


def test_toolkits_tell_their_owner_and_the_default(desk: Snapshot) -> None:
    assert [(toolkit.version, toolkit.full_version, toolkit.package) for toolkit in desk.cuda.toolkits] == [
        ("11.8", "11.8.0", None),
        ("12.6", "12.6.3", "cuda-nvcc-12-6"),
        ("12.9", "12.9.1", "cuda-nvcc-12-9"),
    ]
    assert (desk.cuda.default, desk.cuda.alternative) == ("12.6", "manual")
    assert (desk.cudnn.header, desk.cudnn.libraries) == ("9.17.0", ("9.17.0",))


def test_owned_files_are_whole_to_the_last_line_feed(desk: Snapshot) -> None:
    nouveau = desk.apt.files["/etc/modprobe.d/gpufleet-nouveau.conf"]
    assert (nouveau.content, nouveau.mode, nouveau.owner) == (
        "blacklist nouveau\noptions nouveau modeset=0",
        "0600",
        "root",
    )
    drop_in = desk.apt.files["/etc/systemd/system/nvidia-persistenced.service.d/gpufleet.conf"]
    assert (drop_in.content, drop_in.mode) == ("[Service]\nExecStart=\n", "0644")
    assert "/opt/conda/.condarc" not in desk.apt.files, "an installer's own file is not ours"


def test_sources_of_both_forms(desk: Snapshot) -> None:
    ours = [source for source in desk.apt.sources if "gpufleet" in source.file]
    assert [(source.enabled, source.suites) for source in ours] == [(True, ("/",)), (False, ("noble",))]
    assert ours[0].signed_by == "/usr/share/keyrings/gpufleet-cuda.asc"
    lines = [source for source in desk.apt.sources if source.file.endswith("lab.list")]
    assert {source.signed_by for source in lines} == {"/usr/share/keyrings/lab.asc"}
    assert [key.fingerprints for key in desk.apt.keys] == [("48F1B2157E65C8381064D34E02CF6A3D2E091DC9",)]
    assert [preference.path for preference in desk.apt.preferences] == ["/etc/apt/preferences.d/lab"]


def test_environments_package_by_package(desk: Snapshot) -> None:
    assert desk.conda is not None
    assert (desk.conda.version, desk.conda.installer, desk.conda.mode) == ("25.3.1", "miniforge 25.3.1-0", "0755")
    ds, empty = desk.conda.environments
    assert (ds.name, ds.owner, ds.kernel, empty.name, empty.packages) == ("ds", "ubuntu", True, "empty", ())
    assert {(package.name, package.version, package.manager) for package in ds.packages} == {
        ("ca-certificates", "2025.8.3", "conda"),
        ("numpy", "2.3.1", "conda"),
        ("python", "3.11.13", "conda"),
        ("typing_extensions", "4.14.1", "conda"),
        ("scikit-learn", "1.7.1", "pip"),
        ("torch", "2.8.0", "pip"),
    }
    assert CondaPackage(name="numpy", version="2.3.1", build="py311h5da4532_0") in ds.packages


def test_an_ordinary_user_sees_less_and_says_so(desk: Snapshot) -> None:
    user = seen("desk-unprivileged")
    assert user.not_seen == {"host/applied", "log/kernel", "repository/files"}
    assert (user.user, user.applied) == ("ubuntu", None)
    assert "/etc/modprobe.d/gpufleet-nouveau.conf" not in user.apt.files
    assert user.apt.packages == desk.apt.packages
    own = [session for session in user.sessions if session.own]
    assert own == [Session(id=own[0].id, user="ubuntu", tty="", remote=True, own=True)]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_an_answer_cut_off_anywhere_is_a_snapshot_that_names_the_rest(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()
    for end in range(0, len(text), len(text) // 40):
        cut = snapshot.parse(probe.sections(text[:end].splitlines()))
        assert "host/disks" in cut.not_seen
