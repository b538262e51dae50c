"""The lab's Python indexes."""

import csv
import hashlib
import io
import re
import zipfile
from base64 import urlsafe_b64encode
from email.parser import Parser

import pytest

from lab import pypi

INDEXES = pypi.table()


def normalised(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~;\[ ]", requirement)[0]).lower()


@pytest.mark.parametrize("path", sorted(INDEXES))
def test_every_requirement_is_in_the_index(path: str) -> None:
    projects = INDEXES["simple"] | INDEXES[path]
    wanted = {normalised(line) for project in projects.values() for line in project.requires}
    assert wanted - set(projects) == set()


def test_names_are_normalised() -> None:
    assert [name for projects in INDEXES.values() for name in projects if normalised(name) != name] == []


def test_a_wheel_says_what_its_name_says_and_its_record_is_true() -> None:
    project = INDEXES["whl/cu126"]["torch"]
    file, content = next(pypi.wheels("torch", project))
    assert file == "torch-2.7.1+cu126-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        folder = "torch-2.7.1+cu126.dist-info"
        assert Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())["Version"] == "2.7.1+cu126"
        rows = list(csv.reader(wheel.read(f"{folder}/RECORD").decode().splitlines()))
        assert {row[0] for row in rows} == set(wheel.namelist())
        for path, digest, _ in rows:
            found = urlsafe_b64encode(hashlib.sha256(wheel.read(path)).digest()).decode().rstrip("=")
            assert digest in ("", f"sha256={found}")


def test_equal_input_gives_equal_bytes() -> None:
    project = INDEXES["simple"]["numpy"]
    assert dict(pypi.wheels("numpy", project)) == dict(pypi.wheels("numpy", project))
