"""The diff: empty where nothing differs, convergent in one step, independent of order, and never an exception."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema import plan
from schema.conda import CondaSpec, CondaState
from schema.cuda import CudaSpec, CudaState
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec, DriverState
from schema.environments import EnvironmentSpec, PipSpec
from schema.gpu import GpuSpec, GpuState
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.repository import AptState, Package
from schema.snapshot import Release, Snapshot
from tests.property import model

ROOMS = {"gpu", "kernel", "repository", "driver", "cuda", "cudnn", "conda", "environments"}
GPUS = {
    "GTX 1080": (GpuSpec(model="GTX 1080"), ("570", "580"), ("proprietary",)),
    "RTX 4090": (GpuSpec(model="RTX 4090"), ("570", "580", "595", "610"), ("open", "proprietary")),
    "H100": (GpuSpec(pci_id="10de:2330", count=2), ("570", "580", "595", "610"), ("open", "proprietary")),
}


@st.composite
def drivers(draw: st.DrawFn, branches: tuple[str, ...], flavours: tuple[str, ...]) -> DriverSpec | None:
    if draw(st.booleans()):
        return None
    branch = draw(st.sampled_from(("auto", *branches)))
    versions = [version for version in model.DRIVERS if version.startswith(f"{branch}.")]
    return DriverSpec(
        branch=branch,
        version=draw(st.sampled_from((None, *versions))),
        modules=draw(st.sampled_from(("auto", *flavours))),
        source=draw(st.sampled_from(("nvidia", "ubuntu"))) if branch in {"580", "595"} else "nvidia",
        install=draw(st.sampled_from(("full", "compute"))),
        persistence=draw(st.booleans()),
        delivery="auto",
    )


@st.composite
def environments(draw: st.DrawFn) -> dict[str, EnvironmentSpec]:
    names = draw(st.lists(st.sampled_from(("ds", "ml", "web")), unique=True))
    versions = st.sampled_from(("", "=2.1", "==2.1.0", ">=1,<3"))
    return {
        name: EnvironmentSpec(
            python=draw(st.sampled_from((None, "3.12"))),
            packages=tuple(f"{one}{draw(versions)}".replace(">=1,<3", "=2") for one in draw(packages)),
            pip=PipSpec(packages=draw(st.sampled_from(((), ("einops==0.8.1",), ("einops",))))),
            kernel=draw(st.booleans()),
            exact=draw(st.booleans()),
        )
        for name in names
    }


packages = st.lists(st.sampled_from(("numpy", "pandas", "scikit-learn")), unique=True)


@st.composite
def specs(draw: st.DrawFn) -> HostSpec:
    gpu, branches, flavours = GPUS[draw(st.sampled_from(sorted(GPUS)))]
    toolkits = tuple(draw(st.lists(st.sampled_from(("12.6", "12.8", "12.9")), unique=True)))
    kits = CudaSpec(toolkits=toolkits, path=draw(st.booleans())) if toolkits else None
    has_conda = draw(st.booleans())
    return HostSpec(
        name="host",
        ubuntu=draw(st.sampled_from(("22.04", "24.04"))),
        gpus=(gpu,),
        driver=draw(drivers(branches, flavours)),
        cuda=kits,
        cudnn=CudnnSpec(version="9.10.2") if toolkits and draw(st.booleans()) else None,
        conda=CondaSpec(version="25.3.1-0", owner=draw(st.sampled_from(("root", "ann")))) if has_conda else None,
        environments=draw(environments()) if has_conda else {},
        reboot="if-needed",
    )


unhurried = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(specs())
def test_a_host_as_declared_has_an_empty_plan(spec: HostSpec) -> None:
    found = plan.diff(spec, model.as_observed(spec))
    assert found.changes == ()
    assert found.refusals == ()
    assert [item for item in found.findings if item.severity == "error"] == []
    assert (found.pending, found.blocked, plan.status(found)) == ("none", (), "in-sync")


@unhurried
@given(specs())
def test_a_bare_host_has_changes_in_every_declared_concern(spec: HostSpec) -> None:
    found = plan.diff(spec, model.bare(spec))
    assert {"driver", "repository"} <= {change.concern for change in found.changes} <= ROOMS
    assert bool(found.of("cuda")) is (spec.cuda is not None)
    assert bool(found.of("cudnn")) is (spec.cudnn is not None)
    assert bool(found.of("conda")) is (spec.conda is not None)


@unhurried
@given(specs(), specs())
def test_one_apply_converges_from_any_other_declaration(old: HostSpec, new: HostSpec) -> None:
    new = new.model_copy(update={"gpus": old.gpus, "ubuntu": old.ubuntu, "driver": _possible(old, new)})
    seen = model.as_observed(old)
    first = plan.diff(new, seen)
    left = plan.diff(new, model.apply(first, new, seen))
    assert left.changes == ()


def _possible(old: HostSpec, new: HostSpec) -> DriverSpec | None:
    """The new driver, if it drives the old host's GPU; what cannot is refused and never applied."""
    pascal = bool(old.gpus) and old.gpus[0].model == "GTX 1080"
    wanted = new.driver if isinstance(new.driver, DriverSpec) else None
    impossible = pascal and wanted is not None and (wanted.branch in {"595", "610"} or wanted.modules == "open")
    return None if impossible else wanted


@unhurried
@given(specs(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_observed_and_declared_does_not_matter(spec: HostSpec, dice: random.Random) -> None:
    seen = model.as_observed(spec)
    names = list(seen.apt.packages)
    for name in dice.sample(names, k=min(2, len(names))):
        broken = seen.apt.packages[name].model_copy(update={"version": "1.0-1"})
        seen = seen.model_copy(
            update={"apt": seen.apt.model_copy(update={"packages": seen.apt.packages | {name: broken}})}
        )
    shuffled = list(seen.apt.packages.items())
    dice.shuffle(shuffled)
    other = seen.model_copy(update={"apt": seen.apt.model_copy(update={"packages": dict(shuffled)})})
    turned = spec.model_copy(update={"environments": dict(reversed(spec.environments.items()))})
    if spec.cuda is not None and spec.cuda != "none":
        turned = turned.model_copy(update={"cuda": spec.cuda.model_copy(update={"toolkits": spec.cuda.toolkits[::-1]})})
    assert plan.diff(spec, seen) == plan.diff(turned, other)


text = st.text(alphabet="abz019.-+:~/ \n=", max_size=20)
states = st.sampled_from(("ii ", "hi ", "iU ", "rc ", "iF ", "un ", ""))
names = st.sampled_from(
    (
        "nvidia-open-580",
        "cuda-drivers",
        "libnvidia-compute-570",
        "cuda-toolkit-12-9",
        "libcudnn9-cuda-12",
        "nvidia-settings",
    )
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Snapshots with any text where text may be."""
    found = draw(st.lists(st.tuples(names, text, states), max_size=5))
    origins = st.sampled_from((None, "nvidia", "ubuntu"))
    return Snapshot(
        hostname=draw(text),
        release=Release(id=draw(text), version=draw(text)),
        architecture=draw(text),
        kernel=KernelState(
            running=draw(text), next_boot=draw(st.none() | text), secure_boot=draw(st.none() | st.booleans())
        ),
        driver=draw(st.builds(DriverState, loaded_version=st.none() | text, libraries=st.lists(text).map(tuple))),
        gpu=draw(st.builds(GpuState)),
        cuda=draw(st.builds(CudaState, default=st.none() | text)),
        conda=draw(st.none() | st.builds(CondaState, prefix=text)),
        apt=AptState(
            packages={
                name: Package(name=name, version=version, state=state, origin=draw(origins))
                for name, version, state in found
            },
            exclusions=tuple(draw(st.lists(text, max_size=3))),
            interrupted=draw(st.booleans()),
        ),
        not_seen=frozenset(draw(st.lists(text, max_size=3))),
    )


@unhurried
@given(specs(), snapshots())
def test_no_snapshot_raises(spec: HostSpec, seen: Snapshot) -> None:
    found = plan.diff(spec, seen)
    assert {change.concern for change in found.changes} <= ROOMS
