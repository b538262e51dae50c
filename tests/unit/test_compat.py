"""The compatibility data: whole, consistent with itself, and found under every usual name."""

from pathlib import Path

import pytest

from schema import compat
from schema.compat import data
from schema.driver import packages
from schema.driver.resolve import ResolvedDriver
from schema.model import version_key

SPELLINGS = {
    "GTX 1080": ["GeForce GTX 1080"],
    "gtx1080": ["GeForce GTX 1080"],
    "1080": ["GeForce GTX 1080"],
    "NVIDIA GeForce GTX 1080": ["GeForce GTX 1080"],
    "GTX 1080 8GB": ["GeForce GTX 1080"],
    "GTX 1080 Ti": ["GeForce GTX 1080 Ti"],
    "1080ti": ["GeForce GTX 1080 Ti"],
    "gtx 1060 6gb": ["GeForce GTX 1060 6GB"],
    "GTX 1060": [
        "GeForce GTX 1060 6GB",
        "GeForce GTX 1060 5GB",
        "GeForce GTX 1060 3GB",
        "GeForce GTX 1060 Mobile",
    ],
    "H100 SXM": ["NVIDIA H100 80GB HBM3"],
    "H100 SXM5": ["NVIDIA H100 80GB HBM3"],
    "NVIDIA H100 80GB HBM3": ["NVIDIA H100 80GB HBM3"],
    "A100 80GB": ["NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe"],
    "A40": ["NVIDIA A40"],
    "A6000": ["NVIDIA RTX A6000"],
    "Tesla T4": ["Tesla T4"],
    "T4": ["Tesla T4"],
    "L4": ["NVIDIA L4"],
    "4090": ["GeForce RTX 4090"],
    "RTX 5090": ["GeForce RTX 5090"],
    "GB200": ["NVIDIA GB200"],
    "GH200 480GB": ["NVIDIA GH200 120GB"],
    "P4000": ["Quadro P4000"],
    "K40": ["Tesla K40c", "Tesla K40d", "Tesla K40m", "Tesla K40s", "Tesla K40st", "Tesla K40t"],
    "RTX 2080": ["GeForce RTX 2080"],
    "RTX 3060": ["GeForce RTX 3060"],
    "NVIDIA GeForce RTX 3060 Laptop GPU": ["GeForce RTX 3060 Laptop GPU"],
    "RTX 3080 10GB": ["GeForce RTX 3080"],
    "Titan V": ["TITAN V"],
    "NVIDIA Jetson AGX Orin Developer Kit": ["Jetson AGX Orin"],
    "NVIDIA Orin Nano Developer Kit": ["Jetson Orin Nano"],
    "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super": ["Jetson Orin Nano"],
    "Jetson Nano 2GB": ["Jetson Nano"],
    "A80": [],
    "": [],
    "Radeon": [],
}


@pytest.mark.parametrize(("text", "names"), SPELLINGS.items())
def test_a_gpu_is_found_under_its_usual_names(text: str, names: list[str]) -> None:
    assert [gpu.name for gpu in compat.gpus_by_name(text)] == names


def test_every_gpu_is_found_under_its_own_names_and_ids() -> None:
    for gpu in data.gpus():
        assert gpu in compat.gpus_by_name(gpu.name)
        assert compat.architecture(gpu.architecture) is not None
        for alias in gpu.aliases:
            assert gpu in compat.gpus_by_name(alias), alias
        for pci_id in gpu.pci_ids:
            assert compat.gpu_by_pci_id(pci_id.upper()) == gpu


def test_no_pci_id_belongs_to_two_gpus() -> None:
    ids = [pci_id for gpu in data.gpus() for pci_id in gpu.pci_ids]
    assert len(ids) == len(set(ids))


def test_a_gpu_s_compute_capability_is_one_of_its_generation_s() -> None:
    for gpu in data.gpus():
        assert gpu.compute in data.architectures()[gpu.architecture].compute, gpu.name


def test_every_generation_has_a_gpu_or_is_older_or_newer_than_the_table() -> None:
    used = {gpu.architecture for gpu in data.gpus()}
    assert set(data.architectures()) - used == {"fermi", "rubin"}


def test_driver_floors_rise_with_the_toolkits() -> None:
    full = [version for version in data.toolkits() if version.count(".") == 2]
    floors = [version_key(row.floor_full) for version in full if (row := data.toolkits()[version]).floor_full]
    assert floors == sorted(floors)


def test_the_compatible_floor_is_never_above_the_full_one_but_where_the_first_release_came_before_it() -> None:
    """CUDA 11.0 came with an older driver than 11.x needs for minor compatibility (release notes)."""
    above = [
        version
        for version, row in data.toolkits().items()
        if row.floor_full and row.floor_minor and version_key(row.floor_minor) > version_key(row.floor_full)
    ]
    assert set(above) <= {"11.0", "11.0.1", "11.0.2", "11.0.3"}


def test_every_branch_of_a_confirmed_toolkit_since_11_is_known() -> None:
    floors = [
        row.floor_full for row in data.toolkits().values() if row.floor_full and version_key(row.version) >= (11,)
    ]
    assert {version_key(floor)[0] for floor in floors} <= set(data.branches())


def test_packages_are_named_after_their_branch_up_to_580_and_no_longer_from_590() -> None:
    assert all(branch.suffixed_names == (branch.number <= 580) for branch in compat.branches())


def test_branches_come_newest_first_and_one_is_the_production_branch() -> None:
    numbers = [branch.number for branch in compat.branches()]
    assert numbers == sorted(numbers, reverse=True)
    assert [branch.number for branch in compat.branches() if branch.state == "production"] == [595]


def test_a_release_carries_its_range_and_says_where_that_is_not_known() -> None:
    noble, resolute = compat.release("24.04"), compat.release("26.04")
    assert noble is not None and resolute is not None
    assert [noble.carries(version) for version in ("11.8", "12.4", "12.5", "12.6", "12.10", "13.3")] == [
        False,
        False,
        None,
        True,
        True,
        True,
    ]
    assert [resolute.carries(version) for version in ("11.8", "12.9", "13.2", "13.3")] == [False, None, None, True]
    assert noble.key_fingerprint.endswith(noble.key_file.removesuffix(".pub").upper())
    assert resolute.key_fingerprint.endswith(resolute.key_file.removesuffix(".pub").upper())


def test_an_installer_is_known_by_sha256_or_said_to_be_unknown() -> None:
    known = compat.installer("miniforge", "25.3.1-0", "x86_64")
    assert known.sha256 == "376b160ed8130820db0ab0f3826ac1fc85923647f75c1b8231166e3d559ab768"
    assert known.url.endswith("/25.3.1-0/Miniforge3-25.3.1-0-Linux-x86_64.sh")
    unknown = compat.installer("miniconda", "py399_1.0-0", "aarch64")
    assert (unknown.sha256, unknown.confirmed) == (None, False)
    assert unknown.url == "https://repo.anaconda.com/miniconda/Miniconda3-py399_1.0-0-Linux-aarch64.sh"


def test_no_two_installers_have_one_hash() -> None:
    hashes = list(data.installers().values())
    assert len(hashes) == len(set(hashes))
    for distribution, version, arch in data.installers():
        row = compat.installer(distribution, version, arch)
        assert row.confirmed and row.sha256 == data.installers()[distribution, version, arch]


def test_the_rule_finds_a_branch_and_a_flavour_for_every_generation() -> None:
    for name, row in data.architectures().items():
        branch = compat.rule_branch([name], "24.04")
        assert row.last_branch is None or branch <= row.last_branch
        assert row.first_branch is None or branch >= row.first_branch
        assert compat.rule_modules([name], branch) in row.flavours


def test_generations_without_a_common_driver_are_named_in_the_error() -> None:
    with pytest.raises(LookupError, match="Blackwell and Pascal"):
        compat.rule_branch(["pascal", "blackwell"], "24.04")
    with pytest.raises(LookupError, match="at least 520 is needed and at most 470"):
        compat.rule_branch(["kepler", "hopper"], "24.04")


def test_every_row_says_where_it_was_read() -> None:
    rows = [*data.gpus(), *data.toolkits().values(), *data.architectures().values(), *data.branches().values()]
    rows += [*data.releases().values(), *compat.cudnns(), *compat.torches()]
    rows += [*compat.socs(), *compat.l4ts(), *compat.clouds(), *compat.package_names()]
    assert all(all(len(source) > 5 for source in row.source) for row in rows)


def test_every_cudnn_and_torch_build_is_for_a_known_cuda() -> None:
    majors = {version.split(".")[0] for version in compat.toolkits()}
    for cudnn in compat.cudnns():
        assert set(cudnn.builds) <= majors, cudnn.version
        assert all(toolkit in compat.toolkits() for build in cudnn.builds.values() for toolkit in build.toolkits)
    for torch in compat.torches():
        wheels = {tag: build for tag, build in torch.builds.items() if build.cuda is not None}
        assert all(tag == f"cu{build.cuda.replace('.', '')}" for tag, build in wheels.items() if build.cuda)
        assert all(build.cuda in compat.toolkits() and build.computes for build in wheels.values()), torch.version


def test_a_torch_and_a_cudnn_are_found_by_any_of_their_versions() -> None:
    for version in ("2.8", "2.8.0", "2.8.0+cu126"):
        torch = compat.torch(version)
        assert torch is not None and torch.version == "2.8"
    found = compat.torch("0.4.1.post2")
    assert found is not None and found.pythons == ("2.7", "3.5", "3.6", "3.7")
    assert compat.torch("0.4.0") is None
    assert compat.cudnn("9.10.2.21") == compat.cudnn("9.10.2") is not None
    assert compat.cudnn("9.10") is None


def test_a_branch_s_versions_lie_in_it_and_rise() -> None:
    for branch in compat.branches():
        keys = [version_key(version) for version in branch.versions]
        assert keys == sorted(keys) and all(key[0] == branch.number for key in keys), branch.number
        assert branch.cuda is None or branch.cuda in {*compat.toolkits(), "12.7"}, branch.number


def test_releases_come_newest_first_and_once() -> None:
    for rows in (compat.cudnns(), compat.torches()):
        keys = [version_key(row.version) for row in rows]
        assert keys == sorted(set(keys), reverse=True)


def test_a_cudnn_s_full_versions_are_of_it_and_its_floors_rise_with_the_majors() -> None:
    for cudnn in compat.cudnns():
        assert all(version_key(full)[:3] == version_key(cudnn.version) for full in cudnn.full_versions), cudnn.version
        floors = [version_key(cudnn.builds[major].driver) for major in sorted(cudnn.builds, key=int)]
        assert floors == sorted(floors), cudnn.version
        last = cudnn.last_compute
        assert last is None or version_key(cudnn.first_compute) < version_key(last), cudnn.version


def test_the_last_cudnn_for_pascal_is_9_10_2_and_for_kepler_8_7_0() -> None:
    pascal = next(row for row in compat.cudnns() if version_key(row.first_compute) <= (6, 1))
    kepler = next(row for row in compat.cudnns() if version_key(row.first_compute) <= (3, 7))
    assert (pascal.version, kepler.version) == ("9.10.2", "8.7.0")


def test_a_torch_s_cudnn_and_default_wheels_are_known_and_exist_for_the_architecture() -> None:
    for torch in compat.torches():
        assert all(build.cudnn is None or compat.cudnn(build.cudnn) for build in torch.builds.values()), torch.version
        for arch in ("x86_64", "aarch64"):
            tag = torch.default_for(arch)
            assert tag is None or tag in torch.builds, (torch.version, arch)
            if arch == "x86_64" and tag is not None:
                assert arch in torch.builds[tag].arches
        for build in torch.builds.values():
            assert bool(build.holds("aarch64")) == ("aarch64" in build.arches and build.cuda is not None)


def test_a_wheel_holds_code_only_for_what_its_cuda_can_compile_for() -> None:
    first = {compute: cuda for row in data.architectures().values() for compute, cuda in row.compute.items()}
    last = {compute: row.last_cuda for row in data.architectures().values() for compute in row.compute}
    for torch in compat.torches():
        for tag, build in torch.builds.items():
            for compute in {*build.computes, *build.computes_aarch64}:
                cuda, oldest, newest = version_key(build.cuda or ""), first[compute], last[compute]
                assert oldest is None or version_key(oldest) <= cuda, (torch.version, tag, compute)
                assert newest is None or cuda <= version_key(newest), (torch.version, tag, compute)


def test_every_torch_of_today_has_its_torchvision_and_they_rise_together() -> None:
    pairs = [row.torchvision for row in compat.torches() if row.confirmed]
    assert None not in pairs
    keys = [version_key(pair or "") for pair in pairs]
    assert keys == sorted(keys, reverse=True)


def test_no_source_is_named_without_use_and_none_used_without_name() -> None:
    for path in sorted(Path(data.__file__).parent.glob("*.yaml")):
        loaded = data.load(path.name)
        rows = [row for value in loaded.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
        rows += [row for row in loaded.values() if isinstance(row, dict) and "source" in row]
        used = {name for row in rows for name in row.get("source", ())}
        used |= {row["fp32"][1] for row in rows if "fp32" in row}
        assert used == set(loaded["sources"]), path.name


def test_package_names_as_data_are_those_that_the_driver_s_packages_have() -> None:
    for row in compat.package_names():
        for branch in (one.number for one in compat.branches() if row.install != "fabric" and row.about(one.number)):
            if row.flavour not in compat.flavours(branch):
                continue
            for variant in ("desktop", "server") if row.repository == "ubuntu" else ("desktop",):
                resolved = ResolvedDriver.model_validate(
                    {
                        "branch": branch,
                        "version": None,
                        "flavour": row.flavour,
                        "source": row.repository,
                        "delivery": row.delivery,
                        "variant": variant,
                        "install": row.install,
                    }
                )
                tail = "-server" if variant == "server" else ""
                names = tuple(name.format(branch=branch, variant=tail, kernel="generic") for name in row.names)
                assert names == packages.top(resolved, "generic"), (row, branch)


def test_every_branch_has_package_names_for_each_of_its_flavours_in_nvidia_s_repository() -> None:
    for branch in compat.branches():
        for flavour in branch.flavours:
            for install in ("full", "compute"):
                rows = [
                    row
                    for row in compat.package_names()
                    if (row.repository, row.install, row.flavour) == ("nvidia", install, flavour)
                    and row.about(branch.number)
                ]
                assert len(rows) == 1, (branch.number, flavour, install)


def test_every_cloud_s_gpus_are_known_and_their_fabric_is_that_of_their_boards() -> None:
    names = [(row.provider, row.name) for row in compat.clouds()]
    assert len(names) == len(set(names))
    for row in compat.clouds():
        assert compat.cloud(f"{row.provider} {row.name}") == row
        for name in row.gpus:
            found = [gpu for gpu in compat.gpus_by_name(name) if gpu.name == name]
            assert len(found) == 1, name
            assert row.fabric != "local" or found[0].switched, row.name


def test_memory_and_speed_are_of_a_size_that_gpus_have_and_every_speed_has_its_source() -> None:
    for gpu in data.gpus():
        assert gpu.memory_gib is None or 1 <= gpu.memory_gib <= 288, gpu.name
        assert gpu.fp32_tflops is None or (0.1 <= gpu.fp32_tflops <= 130 and gpu.fp32_source), gpu.name
    known = {gpu.name: (gpu.memory_gib, gpu.fp32_tflops) for gpu in data.gpus()}
    assert known["GeForce RTX 3070"] == (8, 20.31)
    assert known["GeForce RTX 5080"] == (16, 56.28)
    assert sum(gpu.memory_gib is not None for gpu in data.gpus()) > 150
