"""Every GPU generation with every release, branch and flavour, against a table written by hand from NVIDIA's pages."""

import itertools

import pytest

from schema import compat, rules
from schema.host import HostSpec
from schema.rules.breach import Breach

# GPU, first branch, last branch, flavours (o open, p proprietary). Sources: the CUDA release notes (Table 3, which
# driver came with the toolkit that knows the compute capability), NVIDIA's legacy driver list, kernel modules page.
WINDOWS = [
    ("GTX 680", 0, 470, "p"),
    ("Tesla K80", 0, 470, "p"),
    ("Tesla K40m", 0, 470, "p"),
    ("GTX 980", 346, 580, "p"),
    ("GTX 1080", 367, 580, "p"),
    ("Tesla P100-PCIE-16GB", 367, 580, "p"),
    ("Quadro P4000", 367, 580, "p"),
    ("Tesla V100-SXM2-16GB", 384, 580, "p"),
    ("TITAN V", 384, 580, "p"),
    ("Tesla T4", 410, None, "op"),
    ("RTX 2080 Ti", 410, None, "op"),
    ("A100 80GB PCIe", 450, None, "op"),
    ("RTX 3090", 455, None, "op"),
    ("A10", 455, None, "op"),
    ("RTX 4090", 520, None, "op"),
    ("L4", 520, None, "op"),
    ("L40S", 520, None, "op"),
    ("H100 PCIe", 520, None, "op"),
    ("H200", 520, None, "op"),
    ("GH200 480GB", 520, None, "o"),
    ("B200", 570, None, "o"),
    ("GB200", 570, None, "o"),
    ("RTX 5090", 570, None, "o"),
    ("RTX PRO 6000 Blackwell Server Edition", 570, None, "o"),
    ("B300", 575, None, "o"),
    ("GB10", 575, None, "o"),
]
RELEASES = ("18.04", "20.04", "22.04", "24.04", "26.04")
BRANCHES = (390, 450, 455, 470, 510, 515, 520, 535, 550, 570, 575, 580, 590, 595, 610, 615)


def broken(spec: HostSpec) -> list[Breach]:
    """What the rules about drivers and toolkits say."""
    return [breach for rule, _ in rules.GENERIC for breach in rule(spec)]


def spec(**values: object) -> HostSpec:
    return HostSpec.model_validate({"name": "a", "ubuntu": "22.04", **values})


def possible(branch: int, first: int, last: int | None, flavours: str, asked: str) -> bool:
    there = ("o" if branch >= 515 else "") + ("p" if branch < 615 else "")
    usable = set(there) & set(flavours) & set("op" if asked == "auto" else asked[0])
    return first <= branch and (last is None or branch <= last) and bool(usable)


@pytest.mark.parametrize(("gpu", "first", "last", "flavours"), WINDOWS)
def test_a_branch_is_refused_exactly_where_it_does_not_drive_the_gpu(
    gpu: str, first: int, last: int | None, flavours: str
) -> None:
    wrong = []
    for ubuntu, branch, asked in itertools.product(RELEASES, BRANCHES, ("auto", "open", "proprietary")):
        one = spec(ubuntu=ubuntu, gpus=[{"model": gpu}], driver={"branch": str(branch), "modules": asked})
        refused = any(breach.severity == "error" for breach in broken(one))
        if refused == possible(branch, first, last, flavours, asked):
            wrong.append((ubuntu, branch, asked, refused, [breach.message for breach in broken(one)]))
    assert wrong == []


# GPU, toolkits that make code for it (e exact, l for a lower minor of its major), those that make none.
TOOLKITS = [
    ("GTX 680", "10.2 9.0 8.0", "", "11.0 11.8 12.0 13.0"),
    ("Tesla K80", "11.8 11.4 10.2 8.0", "", "12.0 12.9 13.0"),
    ("GTX 980", "12.9 11.8 7.5", "", "13.0 13.3"),
    ("GTX 1080", "12.9 11.8 8.0", "", "13.0 13.3 7.5"),
    ("Tesla V100-SXM2-16GB", "12.9 11.0 9.0", "", "13.0 13.2 8.0"),
    ("Tesla T4", "13.3 12.6 11.0 10.0", "9.2", "8.0"),
    ("A100 80GB PCIe", "13.3 12.0 11.0", "", "10.2 9.0"),
    ("RTX 3090", "13.3 11.1 11.8", "11.0", "10.2"),
    ("RTX 4090", "13.3 11.8 12.0", "11.7 11.1 11.0", "10.2"),
    ("L4", "12.4 11.8", "11.7", "10.2"),
    ("H100 PCIe", "13.3 11.8 12.0", "", "11.7 11.4 10.2"),
    ("GH200 480GB", "12.4 11.8", "", "11.4"),
    ("B200", "12.8 12.9 13.0", "", "12.6 12.0 11.8"),
    ("B300", "12.9 13.0", "12.8", "12.6 11.8"),
    ("RTX 5090", "12.8 13.3", "", "12.6 12.4 11.8"),
    ("GB10", "12.9 13.0", "12.8", "12.6"),
]


@pytest.mark.parametrize(("gpu", "exact", "lower", "none"), TOOLKITS)
def test_a_toolkit_is_refused_exactly_where_its_code_does_not_run_on_the_gpu(
    gpu: str, exact: str, lower: str, none: str
) -> None:
    def codes(version: str) -> list[tuple[str, str]]:
        one = spec(gpus=[{"model": gpu}], driver="none", cuda={"toolkits": [version]})
        return [(breach.code, breach.severity) for breach in broken(one) if breach.code in {"CMP007", "CMP012"}]

    assert {version: codes(version) for version in exact.split()} == {version: [] for version in exact.split()}
    assert [codes(version) for version in lower.split()] == [[("CMP012", "warning")] for _ in lower.split()]
    assert [codes(version) for version in none.split()] == [[("CMP007", "error")] for _ in none.split()]


# Toolkit, policy, driver, whether it is new enough (minor-version compatibility; the release notes' Table 3).
FLOORS = [
    ("13.0", "minor-compatible", "580", True),
    ("13.2", "minor-compatible", "580", True),
    ("13.0", "minor-compatible", "575", False),
    ("13.0", "minor-compatible", "580.65.05", False),
    ("12.9", "minor-compatible", "525", True),
    ("12.9", "minor-compatible", "525.60.13", True),
    ("12.0", "minor-compatible", "525.53", False),
    ("12.4", "minor-compatible", "520", False),
    ("11.8", "minor-compatible", "470", True),
    ("11.8", "minor-compatible", "450.80.02", True),
    ("11.2", "minor-compatible", "450.51.06", False),
    ("11.0", "minor-compatible", "450.51.05", True),
    ("10.2", "minor-compatible", "440.33", True),
    ("10.2", "minor-compatible", "440.32", False),
    ("10.1", "minor-compatible", "410", False),
    ("8.0", "minor-compatible", "580", True),
    ("13.0.2", "strict", "580.95.05", True),
    ("13.0.2", "strict", "580.65.06", False),
    ("13.0.2", "strict", "580", True),
    ("13.1", "strict", "580", False),
    ("13.3", "strict", "595", False),
    ("13.3", "strict", "610", True),
    ("12.9", "strict", "570", False),
    ("12.8.1", "strict", "570.124.06", True),
    ("12.8.1", "strict", "570.86.16", False),
    ("11.8", "strict", "470", False),
    ("11.4", "strict", "470", True),
    ("11.5", "strict", "470", False),
]


@pytest.mark.parametrize(("toolkit", "policy", "driver", "enough"), FLOORS)
@pytest.mark.parametrize("source", ["nvidia", "external"])
def test_a_driver_is_compared_with_the_floor_of_the_policy(
    source: str, toolkit: str, policy: str, driver: str, enough: bool
) -> None:
    key = "version" if "." in driver else "branch"
    one = spec(driver={key: driver, "source": source}, cuda={"toolkits": [toolkit], "policy": policy})
    assert ["CMP004" for breach in broken(one) if breach.code == "CMP004"] == ([] if enough else ["CMP004"])


def test_the_table_has_every_generation_of_the_data() -> None:
    named = {model.architecture for gpu, *_ in WINDOWS for model in compat.gpus_by_name(gpu)}
    assert {row.name for row in compat.data.architectures().values()} - named <= {"fermi", "thor", "rubin"}


@pytest.mark.parametrize(
    ("gpus", "together"),
    [
        (("GTX 1080", "RTX 5090"), False),
        (("Tesla K80", "H100 PCIe"), False),
        (("Tesla V100-SXM2-16GB", "B200"), False),
        (("GTX 1080", "GH200 480GB"), False),
        (("Tesla K80", "RTX 4090"), False),
        (("Tesla K80", "GTX 1080"), True),
        (("Tesla K80", "A100 80GB PCIe"), True),
        (("GTX 1080", "Tesla T4"), True),
        (("Tesla V100-SXM2-16GB", "H100 PCIe"), True),
        (("Tesla T4", "RTX 5090"), True),
        (("GTX 1080", "RTX 3090", "RTX 4090"), True),
        (("GTX 1080", "RTX 3090", "RTX 5090"), False),
    ],
)
@pytest.mark.parametrize("branch", ["auto", "580", "470"])
def test_gpus_that_no_driver_drives_together_are_refused_once(
    gpus: tuple[str, ...], together: bool, branch: str
) -> None:
    one = spec(gpus=[{"model": gpu} for gpu in gpus], driver={"branch": branch})
    told = [breach for breach in broken(one) if breach.severity == "error"]
    assert (not any(breach.code == "CMP006" for breach in told)) == together
    if not together:
        assert [breach.code for breach in told] == ["CMP006"]
        assert gpus[0] in told[0].message and gpus[-1] in told[0].message
