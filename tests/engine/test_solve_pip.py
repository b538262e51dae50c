"""Python packages resolved by uv over a real server: indexes, conda's packages, hosts' platforms, hashes, refusals."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import web
from web import Site

from fleet.errors import RunError
from fleet.solve import pip, site
from fleet.solve.pip import PipRequest, PipResult
from lab import certificates, paths, pypi

pytestmark = pytest.mark.skipif(site.uv() is None, reason="needs uv: pip install uv")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    with web.serving(tmp_path / "web") as made:
        yield made


def publish(
    index: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any", hashed: bool = True
) -> str:
    """Put one wheel on an index (PEP 503); gives its sha256. A tag "sdist" makes a source distribution."""
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    file = folder / (f"{stem}.tar.gz" if tag == "sdist" else f"{stem}-{tag}.whl")
    if tag == "sdist":
        file.write_bytes(b"not looked into")
    else:
        needs = "".join(f"Requires-Dist: {item}\n" for item in requires)
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(
                f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
            )
            archive.writestr(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(f"{stem}.dist-info/RECORD", "")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    page = folder / "index.html"
    mark = f"#sha256={digest}" if hashed else ""
    before = page.read_text() if page.exists() else ""
    page.write_text(f'{before}<a href="{file.name}{mark}">{file.name}</a><br>\n')
    return digest


def solved(served: Site, *requirements: str, **more: object) -> PipResult:
    fields = {
        "environment": "ds",
        "requirements": requirements,
        "python": "3.11.13",
        "glibc": "2.39",
        "mirror": f"{served.url}/simple",
    }
    return pip.solve(PipRequest.model_validate(fields | more))


def refused(served: Site, *requirements: str, **more: object) -> RunError:
    with pytest.raises(RunError) as error:
        solved(served, *requirements, **more)
    assert "Traceback" not in error.value.text() and "the-declaration" not in error.value.text()
    return error.value


def versions(result: PipResult) -> dict[str, str]:
    return {item.name: item.version for item in result.packages}


def cu126(served: Site, *packages: str) -> dict[str, object]:
    return {"indexes": [{"url": f"{served.url}/pypi/whl/cu126", "packages": packages}]}


def test_torch_comes_from_its_own_index_and_nothing_else_does(served: Site) -> None:
    pypi.build(served.folder)
    mirror = f"{served.url}/pypi/simple"
    found = solved(served, "torchvision", "pandas", mirror=mirror, **cu126(served, "torch", "torchvision"))
    assert versions(found)["torch"] == "2.8.0+cu126" and versions(found)["torchvision"] == "0.23.0+cu126"
    own = {item.name for item in found.packages if item.index is not None}
    assert own == {"torch", "torchvision"}
    asked = [path for path in served.asked if path.startswith("/pypi/whl/cu126/")]
    assert {path.split("/")[4] for path in asked} == {"torch", "torchvision"}
    assert not any(path.startswith(("/pypi/simple/torch/", "/pypi/simple/torchvision/")) for path in served.asked[-8:])
    assert all(len(digest) == 64 for item in found.packages for digest in item.hashes)
    assert found == solved(served, "torchvision", "pandas", mirror=mirror, **cu126(served, "torch", "torchvision"))


def test_a_name_of_an_own_index_is_never_taken_from_the_main_one(served: Site) -> None:
    publish(served.folder / "own", "internal", "1.0")
    publish(served.folder / "simple", "internal", "99.0")
    publish(served.folder / "simple", "tool", "1.0", "internal")
    own = {"url": f"{served.url}/own"}
    named = solved(served, "tool", indexes=[own | {"packages": ["Internal"]}])
    assert versions(named) == {"tool": "1.0", "internal": "1.0"}
    assert versions(solved(served, "tool", indexes=[own])) == {"tool": "1.0", "internal": "1.0"}


def test_what_conda_brings_is_neither_replaced_nor_repeated(served: Site) -> None:
    for version in ("2.1.0", "2.2.0"):
        publish(served.folder / "simple", "numpy", version)
    publish(served.folder / "simple", "tool", "1.0", "numpy>=2", "torch==2.8.0")
    conda = {"numpy": "2.1.3", "pytorch": "2.8.0", "python": "3.11.13", "openssl-bindings": "3.5.2_x"}
    assert versions(solved(served, "tool", conda=conda)) == {"tool": "1.0"}
    assert versions(solved(served, "tool", "numpy==2.1.3", conda=conda)) == {"tool": "1.0"}


def test_extras_of_what_conda_brings_are_resolved(served: Site) -> None:
    publish(served.folder / "simple", "tool", "1.0", "numpy", 'extra-part; extra == "more"')
    publish(served.folder / "simple", "extra-part", "1.0")
    conda = {"tool": "1.0", "numpy": "2.1.3", "_python_abi3_support": "1.0"}
    assert versions(solved(served, "tool[more]", conda=conda)) == {"extra-part": "1.0"}
    assert versions(solved(served, "tool", conda=conda)) == {}


def test_pip_and_conda_that_want_different_versions_are_told_apart(served: Site) -> None:
    publish(served.folder / "simple", "numpy", "2.2.0")
    publish(served.folder / "simple", "tool", "1.0", "numpy>=2.2")
    error = refused(served, "tool", conda={"numpy": "2.1.3"})
    assert error.code == "RUN365"
    assert "numpy 2.1.3" in error.failure.message and "numpy>=" in error.failure.hint
    error = refused(served, "torch==2.8.0", conda={"pytorch": "2.5.1"})
    assert "pytorch 2.5.1" in error.failure.message and "pytorch>=" in error.failure.hint


def test_the_hosts_python_platform_and_glibc_decide_which_wheels_fit(served: Site) -> None:
    index = served.folder / "simple"
    for tag in ("cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_28_aarch64", "cp312-cp312-linux_x86_64"):
        publish(index, "native", "1.0", tag=tag)
    publish(index, "native", "2.0", tag="cp311-cp311-manylinux_2_34_x86_64")
    assert versions(solved(served, "native")) == {"native": "2.0"}
    assert versions(solved(served, "native", glibc="2.31")) == {"native": "1.0"}
    assert versions(solved(served, "native", glibc="2.27")) == {"native": "1.0"}
    assert versions(solved(served, "native", platform="linux-aarch64")) == {"native": "1.0"}
    error = refused(served, "native", python="3.13")
    assert error.code == "RUN362"
    assert "cp313" in error.failure.evidence


def test_a_package_without_a_wheel_is_not_built(served: Site) -> None:
    publish(served.folder / "simple", "old", "1.0", tag="sdist")
    error = refused(served, "old")
    assert error.code == "RUN362"
    assert "no wheel" in error.failure.message


def test_markers_extras_and_hashes_of_requirements_count(served: Site) -> None:
    index = served.folder / "simple"
    digest = publish(index, "tool", "1.0", 'extra-part; extra == "more"', 'future; python_version < "3"')
    publish(index, "extra-part", "1.0")
    found = solved(served, f"tool[more]==1.0  --hash=sha256:{digest}", 'absent; sys_platform == "win32"')
    assert versions(found) == {"tool": "1.0", "extra-part": "1.0"}
    assert refused(served, f"tool==1.0 --hash=sha256:{'0' * 64}").code == "RUN367"


def test_what_an_earlier_lock_has_stays_where_it_can(served: Site) -> None:
    publish(served.folder / "simple", "tool", "1.0")
    first = solved(served, "tool")
    publish(served.folder / "simple", "tool", "2.0")
    assert versions(solved(served, "tool", keep=first.packages)) == {"tool": "1.0"}
    assert versions(solved(served, "tool>1", keep=first.packages)) == {"tool": "2.0"}


def test_a_requirement_that_names_its_wheel_is_locked_to_it(served: Site) -> None:
    digest = publish(served.folder / "files", "tool", "1.0")
    url = f"{served.url}/files/tool/tool-1.0-py3-none-any.whl"
    own = {"url": f"{served.url}/own", "packages": ["tool"]}
    found = solved(served, f"tool @ {url}#sha256={digest}", indexes=[own]).packages
    assert [(item.version, item.url, item.hashes) for item in found] == [("1.0", url, (digest,))]


@pytest.mark.parametrize(
    ("requirement", "said"),
    [("tol", "tol was not found"), ("tool>=2", "tool>=2"), ("needs-other", "requires-python")],
)
def test_what_has_no_solution_says_why(served: Site, requirement: str, said: str) -> None:
    publish(served.folder / "simple", "tool", "1.0")
    publish(served.folder / "simple", "needs-other", "1.0", "tool<1")
    error = refused(served, requirement)
    assert error.code == "RUN360"
    assert said in error.failure.evidence or "tool<1" in error.failure.evidence
    assert "environment ds" in error.failure.message and f"{served.url}/simple" in error.failure.evidence


@pytest.mark.parametrize("status", [401, 403, 500])
def test_an_index_that_does_not_answer_well_is_refused(served: Site, status: int) -> None:
    served.status = status
    error = refused(served, "tool")
    assert error.code == "RUN361"
    assert str(status) in error.failure.evidence


def test_an_index_that_is_down_is_refused(served: Site) -> None:
    error = refused(served, "tool", mirror="http://127.0.0.1:1/simple")
    assert error.code == "RUN361"
    assert "Connection refused" in error.failure.evidence and "mirrors.pypi" in error.failure.hint


def test_an_index_that_is_slow_ends_in_time(served: Site) -> None:
    served.delay_seconds = 30.0
    assert refused(served, "tool", seconds=2).code == "RUN363"


def test_a_sites_own_authority_is_trusted_where_it_is_declared(tmp_path: Path) -> None:
    certificates.make_leaf(tmp_path, "127.0.0.1")
    with web.serving(tmp_path / "web", tmp_path) as served:
        publish(served.folder / "simple", "tool", "1.0")
        assert versions(solved(served, "tool", ca_pem=paths.CA_PEM.read_text())) == {"tool": "1.0"}
        assert refused(served, "tool").code == "RUN361"


def test_the_controllers_own_settings_of_uv_and_pip_change_nothing(
    served: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(served.folder / "simple", "tool", "1.0")
    publish(served.folder / "leak", "tool", "9.0")
    leak = f"{served.url}/leak"
    (tmp_path / "settings/uv").mkdir(parents=True)
    (tmp_path / "settings/uv/uv.toml").write_text(f'[[index]]\nname = "leak"\nurl = "{leak}"\n')
    for name, value in {
        "UV_EXTRA_INDEX_URL": leak,
        "UV_INDEX": leak,
        "UV_DEFAULT_INDEX": leak,
        "PIP_EXTRA_INDEX_URL": leak,
        "UV_FIND_LINKS": str(served.folder / "leak/tool"),
        "UV_PRERELEASE": "allow",
        "XDG_CONFIG_HOME": str(tmp_path / "settings"),
    }.items():
        monkeypatch.setenv(name, value)
    assert versions(solved(served, "tool")) == {"tool": "1.0"}
    assert not [path for path in served.asked if path.startswith("/leak")]


def test_without_a_mirror_the_controllers_own_main_index_is_asked(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(served.folder / "site", "tool", "3.0")
    for name in site.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"{served.url.replace('//', '//user:secret@')}/site")
    assert versions(solved(served, "tool", mirror=None)) == {"tool": "3.0"}
    error = refused(served, "missing", mirror=None)
    assert "secret" not in error.text() and f"//***@{served.url.split('//')[1]}/site" in error.failure.evidence
