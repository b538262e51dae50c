"""The rules of what goes together: each names what is wrong and a value that works."""

from pathlib import Path

import pytest

from schema import compat, load
from schema.rules import auto
from tests.unit.test_load_refusals import CONDA, OK, problems

U26 = 'ubuntu: "26.04"\n'
U20 = 'ubuntu: "20.04"\n'
U22 = 'ubuntu: "22.04"\n'
SHA = "a" * 64

REFUSED = [
    (OK + "gpus: [GTX 1080]\ndriver: {branch: 595}\n", "CMP001", "driver.branch", "Set driver.branch: 580."),
    (OK + "gpus: [GTX 1080]\ndriver: {version: 595.71.05}\n", "CMP001", "driver.version", "Set driver.version: 580."),
    (OK + "gpus: [Tesla K80]\ndriver: {branch: 580}\n", "CMP001", "driver.branch", "Set driver.branch: 470."),
    (OK + "gpus: [RTX 5090]\ndriver: {branch: 550}\n", "CMP001", "driver.branch", "Set driver.branch: 580."),
    (OK + "gpus: [{pci_id: '10de:1b80'}]\ndriver: {branch: 610}\n", "CMP001", "driver.branch", "580"),
    (OK + "gpus: [GTX 1080]\ndriver: {branch: 580, modules: open}\n", "CMP002", "driver.modules", "proprietary"),
    (OK + "gpus: [GTX 1080]\ndriver: {modules: open}\n", "CMP002", "driver.modules", "proprietary"),
    (OK + "gpus: [B200]\ndriver: {modules: proprietary}\n", "CMP002", "driver.modules", "open"),
    (OK + "gpus: [GH200]\ndriver: {modules: proprietary}\n", "CMP002", "driver.modules", "open"),
    (OK + "gpus: [H100]\ndriver: {branch: 615, modules: proprietary}\n", "CMP003", "driver.modules", "auto"),
    (OK + "gpus: [T4]\ndriver: {branch: 470, modules: open}\n", "CMP003", "driver.modules", "auto"),
    (OK + "gpus: [H100]\ndriver: {branch: 570}\ncuda: {toolkits: ['13.0']}\n", "CMP004", "cuda.toolkits.0", "580"),
    (
        OK + "gpus: [H100]\ndriver: {branch: 570}\ncuda: {toolkits: ['12.9'], policy: strict}\n",
        "CMP004",
        "cuda.toolkits.0",
        "Set driver.branch: 580.",
    ),
    (
        OK + "gpus: [H100]\ndriver: {version: 575.51.02}\ncuda: {toolkits: ['12.9'], policy: strict}\n",
        "CMP004",
        "cuda.toolkits.0",
        "575.51.03",
    ),
    (
        U22 + "gpus: [Tesla K80]\ndriver: {branch: 470}\ncuda: {toolkits: ['12.0']}\n",
        "CMP007",
        "cuda.toolkits.0",
        '"11.8"',
    ),
    (OK + "cuda: {toolkits: ['11.8']}\n", "CMP005", "cuda.toolkits.0", 'Write "12.6", or use Ubuntu 20.04 or 22.04.'),
    (OK + "cuda: {toolkits: ['12.4']}\n", "CMP005", "cuda.toolkits.0", '"12.6"'),
    (U20 + "cuda: {toolkits: ['13.0']}\n", "CMP005", "cuda.toolkits.0", '"12.9"'),
    (U26 + "cuda: {toolkits: ['11.8']}\n", "CMP005", "cuda.toolkits.0", '"13.3"'),
    (OK + "gpus: [GTX 1080, B200]\n", "CMP006", "gpus", "hosts of their own"),
    (OK + "gpus: [K80, H100]\ndriver: {branch: 470}\n", "CMP006", "gpus", "hosts of their own"),
    (
        U22 + "gpus: [K80]\ncuda: {toolkits: ['11.8'], policy: strict}\n",
        "CMP006",
        "cuda.toolkits.0",
        "cuda.policy: minor-compatible",
    ),
    (OK + "gpus: [GTX 1080]\ncuda: {toolkits: ['13.0']}\n", "CMP007", "cuda.toolkits.0", 'Write "12.9".'),
    (U22 + "gpus: [RTX 5090]\ncuda: {toolkits: ['12.6']}\n", "CMP007", "cuda.toolkits.0", '"12.8" or newer'),
    (OK + "gpus: [{count: 2}]\n", "INV030", "gpus.0", "model: GTX 1080"),
    (OK + "driver: {branch: 570, version: 580.95.05}\n", "INV030", "driver.version", "driver.branch: 580"),
    (OK + "driver: {variant: server}\n", "INV030", "driver.variant", "driver.source: ubuntu"),
    (OK + "driver: {delivery: prebuilt}\n", "INV030", "driver.delivery", "driver.source: ubuntu"),
    (OK + "cuda: {toolkits: ['12.9'], default: '12.6'}\n", "INV030", "cuda.default", "12.9"),
    (OK + "cuda: {toolkits: ['12.9', 12.9.1]}\n", "INV030", "cuda.toolkits.1", "Delete one"),
    (OK + "cuda: {toolkits: ['12.9', {'12.9': absent}]}\n", "INV030", "cuda.toolkits", "Delete one"),
    (OK + "cudnn: {version: 9.10.2}\n", "INV030", "cudnn", "toolkits"),
    (OK + "cuda: {toolkits: ['12.9']}\ncudnn: {version: {'13': 9.17.0}}\n", "INV030", "cudnn.version.13", "'12'"),
    (OK + "cuda: {toolkits: ['12.9', '13.0']}\ncudnn: {version: {'13': 9.17.0}}\n", "INV030", "cudnn.version", '"12"'),
    (OK + "mirrors: {cuda: {url: 'https://m/{release}'}}\n", "INV030", "mirrors.cuda.url", "Write it out."),
    (OK + "mirrors: {conda: 'https://m/{distro}'}\n", "INV030", "mirrors.conda", "Write it out."),
    (OK + "connection: {sudo_password: {env: A, file: b}}\n", "INV030", "connection.sudo_password", "env: NAME"),
    (OK + "gpus: []\ndriver: {branch: 580}\n", "INV031", "driver", "Delete one"),
    (OK + "environments: {ds: {python: '3.11'}}\n", "INV033", "environments.ds", "25.3.1-0"),
    (CONDA + "environments: {base: {python: '3.11'}}\n", "INV030", "environments.base", "another name"),
    (CONDA + "environments: {a: {}}\n", "INV030", "environments.a", "packages"),
    (CONDA + "environments: {a: {file: a.yml, lock: b}}\n", "INV030", "environments.a.lock", "Keep one"),
    (CONDA + "environments: {a: {file: a.yml, packages: [b]}}\n", "INV030", "environments.a.packages", "Keep one"),
    (
        CONDA + "environments: {a: {lock: a, pip: {packages: [b]}}}\n",
        "INV030",
        "environments.a.pip.packages",
        "Keep one",
    ),
    (OK + "conda: {version: 99.1-0}\n", "INV034", "conda.version", "25.3.1-0"),
    (OK + "conda: {distribution: miniconda, version: py313_26.5.3-1}\n", "INV035", "conda.distribution", "miniforge"),
]


@pytest.mark.parametrize(("content", "code", "path", "hint"), REFUSED)
def test_what_cannot_go_together_is_refused_with_a_value_that_works(
    tmp_path: Path, content: str, code: str, path: str, hint: str
) -> None:
    found = [problem for problem in problems(tmp_path, {"hosts/a.yaml": content}) if problem.code == code]
    assert [(problem.path, problem.severity) for problem in found] == [(path, "error")]
    assert hint in (found[0].hint or "")
    assert found[0].line is not None and found[0].line > 1


WARNED = [
    (OK + "gpus: [GTX 1O80]\n", "CMP008", "GeForce GTX 1080"),
    (OK + "gpus: [{pci_id: '10de:ffff'}]\n", "CMP008", "driver.branch"),
    (OK + "cuda: {toolkits: ['12.7']}\n", "CMP009", "12.8"),
    (OK + "cuda: {toolkits: ['12.5']}\n", "CMP005", "12.6"),
    (U26 + "cuda: {toolkits: ['12.9']}\n", "CMP005", "13.3"),
    (OK + f"conda: {{version: 25.3.1-0, sha256: {SHA}}}\n", "INV034", "Delete conda.sha256"),
]


@pytest.mark.parametrize(("content", "code", "hint"), WARNED)
def test_what_is_not_known_or_not_confirmed_warns_and_refuses_nothing(
    tmp_path: Path, content: str, code: str, hint: str
) -> None:
    found = problems(tmp_path, {"hosts/a.yaml": content})
    assert [(problem.code, problem.severity) for problem in found] == [(code, "warning")]
    assert hint in (found[0].hint or "")


FINE = [
    OK + "gpus: [GTX 1080]\ndriver: {branch: 580, modules: proprietary}\ncuda: {toolkits: ['12.9', '12.6']}\n",
    U22
    + "gpus: [{model: H100 SXM, count: 8}]\ndriver: {branch: 580, modules: open}\ncuda: {toolkits: ['11.8', '13.0']}\n",
    OK + "gpus: [RTX 5090]\ndriver: {branch: 570}\ncuda: {toolkits: ['12.8']}\n",
    OK + "gpus: [H100]\ndriver: {branch: 535}\ncuda: {toolkits: ['12.9']}\n",
    OK + "gpus: []\ncuda: {toolkits: ['13.0']}\n",
    OK + "driver: none\ngpus: [GTX 1080]\ncuda: {toolkits: ['12.9']}\n",
    OK + f"conda: {{version: 99.1-0, sha256: {SHA}}}\n",
    OK + "driver: {source: ubuntu, variant: server, delivery: prebuilt, branch: 580}\n",
]


@pytest.mark.parametrize("content", FINE)
def test_what_goes_together_is_not_refused(tmp_path: Path, content: str) -> None:
    assert problems(tmp_path, {"hosts/a.yaml": content}) == []


AUTO = [
    ("[GTX 1080]", "", (580, "proprietary")),
    ("[Tesla V100-SXM2-16GB]", "", (580, "proprietary")),
    ("[Tesla K80]", "", (470, "proprietary")),
    ("[T4]", "", (580, "open")),
    ("[H100 SXM]", "", (580, "open")),
    ("[H100 SXM]", "cuda: {toolkits: ['13.3']}\n", (580, "open")),
    ("[H100 SXM]", "cuda: {toolkits: ['13.2'], policy: strict}\n", (595, "open")),
    ("[H100 SXM]", "cuda: {toolkits: ['13.3'], policy: strict}\n", (610, "open")),
    ("[RTX 5090, T4]", "", (580, "open")),
    ("[GTX 1080, T4]", "", (580, "proprietary")),
    ("[some new GPU]", "", (None, None)),
]


@pytest.mark.parametrize(("gpus", "cuda", "expected"), AUTO)
def test_auto_is_the_branch_and_flavour_that_drive_all_gpus(
    tmp_path: Path, gpus: str, cuda: str, expected: tuple[int | None, str | None]
) -> None:
    problems(tmp_path, {"hosts/a.yaml": f'ubuntu: "22.04"\ngpus: {gpus}\n{cuda}'})
    spec = load.fleet(tmp_path).hosts["a"]
    assert (auto.branch(spec), auto.flavour(spec)) == expected


def test_every_hint_that_names_a_branch_names_one_that_is_then_accepted(tmp_path: Path) -> None:
    """Following the advice must lead to a valid host, for a GPU of every generation and every branch."""
    wrong = []
    for gpu in {gpu.architecture: gpu for gpu in compat.data.gpus()}.values():
        for branch in compat.branches():
            found = problems(
                tmp_path, {"hosts/a.yaml": f"{OK}gpus: [{gpu.name!r}]\ndriver: {{branch: {branch.number}}}\n"}
            )
            for problem in found:
                if problem.code == "CMP001":
                    advised = int((problem.hint or "").removesuffix(".").rsplit(" ", 1)[1])
                    text = f"{OK}gpus: [{gpu.name!r}]\ndriver: {{branch: {advised}}}\n"
                    again = problems(tmp_path, {"hosts/a.yaml": text})
                    wrong += [(gpu.name, branch.number, advised)] if any(one.code == "CMP001" for one in again) else []
    assert not wrong


BOARDS = [
    (OK + "gpus: [RTX 4090]\ndriver: {branch: 580, fabric_manager: true}\n", "CMP014", "driver.fabric_manager"),
    (OK + "gpus: [H100 PCIe]\ndriver: {branch: 580, fabric_manager: true}\n", "CMP014", "driver.fabric_manager"),
    (
        OK + "gpus: [{model: H100 80GB HBM3, count: 8}]\ndriver: {branch: 580, fabric_manager: false}\n",
        "CMP014",
        "driver.fabric_manager",
    ),
    (OK + "gpus: [GB200]\n", "CMP016", "arch"),
    (OK + "gpus: [RTX 4090]\ndriver: {version: 580.95.06}\n", "CMP011", "driver.version"),
    (OK + "gpus: [RTX 4090]\ndriver: {version: '580'}\n", "CMP011", "driver.version"),
    (OK + "gpus: [RTX 4090]\ndriver: {source: ubuntu, branch: 570}\n", "CMP013", "driver.branch"),
    (OK + "gpus: [RTX 4090]\ndriver: {branch: 600}\n", "CMP010", "driver.branch"),
    (U22 + "gpus: [K80]\ndriver: {branch: 470}\n", "CMP013", "driver.branch"),
    (U26 + "gpus: [GTX 1080]\ndriver: {branch: 580}\n", "CMP013", "driver.branch"),
    (U22 + "gpus: [RTX 4090]\ndriver: {branch: 580}\ncuda: {toolkits: ['11.7']}\n", "CMP012", "cuda.toolkits.0"),
    (U22 + "mirrors: {cuda: {url: 'https://m/'}}\ncuda: {toolkits: ['11.4']}\n", "CMP005", "cuda.toolkits.0"),
]


@pytest.mark.parametrize(("content", "code", "path"), BOARDS)
def test_what_may_be_meant_so_warns(tmp_path: Path, content: str, code: str, path: str) -> None:
    found = problems(tmp_path, {"hosts/a.yaml": content})
    assert [(problem.code, problem.severity, problem.path) for problem in found] == [(code, "warning", path)]


SILENT = [
    OK + "gpus: [{model: H100 80GB HBM3, count: 8}]\ndriver: {branch: 580, fabric_manager: true}\n",
    OK + "gpus: [H100 80GB HBM3]\ndriver: {branch: 580, fabric_manager: false}\n",
    OK + "arch: aarch64\ngpus: [{model: GB200, count: 4}]\ndriver: {branch: 580}\ncuda: {toolkits: ['13.0']}\n",
    OK + "gpus: [H100]\ndriver: {version: 570.133.20}\ncuda: {toolkits: ['12.8']}\n",
    OK + "gpus: [L40S]\ndriver: {source: ubuntu, branch: 535, variant: server}\n",
    U20 + "gpus: [K80, GTX 1080]\ndriver: {branch: 470}\ncuda: {toolkits: ['11.8']}\n",
    U20 + "gpus: [K80, A100]\ndriver: {branch: 470}\ncuda: {toolkits: ['11.8']}\n",
    OK + "gpus: [TITAN X, RTX 3050]\ndriver: {branch: 580}\n",
    OK + "platform: generic\ndriver: {source: external}\ngpus: [H100]\ncuda: {toolkits: ['13.0']}\n",
]


@pytest.mark.parametrize("content", SILENT)
def test_what_works_is_not_spoken_of(tmp_path: Path, content: str) -> None:
    assert problems(tmp_path, {"hosts/a.yaml": content}) == []


def test_fabric_manager_of_the_archive_needs_the_server_variant(tmp_path: Path) -> None:
    text = OK + "gpus: [H200]\ndriver: {source: ubuntu, branch: 580, variant: desktop, fabric_manager: true}\n"
    (problem,) = problems(tmp_path, {"hosts/a.yaml": text})
    assert (problem.code, problem.severity, problem.hint) == ("CMP015", "error", "Set driver.variant: server.")


def test_a_vague_name_is_refused_only_where_no_meaning_works(tmp_path: Path) -> None:
    """Quadro RTX 6000 is Turing, RTX 6000 Ada is Ada, RTX PRO 6000 is Blackwell."""
    some = problems(tmp_path / "some", {"hosts/a.yaml": OK + "gpus: [RTX 6000]\ndriver: {branch: 550}\n"})
    assert [(problem.code, problem.severity) for problem in some] == [("CMP001", "warning")]
    assert "'Quadro RTX 6000'" in (some[0].hint or "")
    none = problems(tmp_path / "none", {"hosts/a.yaml": OK + "gpus: [RTX 6000]\ndriver: {branch: 390}\n"})
    assert [(problem.code, problem.severity) for problem in none] == [("CMP001", "error")]


def test_an_unknown_update_of_a_known_release_is_checked_as_that(tmp_path: Path) -> None:
    text = U22 + "gpus: [H100]\ndriver: {branch: 550}\ncuda: {toolkits: [13.0.9]}\n"
    found = problems(tmp_path, {"hosts/a.yaml": text})
    assert sorted((one.code, one.severity) for one in found) == [("CMP004", "error"), ("CMP009", "warning")]
    assert any("it is checked as 13.0" in one.message for one in found)
