"""What `auto` comes to: for every board and mixture, with the reason, the same each time, and kept once it was made."""

from pathlib import Path

import pytest

from schema import choose, compat, load, plan
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec
from schema.gpu import GpuSpec
from schema.host import HostSpec
from schema.lock.model import Locked
from schema.preferences import PATH
from schema.repository import FileState
from schema.snapshot import Snapshot
from tests.property import model
from tests.unit.test_load_refusals import OK, problems

PASCAL, VOLTA = "last branch that drives {} (Pascal)", "last branch that drives {} (Volta)"
PRODUCTION = (
    "production branch, kept up until 2027-03; "
    "NVIDIA's repository for Ubuntu 26.04 is not known to have a branch older than 595"
)
FROZEN = "superseded branch; NVIDIA's repository for Ubuntu 20.04 gets no more since CUDA 12.9"
LASTING = "long-term branch, kept up until 2028-06"


def host(*gpus: str, ubuntu: str = "24.04", **values: object) -> HostSpec:
    """Each GPU by name; "8 x H100 SXM" is eight of them."""
    counted = [gpu.partition(" x ") if " x " in gpu else ("1", "", gpu) for gpu in gpus]
    listed = [GpuSpec(model=name, count=int(count)) for count, _, name in counted]
    known = {"name": "h", "ubuntu": ubuntu, "gpus": listed, "cuda": CudaSpec(auto=True)}
    return HostSpec.model_validate(known | values)


# Release, GPUs; branch, its reason, modules, toolkit, whether fabric manager is wanted.
BOARDS = [
    ("18.04", ["K80"], "470", "last branch that drives K80 (Kepler)", "proprietary", "11.4", "false"),
    ("20.04", ["Tesla K80"], "470", "last branch that drives Tesla K80 (Kepler)", "proprietary", "11.4", "false"),
    ("22.04", ["K80"], "470", "last branch that drives K80 (Kepler)", "proprietary", "11.8", "false"),
    ("24.04", ["GTX 1060"], "580", PASCAL.format("GTX 1060"), "proprietary", "12.9", "false"),
    ("24.04", ["GTX 1080"], "580", PASCAL.format("GTX 1080"), "proprietary", "12.9", "false"),
    ("24.04", ["2 x GTX 1080 Ti"], "580", PASCAL.format("GTX 1080 Ti"), "proprietary", "12.9", "false"),
    ("22.04", ["Quadro P4000"], "580", PASCAL.format("Quadro P4000"), "proprietary", "12.9", "false"),
    ("24.04", ["P100"], "580", PASCAL.format("P100"), "proprietary", "12.9", "false"),
    ("24.04", ["V100"], "580", VOLTA.format("V100"), "proprietary", "12.9", "false"),
    (
        "22.04",
        ["4 x Tesla V100-SXM2-16GB"],
        "580",
        VOLTA.format("Tesla V100-SXM2-16GB"),
        "proprietary",
        "12.9",
        "false",
    ),
    ("24.04", ["RTX 2080 Ti"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["T4"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["RTX 3090"], "580", LASTING, "open", "13.0", "false"),
    ("22.04", ["A100"], "580", LASTING, "open", "13.0", "false"),
    ("22.04", ["8 x A100-SXM4-80GB"], "580", LASTING, "open", "13.0", "true"),
    ("24.04", ["A10"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["RTX 4090"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["L40S"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["L4"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["8 x H100 SXM"], "580", LASTING, "open", "13.0", "true"),
    ("24.04", ["2 x H100 PCIe"], "580", LASTING, "open", "13.0", "false"),
    ("24.04", ["8 x H200"], "580", LASTING, "open", "13.0", "true"),
    ("24.04", ["8 x B200"], "580", LASTING, "open", "13.0", "true"),
    ("24.04", ["8 x B300"], "580", LASTING, "open", "13.0", "true"),
    ("24.04", ["RTX 5090"], "580", LASTING, "open", "13.0", "false"),
    ("26.04", ["RTX 5090"], "595", PRODUCTION, "open", "13.3", "false"),
    ("26.04", ["GTX 1080"], "580", PASCAL.format("GTX 1080"), "proprietary", "12.9", "false"),
    ("20.04", ["A100"], "575", FROZEN, "open", "12.9", "false"),
    ("24.04", ["GTX 1080", "RTX 3090"], "580", PASCAL.format("GTX 1080"), "proprietary", "12.9", "false"),
    ("24.04", ["V100", "T4"], "580", VOLTA.format("V100"), "proprietary", "12.9", "false"),
    ("24.04", ["RTX 3090", "RTX 5090"], "580", LASTING, "open", "13.0", "false"),
]


@pytest.mark.parametrize(("ubuntu", "gpus", "branch", "reason", "modules", "toolkit", "fabric"), BOARDS)
def test_each_board_gets_what_suits_it(
    ubuntu: str, gpus: list[str], branch: str, reason: str, modules: str, toolkit: str, fabric: str
) -> None:
    spec = host(*gpus, ubuntu=ubuntu)
    found = choose.choices(spec)
    assert (found["driver.branch"].value, found["driver.branch"].said) == (branch, f"rule: {reason}")
    assert found["driver.modules"].value == modules
    assert found["cuda.toolkits"].value == toolkit
    assert found["driver.fabric_manager"].value == fabric
    assert all(choice.reason for choice in found.values())
    assert choose.choices(host(*reversed(gpus), ubuntu=ubuntu)) == found, "the order does not matter"


@pytest.mark.parametrize(("gpu", "branch"), [("GH200 480GB", "580"), ("GB200", "580"), ("GB10", "580")])
def test_arm_servers_take_open_modules(gpu: str, branch: str) -> None:
    found = choose.choices(host(gpu, arch="aarch64"))
    assert (found["driver.branch"].value, found["driver.modules"].value) == (branch, "open")
    assert "open modules only" in found["driver.modules"].reason
    assert found["driver.fabric_manager"].value == "false"


def test_nothing_is_chosen_for_what_is_not_known_or_has_nothing_in_common() -> None:
    for spec, reason, hint in (
        (host("Foo 9000"), "nothing is known of Foo 9000", "Write"),
        (host("GTX 1080", "B200"), "different kernel module flavours", "hosts of their own"),
        (host("K80", "H100"), "at least 520 is needed and at most 470 is possible", "hosts of their own"),
        (host("K80"), "NVIDIA's repository for Ubuntu 24.04 has none of these", "Use Ubuntu 22.04 or 20.04"),
    ):
        found = choose.toolkit(spec, None)
        assert found.value is None
        assert reason in found.reason
        assert hint in found.hint


def test_what_is_written_limits_what_is_chosen() -> None:
    def toolkit(branch: str, policy: str = "minor-compatible", **cuda: object) -> str | None:
        kits = CudaSpec.model_validate({"auto": True, "policy": policy} | cuda)
        return choose.toolkit(host("RTX 4090", driver=DriverSpec(branch=branch), cuda=kits, ubuntu="22.04"), None).value

    assert [toolkit(branch) for branch in ("535", "550", "570", "580", "595", "610")] == [
        "12.2",
        "12.4",
        "12.8",
        "13.0",
        "13.2",
        "13.3",
    ]
    assert toolkit("525", "strict") == "12.0"
    assert toolkit("580", absent=("13.0",)) == "12.9"
    assert toolkit("580", toolkits=("13.0", "11.8")) == "12.9"
    newer = CudaSpec(toolkits=("13.2",), policy="strict")
    assert choose.branch(host("RTX 4090", cuda=newer), None).said == (
        "rule: production branch, kept up until 2027-03; CUDA 13.2 needs driver 595.45.04"
    )
    strict = CudaSpec(toolkits=("13.3",), policy="strict")
    assert choose.branch(host("RTX 4090", cuda=strict), None).value == "610", "a new feature is needed"
    assert choose.branch(host("RTX 4090", cuda=CudaSpec(toolkits=("13.3",))), None).value == "580"


def test_a_jetson_has_what_its_l4t_brings_and_a_raspberry_pi_nothing(tmp_path: Path) -> None:
    software = "cuda: {toolkits: auto}\ncudnn: {version: auto}\n"
    text = 'ubuntu: "22.04"\nplatform: jetson\nl4t: "36.4"\ngpus: [Jetson AGX Orin]\n' + software
    assert problems(tmp_path / "orin", {"hosts/h.yaml": text}) == []
    spec, row = load.fleet(tmp_path / "orin").hosts["h"], compat.l4t("36.4")
    assert row is not None
    assert {path: choice.value for path, choice in choose.choices(spec).items()} == {
        "cuda.toolkits": row.cuda,
        "cudnn.version.12": row.cudnn,
    }
    assert choose.toolkit(spec, None).reason == f"that of L4T 36.4 (JetPack {row.jetpack})"
    pi = 'ubuntu: "24.04"\nplatform: raspberry-pi\ncuda: {toolkits: auto}\n'
    assert "CMP060" in {one.code for one in problems(tmp_path / "pi", {"hosts/h.yaml": pi})}


def test_a_host_without_gpus_gets_the_newest_toolkit_of_its_release() -> None:
    found = choose.toolkit(host(ubuntu="20.04"), None)
    assert (found.value, found.reason) == ("12.9", "newest toolkit for Ubuntu 20.04")


def test_a_branch_that_was_not_seen_in_its_source_is_said_and_not_refused(tmp_path: Path) -> None:
    (warning, *_) = problems(tmp_path / "one", {"hosts/h.yaml": 'ubuntu: "26.04"\ngpus: [GTX 1080]\n'})
    assert (warning.code, warning.severity) == ("CMP061", "warning")
    assert "Set driver.source: ubuntu" in (warning.hint or "")
    text = 'ubuntu: "26.04"\ngpus: [GTX 1080]\ndriver: {source: ubuntu}\n'
    assert problems(tmp_path / "two", {"hosts/h.yaml": text}) == []
    mirrored = 'ubuntu: "26.04"\ngpus: [GTX 1080]\nmirrors: {cuda: {url: "https://m.example/cuda"}}\n'
    assert problems(tmp_path / "three", {"hosts/h.yaml": mirrored}) == []


def written(tmp_path: Path, text: str) -> HostSpec:
    (tmp_path / "hosts").mkdir(exist_ok=True)
    (tmp_path / "hosts" / "h.yaml").write_text(OK + text)
    return load.fleet(tmp_path).hosts["h"]


@pytest.mark.parametrize("said", ["auto", "[auto]", "['auto']"])
def test_loading_makes_the_choice_so_that_nobody_comes_upon_auto(tmp_path: Path, said: str) -> None:
    spec = written(tmp_path, f"gpus: [GTX 1080]\ncuda: {{toolkits: {said}}}\n")
    assert isinstance(spec.cuda, CudaSpec)
    assert (spec.cuda.toolkits, spec.cuda.chosen, spec.cuda.written) == (("12.9",), "12.9", ())
    assert choose.settled(spec, None) == spec
    undecided = choose.declared(spec).cuda
    assert isinstance(undecided, CudaSpec)
    assert (undecided.toolkits, undecided.chosen, undecided.auto) == ((), None, True)


def test_auto_stands_beside_toolkits_that_are_written_or_absent(tmp_path: Path) -> None:
    spec = written(tmp_path, "gpus: [RTX 4090]\ncuda: {toolkits: [auto, '12.6', {'12.8': absent}]}\n")
    assert isinstance(spec.cuda, CudaSpec)
    assert (spec.cuda.toolkits, spec.cuda.absent) == (("12.6", "13.0"), ("12.8",))


@pytest.mark.parametrize(
    ("text", "code", "path", "hint"),
    [
        ("gpus: [K80]\ncuda: {toolkits: auto}\n", "CMP060", "cuda.toolkits", "Use Ubuntu 22.04 or 20.04"),
        ("gpus: [Foo 9000]\ncuda: {toolkits: auto}\n", "CMP060", "cuda.toolkits", "Write the toolkit yourself"),
        (
            "gpus: [Foo 9000]\ndriver: {branch: 580}\ncuda: {toolkits: ['12.9']}\ncudnn: {version: auto}\n",
            "CMP060",
            "cudnn.version",
            'cudnn: {version: {"12"',
        ),
        ("gpus: [T4]\ncudnn: {version: auto}\n", "INV030", "cudnn", "no toolkit is declared"),
        (
            "gpus: [T4]\ncuda: {toolkits: ['12.9']}\ncudnn: {version: {'13': auto}}\n",
            "INV030",
            "cudnn.version.13",
            "there is no toolkit of CUDA 13",
        ),
        (
            "gpus: [T4]\ncuda: {toolkits: ['12.9', '13.0']}\ncudnn: {version: {'13': auto}}\n",
            "INV030",
            "cudnn.version",
            'Add "12".',
        ),
        ("gpus: [GTX 1080, B200]\ncuda: {toolkits: auto}\n", "CMP006", "gpus", "hosts of their own"),
        ("gpus: [RTX 4090]\ncuda: {toolkits: automatic}\n", "INV015", "cuda.toolkits", "automatic"),
    ],
)
def test_an_auto_that_comes_to_nothing_is_an_error_at_its_key(
    tmp_path: Path, text: str, code: str, path: str, hint: str
) -> None:
    found = [item for item in problems(tmp_path, {"hosts/h.yaml": OK + text}) if item.code == code]
    assert [(item.severity, item.path) for item in found] == [("error", path)]
    assert hint in f"{found[0].message} {found[0].hint}"


def test_a_host_with_auto_everywhere_is_as_declared_after_one_run_although_newer_data_came() -> None:
    """The first run chose what was the newest then; it counts, whatever the rule says today."""
    kits, cudnn = CudaSpec(toolkits=("12.8",)), CudnnSpec(version="9.10.2")
    then = host("RTX 4090", driver=DriverSpec(branch="570"), cuda=kits, cudnn=cudnn)
    seen = model.as_observed(then)
    now = host("RTX 4090", cudnn=CudnnSpec(auto=True))
    rule = choose.settled(now, None)
    assert (choose.branch(now, None).value, rule.cuda, rule.cudnn) != ("570", then.cuda, then.cudnn)
    assert plan.diff(rule, seen).changes == ()
    assert plan.diff(rule, seen).findings == plan.diff(then, seen).findings


def pinned(seen: Snapshot, *stanzas: tuple[str, str]) -> Snapshot:
    text = "\n".join(f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in stanzas)
    file = FileState(path=PATH, content=text, mode="0644", owner="root")
    return seen.model_copy(update={"apt": seen.apt.model_copy(update={"files": {PATH: file}})})


def test_what_works_or_was_chosen_before_comes_before_the_rule() -> None:
    spec = host("RTX 4090")
    old = host("RTX 4090", driver=DriverSpec(branch="570"), cuda=CudaSpec(toolkits=("12.6",)))
    seen = model.as_observed(old)
    assert choose.branch(spec, seen).said == "observed: 570.195.03 works on the host"
    assert choose.toolkit(spec, seen).said == "observed: chosen by an earlier run"
    assert choose.settled(spec, seen).cuda == CudaSpec(auto=True, toolkits=("12.6",), chosen="12.6")
    bare = pinned(model.bare(spec), ("nvidia-open-580", "580.95.05-0ubuntu1"), ("cuda-toolkit-12-8", "12.8.1-1"))
    assert (choose.branch(spec, bare).value, choose.toolkit(spec, bare).value) == ("580", "12.8")
    assert choose.branch(spec, bare).said == "observed: chosen by an earlier run"


def test_a_toolkit_on_the_host_that_does_not_suit_is_passed_over() -> None:
    spec = host("RTX 5090")
    seen = pinned(model.bare(host("RTX 4090")), ("cuda-toolkit-12-6", "12.6.3-1"), ("cuda-toolkit-14-0", "14.0.0-1"))
    assert choose.toolkit(spec, pinned(seen, ("cuda-toolkit-12-6", "12.6.3-1"))).value == "13.0"


def test_the_second_run_changes_nothing_although_something_newer_is_known() -> None:
    spec = host("RTX 4090", driver=DriverSpec(branch="580"))
    first = model.as_observed(host("RTX 4090", driver=DriverSpec(branch="580"), cuda=CudaSpec(toolkits=("12.9",))))
    assert choose.toolkit(spec, None).value == "13.0", "the rule says something newer"
    assert plan.diff(spec, first).changes == ()
    assert plan.diff(choose.settled(spec, None), first).changes == (), "also where it was settled without a look"


def test_the_lock_comes_first() -> None:
    values = {"driver.branch": "580", "driver.fabric_manager": True, "cuda.toolkits": ("12.9",)}
    spec = host("RTX 4090").model_copy(update={"locked": Locked(choices=values)})
    seen = model.as_observed(host("RTX 4090", driver=DriverSpec(branch="570"), cuda=CudaSpec(toolkits=("12.6",))))
    for found in (choose.choices(spec), choose.choices(spec, seen)):
        assert (found["driver.branch"].value, found["driver.branch"].by) == ("580", "lock")
        assert (found["cuda.toolkits"].value, found["driver.fabric_manager"].value) == ("12.9", "true")


def test_a_vague_name_means_what_is_there_and_else_all_that_it_may() -> None:
    spec = host("GT 640")
    assert {kind.generation for kind in choose.kinds(spec, None).known} == {"kepler", "kepler-gk10x"}
    newer = model.bare(host("RTX 4090"))
    device = newer.gpu.devices[0].model_copy(update={"device": "1282"})
    seen = newer.model_copy(update={"gpu": newer.gpu.model_copy(update={"devices": (device,)})})
    assert {kind.generation for kind in choose.kinds(spec, seen).known} == {"kepler"}
    unknown = choose.kinds(host("Foo 9000"), newer)
    assert ({kind.generation for kind in unknown.known}, unknown.unknown) == ({"ada"}, ())


def test_a_vague_name_that_decides_is_asked_about_before_the_host_tells(tmp_path: Path) -> None:
    """The GTX 750 Ti is Maxwell, and was sold as Kepler too; only the first has a driver beside an Ada."""
    gpus = "gpus: [GTX 750 Ti, RTX 4090]\n"
    (warning,) = problems(tmp_path / "one", {"hosts/h.yaml": OK + gpus})
    assert (warning.code, warning.severity, warning.path) == ("CMP060", "warning", "gpus")
    assert 'pci_id: "10de:1380" for GeForce GTX 750 Ti (Maxwell)' in (warning.hint or "")
    found = problems(tmp_path / "two", {"hosts/h.yaml": OK + gpus + "cuda: {toolkits: auto}\n"})
    assert ("CMP060", "error", "cuda.toolkits") in {(one.code, one.severity, one.path) for one in found}
    ids = "gpus: [{pci_id: '10de:1380'}, RTX 4090]\ncuda: {toolkits: auto}\n"
    assert problems(tmp_path / "three", {"hosts/h.yaml": OK + ids}) == []
    spec = host("GTX 750 Ti", "RTX 4090")
    seen = model.bare(host("RTX 4090"))
    maxwell = seen.gpu.devices[0].model_copy(update={"device": "1380", "slot": "0000:02:00.0"})
    both = seen.gpu.model_copy(update={"devices": (*seen.gpu.devices, maxwell)})
    seen = seen.model_copy(update={"gpu": both})
    assert (choose.branch(spec, None).value, choose.branch(spec, seen).value) == (None, "580")
