"""conda environments as declarations: what was asked for, by conda's history and pip's records, fits what is there."""

import pytest
import yaml

from facts import discovery, probe
from fleet.discover import conda, environment
from schema import environments
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.discovery import CondaPrefix, Discovery, EnvironmentOrigin
from schema.environments import EnvironmentSpec, PipSpec
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

PREFIX = "/opt/conda/envs/ds"
MARK = "0a1b2c3d-0000-4000-8000-000000000000"


def package(text: str) -> CondaPackage:
    name, _, version = text.partition("=")
    return CondaPackage(name=name, version=version.lstrip("="), manager="pip" if "==" in text else "conda")


def state(*packages: str, **more: object) -> EnvironmentState:
    there = tuple(map(package, packages))
    return EnvironmentState.model_validate({"name": "ds", "prefix": PREFIX, "owner": "root", "packages": there} | more)


def origin(*requested: str, **more: object) -> EnvironmentOrigin:
    return EnvironmentOrigin.model_validate({"prefix": PREFIX, "requested": requested, "recorded": True} | more)


def declared(found: EnvironmentState, origin: EnvironmentOrigin | None) -> dict[str, object]:
    text = "\n".join(environment.lines(found, origin, "root"))
    content = yaml.safe_load(text)
    assert isinstance(content, dict), text
    entry = content["ds"]
    assert isinstance(entry, dict)
    return entry


def differences(found: EnvironmentState, entry: dict[str, object]) -> list[str]:
    """What a drift check says of the environment with this entry."""
    spec = HostSpec(
        name="h",
        ubuntu="24.04",
        conda=CondaSpec(version="25.3.1-0"),
        environments={
            "ds": EnvironmentSpec.model_validate({**entry, "pip": PipSpec.model_validate(entry.get("pip", {}))})
        },
    )
    there = CondaState(prefix="/opt/conda", version="25.3.1", environments=(found,))
    snapshot = Snapshot(
        hostname="h",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0-51-generic"),
        conda=there,
    )
    return [change.item for change in environments.changes(spec, snapshot)]


THERE = ("python=3.12.4", "numpy=2.3.1", "libblas=3.9.0", "pandas=2.2.2", "pip=25.0")


@pytest.mark.parametrize(
    ("requested", "packages"),
    [
        (("python=3.12", "numpy", "pandas>=2"), ["numpy", "pandas>=2"]),
        (("numpy=2.1",), ["numpy=2.3.1"]),
        (("conda-forge::numpy",), ["conda-forge::numpy"]),
        (("https://conda.anaconda.org/conda-forge/linux-64/numpy-2.3.1-py312_0.conda",), ["numpy=2.3.1"]),
        (("conda-forge/linux-64::numpy==2.3.1=py312_0",), ["numpy=2.3.1"]),
        (("numpy[version='>=2']",), ["numpy=2.3.1"]),
        (("Numpy", "scipy"), ["Numpy"]),
    ],
)
def test_what_was_asked_for_is_declared_as_it_was_while_it_holds(
    requested: tuple[str, ...], packages: list[str]
) -> None:
    found = state(*THERE)
    entry = declared(found, discovery._origin(PREFIX, ["history", f"# update specs: {list(requested)!r}"]))
    assert (entry["python"], entry["packages"]) == ("3.12", packages)
    assert differences(found, entry) == []


def test_without_a_record_everything_is_declared() -> None:
    found = state(*THERE)
    entry = declared(found, None)
    assert entry["packages"] == ["libblas=3.9.0", "numpy=2.3.1", "pandas=2.2.2", "pip=25.0"]
    assert differences(found, entry) == []


def test_torch_of_a_build_of_its_own_comes_with_its_index() -> None:
    found = state(
        "python=3.12.4", "pip=25", "torch==2.8.0+cu126", "torchvision==0.23.0+cu126", "einops==0.8.1", "filelock==3.19"
    )
    entry = declared(found, origin("python", wheels=("torch", "torchvision", "einops")))
    assert entry["pip"] == {
        "packages": ["torch==2.8.0+cu126", "torchvision==0.23.0+cu126", "einops==0.8.1"],
        "indexes": [{"url": "https://download.pytorch.org/whl/cu126", "packages": ["torch", "torchvision"]}],
    }
    assert differences(found, entry) == []


def test_helpers_that_no_specification_can_name_come_with_what_needs_them() -> None:
    found = state(*THERE, "_libgcc_mutex=0.1", "_openmp_mutex=4.5")
    assert "_libgcc_mutex" not in str(declared(found, None)["packages"])
    assert differences(found, declared(found, None)) == []


def test_a_channel_below_the_declared_mirror_has_its_own_name() -> None:
    known = origin("numpy", channels=("https://mirror/conda/bioconda", "https://mirror/conda/conda-forge"))
    lines = environment.lines(state(*THERE), known, "root", "https://mirror/conda")
    assert "  channels: [bioconda, conda-forge]" in lines


def test_packages_that_came_without_pip_are_a_comment() -> None:
    found = state("python=3.12.4", "numpy=2.3.1", "einops==0.8.1")
    lines = environment.lines(found, origin("python", "numpy"), "root")
    assert '  # pip: {packages: ["einops==0.8.1"]}' in lines
    assert differences(found, declared(found, origin("python", "numpy"))) == []


def test_what_cannot_be_attributed_is_a_comment() -> None:
    found = state("python=3.12.4", "pip=25.0", "mine==1.0", "odd==weird", "einops==0.8.1")
    text = "\n".join(environment.lines(found, origin("python", foreign=("mine",)), "root"))
    assert 'pip: {packages: ["einops==0.8.1"]}' in text
    assert "a URL, a folder or a repository, so no version says them: mine" in text
    assert "no requirement can say: odd" in text
    assert differences(found, declared(found, origin("python", foreign=("mine",)))) == []


def test_owner_kernel_and_channels() -> None:
    found = state(*THERE, "ipykernel=6.29", kernel=True, owner="ann")
    entry = declared(found, origin("python", "numpy", "ipykernel", channels=("nvidia", "conda-forge")))
    assert (entry["owner"], entry["kernel"], entry["channels"]) == ("ann", True, ["nvidia", "conda-forge"])
    assert differences(found, entry) == []
    assert "channels" not in declared(found, origin("numpy", channels=("conda-forge",)))


@pytest.mark.parametrize("name", ["a b", "-x", "base"])
def test_a_name_that_cannot_be_declared_is_a_comment(name: str) -> None:
    assert [line[0] for line in environment.lines(state(*THERE, name=name), None, "root")] == ["#"]


def test_an_empty_environment_is_a_comment() -> None:
    assert environment.lines(state(), None, "root") == ["# The environment ds is empty."]


def printed(*lines: str) -> Discovery:
    text = [f"@@gpufleet 1 {MARK}", *lines, "", f"@@{MARK} discovery/prefixes 0", "", f"@@{MARK} discovery/elsewhere 0"]
    return discovery.parse(probe.sections(text))


def test_the_history_is_read_as_conda_reads_it() -> None:
    found = printed(
        "prefix /opt/conda",
        "base conda-25.3.1-py312h7900ff3_0.json",
        "base python-3.12.10-h9e4cbcf_0_cpython.json",
        "from +https://conda.anaconda.org/conda-forge/linux-64::conda-25.3.1-py312_0",
        "environment /opt/conda/envs/ds",
        "history",
        "# update specs: ['python=3.12', 'numpy', 'scipy']",
        '# update specs: ["numpy=2.3", "pandas"]',
        "# remove specs: ['scipy']",
        "# neutered specs: []",
        "# update specs: not a list",
        "    120 channel https://conda.anaconda.org/conda-forge",
        "      2 channel https://repo.anaconda.com/pkgs/main",
        "wheel /opt/conda/envs/ds/lib/python3.12/site-packages/torch_geometric-2.6-py3.dist-info/REQUESTED",
        "wheel /opt/conda/envs/ds/lib/python3.12/site-packages/einops-0.8.1.dist-info/REQUESTED",
        "wheel /opt/conda/envs/ds/lib/python3.12/site-packages/mine-1.dist-info/direct_url.json",
        "environment /opt/conda/envs/old",
        "prefix /home/ann/miniconda3",
        "base conda-24.1.2-py311_0.json",
        "base python-3.11.7-h1.json",
        "from +https://repo.anaconda.com/pkgs/main/linux-64::conda-24.1.2-py311_0",
    )
    assert found.prefixes == (
        CondaPrefix(prefix="/opt/conda", conda="25.3.1", channel="conda-forge", python="3.12.10"),
        CondaPrefix(prefix="/home/ann/miniconda3", conda="24.1.2", channel="defaults", python="3.11.7"),
    )
    ds = found.origins["/opt/conda/envs/ds"]
    assert ds.requested == ("python=3.12", "numpy=2.3", "pandas")
    assert (ds.channels, ds.recorded) == (("conda-forge", "defaults"), True)
    assert ("einops" in ds.wheels, ds.foreign) == (True, ("mine",))
    assert found.origins["/opt/conda/envs/old"].recorded is False


@pytest.mark.parametrize("line", ["", "prefix", "# update specs: [", "wheel /", "environment ", "from ", "base x.json"])
def test_whatever_a_host_prints_nothing_is_raised(line: str) -> None:
    assert isinstance(printed("prefix /opt/conda", line), Discovery)


def test_the_prefix_with_most_environments_is_looked_at_unless_the_usual_one_is_there() -> None:
    two = tuple(CondaPrefix(prefix=prefix, conda="24.1.2") for prefix in ("/opt/a", "/home/ann/b"))
    origins = {f"/home/ann/b/envs/{name}": EnvironmentOrigin(prefix=name) for name in ("x", "y")}
    assert conda.prefix(Discovery(prefixes=two, origins=origins), "/opt/conda") == "/home/ann/b"
    assert (
        conda.prefix(Discovery(prefixes=(*two, CondaPrefix(prefix="/opt/conda", conda="1"))), "/opt/conda")
        == "/opt/conda"
    )
    assert conda.prefix(Discovery(prefixes=(CondaPrefix(prefix="/opt/part"),)), "/opt/conda") == "/opt/conda"
