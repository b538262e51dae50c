"""Jetson and Raspberry Pi: which declarations are sound, and what is told of those that are not."""

from datetime import date
from pathlib import Path

import pytest

from facts import host as facts_host
from schema import compat, load, plan
from schema.cuda import CudaSpec
from schema.errors import InvalidInventory
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

TODAY = date(2026, 11, 24)


def problems(tmp_path: Path, text: str, fleet: str = "") -> list[tuple[str, str, str, str]]:
    (tmp_path / "hosts").mkdir(exist_ok=True)
    (tmp_path / "hosts/nano.yaml").write_text(text)
    if fleet:
        (tmp_path / "fleet.yaml").write_text(fleet)
    try:
        found = load.fleet(tmp_path, today=TODAY).problems
    except InvalidInventory as error:
        found = tuple(error.problems)
    return [(one.code, one.severity, one.path or "", one.hint or "") for one in found]


JETSON = 'platform: jetson\nl4t: "{l4t}"\nubuntu: "{ubuntu}"\ngpus: [{board}]\n'
SOUND = [
    ("32.7", "18.04", "Jetson TX1"),
    ("32.7.4", "18.04", "TX2"),
    ("32.4.3", "18.04", "Jetson Nano"),
    ("35.6.1", "20.04", "AGX Xavier"),
    ("32.7.1", "18.04", "Xavier NX"),
    ("35.4.1", "20.04", "Orin NX"),
    ("36.4.3", "22.04", "Jetson AGX Orin"),
    ("36.5", "22.04", "Orin Nano"),
    ("38.4", "24.04", "Jetson Thor"),
    ("39.2", "24.04", "Orin"),
]


@pytest.mark.parametrize(("l4t", "ubuntu", "board"), SOUND)
def test_a_board_with_a_release_that_exists_for_it_is_sound(tmp_path: Path, l4t: str, ubuntu: str, board: str) -> None:
    assert problems(tmp_path, JETSON.format(l4t=l4t, ubuntu=ubuntu, board=board)) == []


UNSOUND = [
    ('platform: jetson\nubuntu: "22.04"\n', "INV040", "platform", "36.4"),
    ('platform: generic\nl4t: "36.4"\nubuntu: "22.04"\n', "INV041", "l4t", "platform: jetson"),
    (JETSON.format(l4t="36.4", ubuntu="22.04", board="Orin") + "driver: {branch: 580}\n", "INV042", "driver", "Delete"),
    ('platform: raspberry-pi\nubuntu: "24.04"\ndriver: {}\n', "INV042", "driver", "Delete"),
    (JETSON.format(l4t="36.4", ubuntu="22.04", board="Orin") + "arch: x86_64\n", "INV043", "arch", "aarch64"),
    ('platform: raspberry-pi\nubuntu: "24.04"\ngpus: [GTX 1080]\n', "INV044", "gpus", "[]"),
    (JETSON.format(l4t="36.4", ubuntu="24.04", board="Orin"), "CMP051", "l4t", 'ubuntu: "22.04", or l4t: "39.2"'),
    (JETSON.format(l4t="35.4", ubuntu="18.04", board="Xavier NX"), "CMP051", "l4t", '"32.7"'),
    (JETSON.format(l4t="28.2", ubuntu="18.04", board="TX2"), "CMP051", "l4t", "Flash 32.7"),
    (JETSON.format(l4t="36.4", ubuntu="22.04", board="Xavier NX"), "CMP052", "l4t", '"35.6.4", with ubuntu: "20.04"'),
    (JETSON.format(l4t="35.4", ubuntu="20.04", board="Jetson TX2"), "CMP052", "l4t", '"32.7", with ubuntu: "18.04"'),
    (JETSON.format(l4t="32.7", ubuntu="18.04", board="Orin"), "CMP052", "l4t", '"39.2"'),
    (JETSON.format(l4t="36.4", ubuntu="22.04", board="Thor"), "CMP052", "l4t", '"39.2"'),
    (JETSON.format(l4t="36.4", ubuntu="22.04", board="RTX 4090"), "CMP054", "gpus.0", "Jetson TX1"),
    ('ubuntu: "22.04"\ngpus: [Jetson AGX Orin]\n', "CMP054", "gpus.0", "platform: jetson"),
    (
        JETSON.format(l4t="32.7", ubuntu="18.04", board="TX2") + 'cuda: {toolkits: ["11.4"]}\n',
        "CMP053",
        "cuda.toolkits.0",
        '"10.2"',
    ),
    (
        JETSON.format(l4t="35.4", ubuntu="20.04", board="Xavier NX") + 'cuda: {toolkits: ["12.6"]}\n',
        "CMP053",
        "cuda.toolkits.0",
        '"11.4"',
    ),
]


@pytest.mark.parametrize(("text", "code", "path", "hint"), UNSOUND)
def test_what_cannot_be_is_refused_at_its_place_with_what_would_work(
    tmp_path: Path, text: str, code: str, path: str, hint: str
) -> None:
    errors = [one for one in problems(tmp_path, text) if one[1] == "error"]
    assert [(one[0], one[2]) for one in errors] == [(code, path)]
    assert hint in errors[0][3]


def test_what_is_not_known_warns(tmp_path: Path) -> None:
    unknown = problems(tmp_path, JETSON.format(l4t="41.1", ubuntu="26.04", board="Thor"))
    assert [one[:3] for one in unknown] == [("CMP050", "warning", "l4t")]
    older = JETSON.format(l4t="36.4", ubuntu="22.04", board="Orin") + 'cuda: {toolkits: ["12.2"]}\n'
    assert [one[:3] for one in problems(tmp_path, older)] == [("CMP053", "warning", "cuda.toolkits.0")]


@pytest.mark.parametrize("toolkit", ["11.4", "11.8", "12.2"])
def test_cuda_goes_on_top_of_jetpack_as_far_as_its_driver_runs_it(tmp_path: Path, toolkit: str) -> None:
    text = JETSON.format(l4t="35.6", ubuntu="20.04", board="AGX Xavier") + f'cuda: {{toolkits: ["{toolkit}"]}}\n'
    assert problems(tmp_path, text) == []


def test_boards_are_aarch64_and_an_inherited_driver_is_passed_over(tmp_path: Path) -> None:
    text = JETSON.format(l4t="36.4", ubuntu="22.04", board="Orin")
    assert problems(tmp_path, text, "defaults: {driver: {branch: 580}}\n") == []
    spec = load.fleet(tmp_path, today=TODAY).hosts["nano"]
    assert (spec.arch, spec.managed_driver) == ("aarch64", None)


TORCH = JETSON.format(l4t="36.4", ubuntu="22.04", board="Orin") + (
    "conda: {{version: 25.3.1-0}}\n"
    "environments: {{t: {{python: '3.10', pip: {{packages: [numpy, torch], indexes: [{index}]}}}}}}\n"
)


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("", True),
        ("{{url: 'https://download.pytorch.org/whl/cu126', packages: [torch]}}", True),
        ("{{url: 'https://wheels.example/jp61', packages: [torch]}}", False),
    ],
)
def test_wheels_for_servers_are_a_warning_on_a_jetson(tmp_path: Path, index: str, told: bool) -> None:
    found = problems(tmp_path, TORCH.format(index=index.format()))
    assert [one[:3] for one in found] == [("CMP055", "warning", "environments.t.pip.packages.1")] * told


def test_auto_is_what_jetpack_brings(tmp_path: Path) -> None:
    text = JETSON.format(l4t="35.6.1", ubuntu="20.04", board="Xavier NX") + "cuda: {toolkits: auto}\n"
    assert problems(tmp_path, text) == []
    cuda = load.fleet(tmp_path, today=TODAY).hosts["nano"].cuda
    assert isinstance(cuda, CudaSpec)
    assert cuda.toolkits == ("11.4",)


def seen(platform: str, **more: object) -> Snapshot:
    values = {
        "hostname": "nano",
        "platform": platform,
        "architecture": "aarch64",
        "kernel": KernelState(running="5.15.148-tegra"),
        **more,
    }
    return Snapshot.model_validate({"release": Release(id="ubuntu", version="22.04"), **values})


@pytest.mark.parametrize("platform", ["jetson", "raspberry-pi"])
def test_an_apply_is_refused_and_a_drift_check_says_what_it_does_not_compare(platform: str) -> None:
    l4t = {"l4t": "36.4", "gpus": [{"model": "Jetson AGX Orin"}]} if platform == "jetson" else {}
    spec = HostSpec.model_validate({"name": "nano", "platform": platform, "ubuntu": "22.04", **l4t})
    found = plan.diff(spec, seen(platform), today=TODAY)
    assert [one.code for one in found.refusals] == ["GPU008"]
    assert (found.changes, plan.status(found)) == ((), "in-sync")


def test_another_l4t_than_declared_is_a_finding() -> None:
    spec = HostSpec.model_validate({"name": "nano", "platform": "jetson", "ubuntu": "22.04", "l4t": "36.4"})
    for there, told in (("36.4.3", False), ("36.5.0", True)):
        codes = {one.code for one in plan.diff(spec, seen("jetson", l4t=there), today=TODAY).findings}
        assert ("GPU136" in codes) == told


def test_l4t_is_read_from_its_file() -> None:
    line = "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64, DATE: Sat Feb 19 17:05:08"
    assert facts_host._l4t(line) == "32.7.1"
    assert facts_host._l4t("") is None


def test_every_jetson_board_is_a_gpu_of_the_chip_s_compute_capability() -> None:
    for chip in compat.socs():
        for board in chip.boards:
            (gpu,) = compat.gpus_by_name(board)
            assert gpu.compute == chip.compute
            assert compat.jetson(board) == chip
    assert compat.jetson("GTX 1080") is None


def test_releases_of_l4t_come_newest_first_and_name_known_chips() -> None:
    versions = [tuple(map(int, row.version.split("."))) for row in compat.l4ts()]
    assert versions == sorted(set(versions), reverse=True)
    chips = {chip.soc for chip in compat.socs()}
    for row in compat.l4ts():
        assert set(row.socs) <= chips
        assert {row.cuda, row.last_cuda} <= set(compat.toolkits())
        assert row.cudnn is None or compat.cudnn(row.cudnn) is not None, row.version
