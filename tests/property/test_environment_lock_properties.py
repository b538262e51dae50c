"""An environment that holds its lock has no differences; every departure is named once, and mended by name."""

from hypothesis import given
from hypothesis import strategies as st

from deploys import explicit, pinned
from schema.conda import CondaPackage, EnvironmentState
from schema.environments import EnvironmentSpec, ExplicitPackage, PinnedPackage, locked, requirement_name

NAMES = st.from_regex(r"[a-z_][a-z0-9]{0,4}([._-][a-z0-9]{1,3})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}\.[0-9]{1,2}(\+cu[0-9]{3})?", fullmatch=True)
PACKAGES = st.dictionaries(NAMES, VERSIONS, max_size=8)


def environment(conda: dict[str, str], pip: dict[str, str]) -> EnvironmentSpec:
    rows = [
        ExplicitPackage(url=f"https://c.example.org/{name}.conda", name=name, version=version, build="h1_0")
        for name, version in conda.items()
    ]
    wheels = [PinnedPackage(name=name, version=version, hashes=("0" * 64,)) for name, version in pip.items()]
    return EnvironmentSpec(explicit=tuple(rows), pinned=tuple(wheels), exact=True)


def state(conda: dict[str, str], pip: dict[str, str]) -> EnvironmentState:
    rows = [CondaPackage(name=name, version=version, build="h1_0") for name, version in conda.items()]
    rows += [CondaPackage(name=name, version=version, manager="pip") for name, version in pip.items()]
    return EnvironmentState(name="ds", prefix="/opt/conda/envs/ds", packages=tuple(rows))


def apart(one: dict[str, str], taken: set[str]) -> dict[str, str]:
    """The packages whose normalised names are new, as one environment can hold them."""
    found: dict[str, str] = {}
    for name, version in one.items():
        key = requirement_name(name)
        if key not in taken and name[0] != "_":
            taken.add(key)
            found[name] = version
    return found


@given(PACKAGES, PACKAGES, st.data())
def test_departures_are_named_once_and_nothing_else_is(
    conda: dict[str, str], pip: dict[str, str], data: st.DataObject
) -> None:
    taken: set[str] = set()
    conda, pip = apart(conda, taken), apart(pip, taken)
    one, there = environment(conda, pip), state(conda, pip)
    assert not [*locked.conda(one, there), *locked.pip(one, there), *locked.beyond(one, there)]
    gone = set(data.draw(st.lists(st.sampled_from(sorted([*conda, *pip])), unique=True))) if taken else set()
    left = state({k: v for k, v in conda.items() if k not in gone}, {k: v for k, v in pip.items() if k not in gone})
    changes = [*locked.conda(one, left), *locked.pip(one, left), *locked.beyond(one, left)]
    named = [change.item.partition("/")[2] for change in changes]
    assert sorted(requirement_name(name) for name in named) == sorted(requirement_name(name) for name in gone)
    brought = [item.name for item in explicit.needed(one, changes, fresh=False)]
    brought += [item.name for item in pinned.needed(one, changes, fresh=False)]
    assert set(brought) == gone
