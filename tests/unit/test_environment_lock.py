"""Locked environments: what differs from the lock, and the scripts and files that bring it."""

import hashlib
import shlex
import subprocess
from pathlib import Path
from typing import cast

import pytest
from pyinfra.api.host import Host

from deploys import environments, explicit, pinned
from deploys.step import Work
from deploys.task import Result
from schema import environments as declarations
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.environments import EnvironmentSpec, ExplicitPackage, PinnedPackage, PipIndex, PipSpec, obey
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.lock.model import Locked, LockedEnvironment
from schema.plan import Change, Plan
from schema.repository import MirrorsSpec
from schema.snapshot import Release, Snapshot

FORGE = "https://conda.example.org/conda-forge"
INDEX = "https://download.example.org/whl/cu126"
CONDA = CondaSpec(version="25.3.1-0")


def conda(name: str, version: str, build: str = "h1_0", subdir: str = "linux-64") -> ExplicitPackage:
    url = f"{FORGE}/{subdir}/{name}-{version}-{build}.conda"
    digest = hashlib.sha256(url.encode()).hexdigest()
    return ExplicitPackage(url=url, name=name, version=version, build=build, sha256=digest, md5="0" * 32)


def wheel(name: str, version: str, **more: str) -> PinnedPackage:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return PinnedPackage.model_validate({"name": name, "version": version, "hashes": [digest]} | more)


LOCKED = EnvironmentSpec(
    python="3.12",
    packages=("numpy",),
    pip=PipSpec(packages=("torch",), indexes=(PipIndex(url=INDEX, packages=("torch",)),)),
    explicit=(conda("python", "3.12.11"), conda("libblas", "3.9.0"), conda("numpy", "2.2.6", "py312_0")),
    pinned=(wheel("torch", "2.8.0+cu126", index=INDEX), wheel("filelock", "3.19.1")),
)
INSTALLED = (
    CondaPackage(name="python", version="3.12.11", build="h1_0"),
    CondaPackage(name="libblas", version="3.9.0", build="h1_0"),
    CondaPackage(name="numpy", version="2.2.6", build="py312_0"),
    CondaPackage(name="filelock", version="3.19.1", manager="pip"),
    CondaPackage(name="torch", version="2.8.0+cu126", manager="pip"),
)


def work(*packages: CondaPackage, declared: EnvironmentSpec = LOCKED, mirrors: MirrorsSpec | None = None) -> Work:
    there = EnvironmentState(name="ds", prefix="/opt/conda/envs/ds", owner="root", packages=packages)
    seen = Snapshot(
        hostname="desk",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0"),
        conda=CondaState(prefix="/opt/conda", version="25.3.1", environments=(there,) if packages else ()),
    )
    spec = HostSpec(
        name="desk", ubuntu="24.04", conda=CONDA, environments={"ds": declared}, mirrors=mirrors or MirrorsSpec()
    )
    return Work(host=cast("Host", None), spec=spec, shown=Plan(host="desk"), seen=seen)


def differences(
    *packages: CondaPackage, declared: EnvironmentSpec = LOCKED
) -> dict[str, tuple[str | None, str | None]]:
    state = work(*packages, declared=declared)
    found = declarations.changes(state.spec, state.seen)
    return {change.item: (change.observed, change.desired) for change in found}


def with_one(name: str, **fields: str) -> tuple[CondaPackage, ...]:
    return tuple(item.model_copy(update=fields) if item.name == name else item for item in INSTALLED)


def test_an_environment_as_locked_has_no_differences() -> None:
    assert differences(*INSTALLED) == {}
    assert differences(*INSTALLED, declared=LOCKED.model_copy(update={"exact": True})) == {}


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("numpy", {"version": "2.3.0"}, ("2.3.0 py312_0", "2.2.6")),
        ("numpy", {"build": "py312_1"}, ("2.2.6 py312_1", "2.2.6 py312_0")),
        ("libblas", {"version": "3.8.0"}, ("3.8.0 h1_0", "3.9.0")),
        ("torch", {"version": "2.8.0"}, ("2.8.0", "2.8.0+cu126")),
        ("torch", {"version": "2.8.0+cpu"}, ("2.8.0+cpu", "2.8.0+cu126")),
        ("filelock", {"version": "3.20.0"}, ("3.20.0", "3.19.1")),
    ],
)
def test_each_package_is_compared_with_the_lock(name: str, fields: dict[str, str], expected: tuple[str, str]) -> None:
    assert differences(*with_one(name, **fields)) == {f"ds/{name}": expected}


def test_versions_are_compared_in_pips_sense() -> None:
    declared = LOCKED.model_copy(update={"pinned": (wheel("Typing_Extensions", "4.15"),), "pip": PipSpec()})
    one = CondaPackage(name="typing-extensions", version="4.15.0", manager="pip")
    assert differences(*INSTALLED[:3], one, declared=declared) == {}


def test_names_that_begin_with_an_underscore_are_kept_apart() -> None:
    names = ("_libgcc_mutex", "0.1"), ("_openmp_mutex", "4.5")
    declared = LOCKED.model_copy(update={"explicit": tuple(conda(*one) for one in names), "pinned": ()})
    there = [CondaPackage(name=name, version=version, build="h1_0") for name, version in names]
    assert differences(*there, declared=declared) == {}
    assert differences(there[0], declared=declared) == {"ds/_openmp_mutex": (None, "4.5")}


def test_what_is_missing_is_named_with_the_locked_version() -> None:
    assert differences(*INSTALLED[:2]) == {
        "ds/filelock": (None, "3.19.1"),
        "ds/numpy": (None, "2.2.6"),
        "ds/torch": (None, "2.8.0+cu126"),
    }


def test_more_than_the_lock_names_has_to_go_only_from_an_exact_environment() -> None:
    extra = CondaPackage(name="einops", version="0.8.1", manager="pip")
    assert differences(*INSTALLED, extra) == {}
    exact = LOCKED.model_copy(update={"exact": True})
    assert differences(*INSTALLED, extra, declared=exact) == {"ds/einops": ("0.8.1", None)}


def test_a_copy_by_pip_of_a_conda_package_stays_a_finding() -> None:
    state = work(*INSTALLED, CondaPackage(name="numpy", version="2.3.0", manager="pip"))
    assert [item.code for item in declarations.findings(state.spec, state.seen)] == ["GPU172"]


def test_the_lock_of_the_fleet_answers_for_a_declaration_and_says_where_it_comes_from() -> None:
    torch = {"name": "torch", "version": "2.8.0+cu126", "hashes": ["1" * 64], "index": INDEX}
    other = {
        "name": "filelock",
        "version": "3.19.1",
        "hashes": ["2" * 64],
        "index": "https://pypi.example.org/simple",
    }
    said = LockedEnvironment.model_validate(
        {"platform": "linux-64", "packages": LOCKED.explicit, "pip": [torch, other]}
    )
    declared = LOCKED.model_copy(update={"explicit": (), "pinned": None})
    spec = work(declared=declared).spec
    assert obey.of(spec, "ds") is declared
    spec = spec.model_copy(update={"locked": Locked(environments={"ds": said})})
    found = obey.of(spec, "ds")
    assert isinstance(found, EnvironmentSpec) and found.explicit == LOCKED.explicit
    assert [(item.name, item.hashes, item.index) for item in found.pinned or ()] == [
        ("torch", ("1" * 64,), INDEX),
        ("filelock", ("2" * 64,), None),
    ]
    assert obey.of(spec, "other") is None


def test_a_lock_in_which_conda_brings_all_that_pip_was_asked_for_leaves_pip_nothing_to_do() -> None:
    declared = LOCKED.model_copy(update={"pinned": (), "exact": True})
    assert differences(*INSTALLED[:3], declared=declared) == {}
    assert not any("pip" in row for row in commands(work(declared=declared), MISSING, declared))


def change(name: str, observed: str | None, desired: str | None) -> Change:
    return Change(concern="environments", item=f"ds/{name}", observed=observed, desired=desired)


MISSING = [Change(concern="environments", item="ds", observed=None, desired="present")]


def commands(state: Work, changes: list[Change], declared: EnvironmentSpec = LOCKED) -> list[list[str]]:
    text = environments.script_for(state, CONDA, "ds", declared, changes)
    subprocess.run(["sh", "-n", "-c", text], check=True)
    return [shlex.split(line) for line in text.splitlines() if line.startswith("HOME=/root ")]


def contents(state: Work, changes: list[Change]) -> dict[str, list[str]]:
    found = environments.lock_files(state, "ds", LOCKED, changes)
    assert {item.mode for item in found} == {"0644"}
    return {Path(item.path).name: (item.content or "").splitlines() for item in found}


def test_a_missing_environment_is_made_of_every_package_of_the_lock() -> None:
    state = work()
    files = contents(state, MISSING)
    assert files["packages.txt"] == [
        "@EXPLICIT",
        *(f"{item.url}#sha256:{item.sha256}" for item in LOCKED.explicit),
    ]
    torch, filelock = LOCKED.pinned or ()
    assert files["pip-0.txt"] == [f"torch==2.8.0+cu126 --hash=sha256:{torch.hashes[0]}"]
    assert files["pip-1.txt"] == [f"filelock==3.19.1 --hash=sha256:{filelock.hashes[0]}"]
    rows = commands(state, MISSING)
    assert rows[-3][1:] == ["/opt/conda/bin/conda", "create", "-y", "-p", "/opt/conda/envs/ds", "--file", "$list"]
    flags = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    folder = "/var/lib/gpufleet/environments/ds"
    assert rows[-2][2:] == ["-m", "pip", "install", *flags, "--index-url", INDEX, "-r", f"{folder}/pip-0.txt"]
    assert rows[-1][2:] == ["-m", "pip", "install", *flags, "-r", f"{folder}/pip-1.txt"]


def test_only_what_differs_is_brought_to_an_environment_that_is_there() -> None:
    state = work(*with_one("numpy", version="2.3.0"))
    files = contents(state, [change("numpy", "2.3.0", "2.2.6")])
    assert list(files) == ["packages.txt"] and len(files["packages.txt"]) == 2
    rows = commands(state, [change("numpy", "2.3.0", "2.2.6")])
    assert rows[-1][1:4] == ["/opt/conda/bin/conda", "install", "-y"]
    assert not any("pip" in row for row in rows)


def test_a_package_of_pip_that_moved_comes_back_by_force_from_its_own_index() -> None:
    state = work(*with_one("torch", version="2.8.0"), mirrors=MirrorsSpec(pypi="https://pypi.example.org/simple"))
    (row,) = commands(state, [change("torch", "2.8.0", "2.8.0+cu126")])
    assert "--force-reinstall" in row and row[row.index("--index-url") + 1] == INDEX
    (row,) = commands(state, [change("filelock", "1", "3.19.1")])
    assert row[row.index("--index-url") + 1] == "https://pypi.example.org/simple"


def test_another_python_makes_the_environment_anew() -> None:
    old = with_one("python", version="3.11.13")
    assert explicit.anew(LOCKED, work(*old).seen.conda.environments[0])
    assert not explicit.anew(LOCKED, work(*with_one("python", version="3.12.9")).seen.conda.environments[0])
    rows = commands(work(*old), [change("python", "3.11.13", "3.12.11")])
    assert "create" in rows[0] and rows[-1][-1].endswith("pip-1.txt") and "--force-reinstall" not in rows[-1]
    removal = "rm -rf /opt/conda/envs/ds\n"
    moved = [change("python", "3.11.13", "3.12.11")]
    assert removal in environments.script_for(work(*old), CONDA, "ds", LOCKED, moved)
    assert removal not in environments.script_for(work(), CONDA, "ds", LOCKED, MISSING)


def test_extras_of_an_exact_environment_leave_by_what_brought_them() -> None:
    extra = (
        CondaPackage(name="einops", version="0.8.1", manager="pip"),
        CondaPackage(name="six", version="1", build="0"),
    )
    exact = LOCKED.model_copy(update={"exact": True})
    rows = commands(work(*INSTALLED, *extra), [change("einops", "0.8.1", None), change("six", "1", None)], exact)
    assert rows[0][2:] == ["-m", "pip", "uninstall", "-y", "einops"]
    assert rows[1][1:] == ["/opt/conda/bin/conda", "remove", "-y", "-p", "/opt/conda/envs/ds", "six"]


def test_an_index_for_any_package_is_an_extra_one_and_a_url_is_a_requirement() -> None:
    url = "https://files.example.org/tool-1.0-py3-none-any.whl"
    pip = PipSpec(packages=("tool",), indexes=(PipIndex(url="https://site.example.org/simple"),))
    declared = LOCKED.model_copy(update={"pip": pip, "pinned": (wheel("tool", "1.0", url=url),)})
    row = commands(work(declared=declared), MISSING, declared)[-1]
    assert row[row.index("--extra-index-url") + 1] == "https://site.example.org/simple"
    (file,) = pinned.files("ds", declared, MISSING, fresh=True)
    assert file.content == f"tool @ {url} --hash=sha256:{(declared.pinned or ())[0].hashes[0]}\n"


@pytest.mark.parametrize(
    ("version", "content", "code", "asked"),
    [
        ("25.3.1", b"other", 0, ["create"]),
        ("24.9.0", b"other", 0, ["create"]),
        ("24.7.1", b"right", 0, ["create --download-only", "create"]),
        ("24.7.1", b"other", explicit.OTHER_CONTENT, ["create --download-only"]),
        ("4.12.0", b"other", explicit.OTHER_CONTENT, ["create --download-only"]),
    ],
)
def test_what_a_conda_without_sha256_fetched_is_compared_before_it_is_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, content: bytes, code: int, asked: list[str]
) -> None:
    monkeypatch.setattr(explicit, "FOLDER", str(tmp_path / "lock"))
    package = conda("six", "1.17.0", "py_0", "noarch")
    package = package.model_copy(update={"sha256": hashlib.sha256(b"right").hexdigest()})
    for name in ("bin", "pkgs", "lock/ds"):
        (tmp_path / name).mkdir(parents=True)
    Path(explicit.path("ds")).write_text(explicit.file("ds", [package]).content or "")
    fetched = tmp_path / "pkgs/six-1.17.0-py_0.conda"
    fetched.write_bytes(content)
    log = tmp_path / "log"
    script = f'#!/bin/sh\n[ "$1" != --version ] || {{ echo conda {version}; exit 0; }}\necho "$*" >> {log}\n'
    (tmp_path / "bin/conda").write_text(script)
    (tmp_path / "bin/conda").chmod(0o755)
    lines = ["set -e", *explicit.lines("ds", str(tmp_path), str(tmp_path / "envs/ds"), "root", "create")]
    done = subprocess.run(["sh", "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    verbs = [
        " ".join([row.split()[0], *(["--download-only"] if "--download-only" in row else [])])
        for row in log.read_text().splitlines()
    ]
    assert verbs == asked
    if code:
        assert "ChecksumMismatchError" in done.stdout and not fetched.exists()
        error = environments.failure("ds", "bring it up", Result(code, done.stdout), locked=True)
        assert error.code == "RUN370"


def test_a_locked_package_that_is_gone_says_so() -> None:
    said = "CondaHTTPError: HTTP 404 NOT FOUND for url <https://conda.example.org/x.conda>"
    assert environments.failure("ds", "bring it up", Result(1, said), locked=True).code == "RUN371"
    assert environments.failure("ds", "bring it up", Result(1, said)).code == "RUN117"
    hashes = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
    assert environments.failure("ds", "bring it up", Result(1, hashes), locked=True).code == "RUN370"
