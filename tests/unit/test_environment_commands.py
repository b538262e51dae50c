"""The shell scripts that make environments: what is asked of conda and pip, and that nothing in them can break out."""

import shlex
import subprocess
from typing import cast

import pytest
from pyinfra.api.host import Host

from deploys import environments
from deploys.step import Work
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.environments import EnvironmentSpec, ExplicitPackage, PipIndex, PipSpec
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.plan import Change, Plan
from schema.repository import MirrorsSpec
from schema.snapshot import Release, Snapshot

CONDA = CondaSpec(version="25.3.1-0")
MISSING = [Change(concern="environments", item="ds", observed=None, desired="present")]


def work(*packages: CondaPackage, mirrors: MirrorsSpec | None = None) -> Work:
    there = (EnvironmentState(name="ds", prefix="/opt/conda/envs/ds", packages=packages),) if packages else ()
    seen = Snapshot(
        hostname="desk",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0"),
        conda=CondaState(prefix="/opt/conda", version="25.3.1", environments=there),
    )
    spec = HostSpec(name="desk", ubuntu="24.04", conda=CONDA, mirrors=mirrors or MirrorsSpec())
    return Work(host=cast("Host", None), spec=spec, shown=Plan(host="desk"), seen=seen)


def script(declared: EnvironmentSpec, state: Work, changes: list[Change]) -> list[list[str]]:
    text = environments.script_for(state, CONDA, "ds", declared, changes)
    subprocess.run(["sh", "-n", "-c", text], check=True)
    return [shlex.split(line) for line in text.splitlines() if "bin/" in line and not line.startswith("if ")]


def test_a_missing_environment_is_created_from_its_declaration_and_mirror() -> None:
    declared = EnvironmentSpec(python="3.11", packages=("numpy>=2,<3",), kernel=True)
    mirror = MirrorsSpec(conda="https://mirror.example.org/conda")
    (create,) = script(declared, work(mirrors=mirror), MISSING)
    assert create[1:6] == ["/opt/conda/bin/conda", "create", "-y", "-p", "/opt/conda/envs/ds"]
    assert create[6:9] == ["--override-channels", "-c", "https://mirror.example.org/conda/conda-forge"]
    assert create[9:] == ["ipykernel", "python=3.11", "numpy>=2,<3"]


def test_a_package_that_moved_goes_back_to_the_plans_version_when_it_is_one() -> None:
    declared = EnvironmentSpec(packages=("numpy", "scipy"))
    state = work(CondaPackage(name="numpy", version="1.26.4"))
    back = Change(concern="environments", item="ds/numpy", observed="1.26.4", desired="2.1.3")
    assert script(declared, state, [back])[0][-2:] == ["numpy=2.1.3", "scipy"]
    odd = back.model_copy(update={"desired": "2.1.3; touch /tmp/x"})
    assert script(declared, state, [odd])[0][-2:] == ["numpy", "scipy"]


def test_extras_are_removed_by_the_program_that_installed_them() -> None:
    state = work(CondaPackage(name="einops", version="0.8.1", manager="pip"), CondaPackage(name="six", version="1"))
    gone = [
        Change(concern="environments", item=f"ds/{name}", observed="1", desired=None)
        for name in ("einops", "six", "not-there")
    ]
    rows = script(EnvironmentSpec(exact=True), state, gone)
    assert rows[0][1:] == ["/opt/conda/envs/ds/bin/python", "-m", "pip", "uninstall", "-y", "einops"]
    assert rows[1][1:] == ["/opt/conda/bin/conda", "remove", "-y", "-p", "/opt/conda/envs/ds", "six"]


def test_a_package_with_an_index_of_its_own_comes_from_it_alone() -> None:
    pip = PipSpec(
        packages=("torch==2.8.0", "einops"),
        indexes=(PipIndex(url="https://download.example.org/whl/cu126", packages=("torch",)),),
    )
    rows = script(EnvironmentSpec(pip=pip), work(), MISSING)
    first, second = (row[row.index("install") + 1 :] for row in rows if "pip" in row and "-m" in row)
    assert first == ["--no-deps", "--index-url", "https://download.example.org/whl/cu126", "torch==2.8.0"]
    assert second == ["torch==2.8.0", "einops"]


def test_an_environments_owner_runs_its_commands() -> None:
    text = environments.script_for(work(), CONDA, "ds", EnvironmentSpec(owner="maria", packages=("numpy",)), MISSING)
    commands = [line for line in text.splitlines() if "/bin/conda" in line or "/bin/python" in line]
    assert commands
    assert all(line.startswith("runuser -u maria -- env HOME=") for line in commands)


def test_an_explicit_lock_is_installed_by_its_urls_and_hashes() -> None:
    locked = ExplicitPackage(
        url="https://conda.anaconda.org/conda-forge/noarch/six-1.17.0-py_0.conda",
        name="six",
        version="1.17.0",
        build="py_0",
        md5="0" * 32,
    )
    declared = EnvironmentSpec(lock="ds.lock", explicit=(locked,))
    (file,) = environments.lock_files(work(), "ds", declared, MISSING)
    assert file.path == "/var/lib/gpufleet/environments/ds/packages.txt"
    text = f"{environments.script_for(work(), CONDA, 'ds', declared, MISSING)}\n{file.content}"
    assert "@EXPLICIT" in text
    assert f"six-1.17.0-py_0.conda#{'0' * 32}" in text
    assert '--file "$list"' in text


@pytest.mark.parametrize("requirement", ["a; touch x", "a'b", 'torch; python_version < "3.12"', "a|b", "a>=1"])
def test_requirements_stay_single_arguments(requirement: str) -> None:
    rows = script(EnvironmentSpec(pip=PipSpec(packages=(requirement,))), work(), MISSING)
    assert rows[-1][-1] == requirement


def test_requirements_with_hashes_reach_pip_by_a_file_that_the_owner_can_read() -> None:
    index = PipIndex(url="https://wheels.example.org/cu126", packages=("torch",))
    lines = (f"torch==2.8.0 --hash=sha256:{'a' * 64}", f"numpy==1.26.4 --hash=sha256:{'b' * 64}")
    declared = EnvironmentSpec(owner="maria", pip=PipSpec(packages=("six",), lines=lines, indexes=(index,)))
    own, everything = environments.lock_files(work(), "ds", declared, MISSING)
    assert own.content == f"{lines[0]}\n"
    assert everything.content.splitlines() == ["six", *lines]
    rows = [row for row in script(declared, work(), MISSING) if "-m" in row]
    assert [row[row.index("install") + 1 :] for row in rows] == [
        ["--no-deps", "--index-url", index.url, "-r", own.path],
        ["-r", everything.path],
    ]
    text = environments.script_for(work(), CONDA, "ds", declared, MISSING)
    assert f"chmod 755 /var/lib/gpufleet/environments {own.path.rpartition('/')[0]}" in text
