"""conda's match specifications and pip's requirements, as conda and pip read them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.environments import match, requirement

CONDA = [
    ("numpy", "2.1", None, True),
    ("numpy=2.1", "2.1.3", None, True),
    ("numpy=2.1", "2.10", None, False),
    ("numpy==2.1", "2.1.0", None, True),
    ("numpy==2.1", "2.1.1", None, False),
    ("numpy>=2,<3", "2.4", None, True),
    ("numpy>=2,<3", "3.0", None, False),
    ("numpy >=2", "1", None, False),
    ("numpy 1.26.*", "1.26.4", None, True),
    ("numpy=1.26.*", "1.27", None, False),
    ("numpy!=2.*", "2.1", None, False),
    ("numpy~=2.1", "2.9", None, True),
    ("numpy~=2.1", "3", None, False),
    ("numpy=2|3.*", "3.2", None, True),
    ("numpy>=2.0,<2.1|>=3", "3.1", None, True),
    ("numpy 2.1 py311_0", "2.1", "py311_0", True),
    ("numpy=2.1=py311*", "2.1.0", "py312_1", False),
    ("numpy[version='>=2', build=py311*]", "2.1", "py311_0", True),
    ("numpy[version='>=2']", "1.9", None, False),
    ("conda-forge::scikit-learn>=1.5", "1.10.0", None, True),
    ("python=3.12", "3.12.1", None, True),
    ("package>=1.1", "1.1a1", None, False),
    ("tzdata", "2025a", None, True),
]


@pytest.mark.parametrize(("text", "version", "build", "expected"), CONDA)
def test_a_match_specification(text: str, version: str, build: str | None, expected: bool) -> None:
    assert match.fits(text, version, build) is expected


# In this order in conda's own documentation of its version ordering (conda/models/version.py, VersionOrder).
ORDERED = ["0.4", "0.4.1.rc", "0.4.1", "0.5a1", "0.5b3", "0.5", "0.9.6", "0.960923", "1.0", "1.1dev1", "1.1a1", "1.1.0"]


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDERED)))
def test_versions_order_as_condas(older: str, newer: str) -> None:
    assert (match.compare(older, newer), match.compare(newer, older), match.compare(newer, newer)) == (-1, 1, 0)


def test_a_post_release_is_newer_and_zeros_do_not_count() -> None:
    assert match.compare("1.1.post1", "1.1") == 1
    assert match.compare("1.1", "1.1.0") == 0
    assert match.compare("2!1.0", "3.0") == 1


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("torch==2.8.0", "2.8.0", True),
        ("torch==2.8.0", "2.8.0+cu126", True),
        ("torch[opt]>=2", "1.13", False),
        ("torch", "2.9.0rc1", True),
        ("torch @ https://host/torch.whl", "1", True),
        ("torch==2.8.0", "not a version", False),
    ],
)
def test_a_pip_requirement(text: str, version: str, expected: bool) -> None:
    assert requirement.fits(text, version) is expected


def test_a_marker_decides_whether_a_requirement_is_asked_for() -> None:
    assert requirement.applies("tomli; python_version < '3.11'", "3.10.4")
    assert not requirement.applies("tomli; python_version < '3.11'", "3.12")
    assert not requirement.applies("pywin32; sys_platform == 'win32'", None)


@given(st.text(max_size=30), st.text(max_size=12), st.none() | st.text(max_size=6))
def test_no_text_raises(text: str, version: str, build: str | None) -> None:
    match.fits(text, version, build)
    requirement.fits(text, version)
    requirement.applies(text, version)
