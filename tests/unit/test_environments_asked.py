"""What conda and pip are asked for when packages of an environment moved."""

from deploys import environments, pip
from schema.environments import EnvironmentSpec, PipSpec
from schema.plan import Change


def moved(package: str, observed: str | None, desired: str | None) -> Change:
    return Change(concern="environments", item=f"ds/{package}", observed=observed, desired=desired)


def test_a_declared_package_goes_back_to_the_version_it_had() -> None:
    declared = EnvironmentSpec(packages=("numpy", "pandas>=2"))
    assert environments.conda_specs(declared, [moved("numpy", "1.26.4", "2.2.6")]) == ["numpy=2.2.6", "pandas>=2"]


def test_a_declared_package_that_was_removed_comes_back_at_the_version_it_had() -> None:
    assert environments.conda_specs(EnvironmentSpec(packages=("numpy",)), [moved("numpy", None, "2.2.6")]) == [
        "numpy=2.2.6"
    ]


def test_a_dependency_comes_back_only_where_the_whole_set_is_declared() -> None:
    changes = [moved("libblas", "3.8.0", "3.9.0")]
    assert environments.conda_specs(EnvironmentSpec(packages=("numpy",)), changes) == ["numpy"]
    exact = EnvironmentSpec(packages=("numpy",), exact=True)
    assert environments.conda_specs(exact, changes) == ["numpy", "libblas=3.9.0"]


def test_what_is_no_version_is_never_asked_for() -> None:
    changes = [moved("numpy", "1", "2; rm -rf /"), moved("pandas", "1", ">=2")]
    assert environments.conda_specs(EnvironmentSpec(packages=("numpy", "pandas")), changes) == ["numpy", "pandas"]


def test_pip_is_asked_for_the_version_that_an_unversioned_requirement_had() -> None:
    declared = EnvironmentSpec(pip=PipSpec(packages=("einops", "tqdm==4.66", "torch[opt]")))
    changes = [moved("einops", "0.8.0", "0.8.1"), moved("tqdm", "4.65", "4.66"), moved("torch", None, "2.8.0")]
    assert pip.wanted(declared, changes) == ["einops==0.8.1", "tqdm==4.66", "torch[opt]==2.8.0"]
