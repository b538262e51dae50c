"""Whatever a machine calls its things, the file that describes it is a mapping of known keys that loads."""

import tempfile
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet import discover
from fleet.discover import write
from fleet.discover.write import Place
from schema.conda import CondaPackage, CondaState, EnvironmentState
from schema.cuda import CudaState, Toolkit
from schema.discovery import CondaPrefix, Discovery, EnvironmentOrigin
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.repository import AptState, FileState, Package
from schema.snapshot import Release, Snapshot

# Signs that mean something to YAML, to shells and to readers of a report.
TEXT = st.text(alphabet="aZ09 .:#-_+=~{}[]'\"\\,&*!|>%@`\n\t\x00\x1b$é", min_size=1, max_size=12)
PACKAGES = st.builds(
    CondaPackage,
    name=TEXT,
    version=TEXT,
    build=st.none() | TEXT,
    manager=st.sampled_from(["conda", "pip"]),
)
ENVIRONMENT = st.builds(
    EnvironmentState,
    name=TEXT,
    prefix=TEXT,
    owner=st.none() | TEXT,
    kernel=st.booleans(),
    packages=st.lists(PACKAGES, max_size=4).map(tuple),
)
CONDA = st.builds(
    CondaState,
    prefix=st.sampled_from(["/opt/conda", "/opt/a b", "/home/x"]) | TEXT,
    version=st.none() | TEXT,
    installer=st.none() | TEXT,
    owner=st.none() | TEXT,
    mode=st.sampled_from([None, "0755", "2775"]),
    environments=st.lists(ENVIRONMENT, max_size=3).map(tuple),
)


@st.composite
def machines(draw: st.DrawFn) -> tuple[Snapshot, Discovery]:
    conda = draw(CONDA)
    packages = {
        name: Package(name=name, version=draw(TEXT), state="ii ", origin="nvidia") for name in draw(st.lists(TEXT))
    }
    files = {path: FileState(path=path, content=draw(TEXT), mode="0644", owner="root") for path in draw(st.lists(TEXT))}
    kit = Toolkit(version="12.9", full_version=draw(TEXT), path=draw(TEXT), package=draw(st.none() | TEXT))
    snapshot = Snapshot(
        hostname=draw(TEXT),
        release=Release(id="ubuntu", version="24.04", name=draw(TEXT)),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0-51-generic"),
        apt=AptState(packages=packages, files=files),
        cuda=CudaState(toolkits=(kit,), default=draw(st.none() | TEXT)),
        conda=conda,
    )
    texts = st.lists(TEXT, max_size=3).map(tuple)
    origins = {
        one.prefix: EnvironmentOrigin(
            prefix=one.prefix,
            requested=draw(texts) + tuple(item.name for item in one.packages),
            channels=draw(texts),
            wheels=draw(texts),
            foreign=draw(texts),
            recorded=draw(st.booleans()),
        )
        for one in conda.environments
    }
    prefix = CondaPrefix(prefix=conda.prefix, conda="1", channel=draw(TEXT), distribution=draw(st.none() | TEXT))
    return snapshot, Discovery(prefixes=(prefix,), origins=origins, elsewhere=draw(texts))


@given(machines(), st.booleans())
def test_the_file_is_a_mapping_of_known_keys(machine: tuple[Snapshot, Discovery], external: bool) -> None:
    text = "\n".join(discover.draft(machine[0], {"user": "ann"}, machine[1], external).lines())
    content = yaml.safe_load(text)
    assert content.keys() <= HostSpec.model_fields.keys()
    assert content["connection"] == {"user": "ann"}


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(machines())
def test_what_is_written_is_valid(machine: tuple[Snapshot, Discovery]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = write.host(Place(Path(folder), "hosts/h.yaml"), {"user": "ann"}, *machine)
    assert written.verdict.errors == (), written.files["hosts/h.yaml"]
