"""What a plan says of the bytes that locked environments cost."""

from fleet import forecast
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.environments import EnvironmentSpec, ExplicitPackage, PinnedPackage, PipSpec
from schema.host import HostSpec
from schema.kernel import KernelState
from schema.plan import Change, Plan
from schema.snapshot import Release, Snapshot

URL = "https://conda.example.org/conda-forge/noarch/{}-1.0-py_0.conda"


def locked(**sizes: int | None) -> EnvironmentSpec:
    rows = [
        ExplicitPackage(url=URL.format(name), name=name, version="1.0", build="py_0", sha256="0" * 64, size=size)
        for name, size in sizes.items()
    ]
    wheel = PinnedPackage(name="torch", version="2.8.0", hashes=("1" * 64,), size=1000)
    return EnvironmentSpec(explicit=tuple(rows), pinned=(wheel,), pip=PipSpec(packages=("torch",)))


def seen(*packages: CondaPackage) -> Snapshot:
    there = EnvironmentState(name="ds", prefix="/opt/conda/envs/ds", packages=packages)
    return Snapshot(
        hostname="desk",
        release=Release(id="ubuntu", version="24.04"),
        architecture="x86_64",
        kernel=KernelState(running="6.8.0"),
        conda=CondaState(prefix="/opt/conda", version="25.3.1", environments=(there,) if packages else ()),
    )


def cost(one: EnvironmentSpec, state: Snapshot, *changes: tuple[str, str | None]) -> forecast.Forecast:
    spec = HostSpec(name="desk", ubuntu="24.04", conda=CondaSpec(version="25.3.1-0"), environments={"ds": one})
    rows = [Change(concern="environments", item=item, observed=None, desired=desired) for item, desired in changes]
    return forecast.forecast(spec, state, Plan(host="desk", changes=tuple(rows)))


def test_an_environment_that_is_made_costs_all_of_its_lock() -> None:
    found = cost(locked(six=10, numpy=20), seen(), ("ds", "present"))
    assert found.download_bytes == 1030
    assert found.unknown == ("environments: sizes on disk are known to conda on the host only",)


def test_an_environment_that_is_mended_costs_what_differs() -> None:
    there = seen(CondaPackage(name="six", version="0.9", build="py_0"))
    assert cost(locked(six=10, numpy=20), there, ("ds/six", "1.0")).download_bytes == 10


def test_a_size_that_no_index_gave_is_not_invented() -> None:
    found = cost(locked(six=10, numpy=None), seen(), ("ds", "present"))
    assert found.download_bytes is None
    assert found.unknown == ("environments: sizes are known to conda on the host only",)


def test_an_environment_without_a_lock_is_unknown() -> None:
    assert cost(EnvironmentSpec(packages=("numpy",)), seen(), ("ds", "present")).download_bytes is None
