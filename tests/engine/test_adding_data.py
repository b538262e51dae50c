"""New data is lines of YAML and no code: CONTRIBUTING.md's examples, added to a copy of the data, are known at once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"in `schema/compat/(\w+\.yaml)`.*?```yaml\n(.*?)```", re.DOTALL)
CHECK = """
import sys
from datetime import date
from schema import compat, load
from schema.errors import InvalidInventory

try:
    problems = load.fleet(sys.argv[1], today=date(2026, 11, 24)).problems
except InvalidInventory as error:
    problems = error.problems
for problem in problems:
    print(problem.code, problem.severity, problem.path, problem.message, problem.hint)
(gpu,) = compat.gpus_by_name("rtx 5090 super")
print("gpu", gpu.compute, gpu.memory_gib, gpu.fp32_tflops, compat.gpu_by_pci_id("10de:2bff").name)
torch = compat.torch("2.16.1")
print("torch", torch.pythons[0], torch.default_for("x86_64"), torch.default_for("aarch64"), sorted(torch.builds))
"""


def examples() -> list[tuple[str, str]]:
    return EXAMPLE.findall((ROOT / "CONTRIBUTING.md").read_text())


def add(file: Path, example: str) -> None:
    """Each block below a key of the example goes to the top of the same key in the file."""
    text = file.read_text()
    for key, lines in re.findall(r"^(\w+):\n((?: .*\n)+)", example, re.MULTILINE):
        assert text.count(f"\n{key}:\n") == 1
        text = text.replace(f"\n{key}:\n", f"\n{key}:\n{lines}")
    file.write_text(text)


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """A copy of the schema room with the examples in its data."""
    shutil.copytree(ROOT / "schema", tmp_path / "schema", ignore=shutil.ignore_patterns("__pycache__"))
    for file, example in examples():
        add(tmp_path / "schema/compat" / file, example)
    return tmp_path


def check(folder: Path, host: str) -> list[str]:
    file = folder / "new.yaml"
    file.write_text(host)
    command = [sys.executable, "-c", CHECK, str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_examples_are_of_under_fifteen_lines_each() -> None:
    assert [file for file, _ in examples()] == ["toolkits.yaml", "branches.yaml", "gpus.yaml", "torch.yaml"]
    assert all(len(example.splitlines()) < 15 for _, example in examples())


def test_a_new_toolkit_gpu_and_torch_are_known_and_ruled_on(extended: Path) -> None:
    host = 'ubuntu: "24.04"\ngpus: [RTX 5090 Super]\ndriver: {branch: 580}\n'
    *problems, gpu, torch = check(extended, f'{host}cuda: {{toolkits: ["13.6"], policy: strict}}\n')
    assert len(problems) == 1
    assert problems[0].startswith("CMP004 error cuda.toolkits.0")
    assert "625.40.01" in problems[0]
    assert gpu == "gpu 12.0 48 110.5 GeForce RTX 5090 Super"
    assert torch == "torch 3.11 cu132 cu132 ['cpu', 'cu132']"


def test_without_the_examples_none_of_it_is_known() -> None:
    for name in ("13.6.0", "RTX 5090 Super", 'version: "2.16"'):
        assert not any(name in path.read_text() for path in (ROOT / "schema/compat").glob("*.yaml"))


def test_an_old_gpu_is_refused_the_new_toolkit_with_the_last_that_it_can_have(extended: Path) -> None:
    host = 'ubuntu: "24.04"\ngpus: [GTX 1080]\ndriver: {branch: 580}\ncuda: {toolkits: ["13.6"]}\n'
    problems = check(extended, host)[:-2]
    assert any(line.startswith("CMP007 error cuda.toolkits.0") and "12.9" in line for line in problems)


def test_the_cross_checks_hold_with_the_examples_too(extended: Path) -> None:
    shutil.copy(ROOT / "tests/unit/test_compat.py", extended / "test_compat.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_compat.py"]
    done = subprocess.run(command, cwd=extended, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
