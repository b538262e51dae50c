"""The Python indexes that the lab serves below /pypi: small wheels in the forms of PEP 503 (HTML) and PEP 691 (JSON).

`/pypi/simple` stands for the Python Package Index, `/pypi/whl/cu126` for PyTorch's own index of one CUDA version.
PyTorch's index repeats the projects that torch needs, so that it works as the only index.
"""

import base64
import hashlib
import html
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict

from lab import cached, modules

TABLE = Path(__file__).with_suffix(".yaml")
MADE_BY = ("pypi.py", "pypi.yaml", "modules.py", "package.py")
PYTHONS = ("311", "312", "313")
# zip(1) knows no earlier moment; equal bytes on every machine need a fixed one.
MOMENT = (1980, 1, 1, 0, 0, 0)


class Project(BaseModel):
    """One project of an index."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    versions: tuple[str, ...]
    requires: tuple[str, ...] = ()
    module: str | None = None
    tags: bool = False
    local: str | None = None
    cuda: str | None = None


def build(webroot: Path) -> None:
    """Write every index into `webroot`/pypi, from the cache when nothing has changed."""
    shutil.copytree(cached.folder("pypi", cached.sources(*MADE_BY), _build), webroot / "pypi", dirs_exist_ok=True)


def table() -> dict[str, dict[str, Project]]:
    """Indexes by path, projects by name; scalars stay text."""
    content = yaml.load(TABLE.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 (BaseLoader makes strings only)
    return {
        path: {name: Project.model_validate(row) for name, row in projects.items()}
        for path, projects in content.items()
    }


def _build(target: Path) -> None:
    indexes = table()
    for path, projects in indexes.items():
        whole = indexes["simple"] | projects
        files = {name: dict(wheels(name, project)) for name, project in whole.items()}
        _write(target / path, files)


def wheels(name: str, project: Project) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of each wheel of a project."""
    for version in project.versions:
        full = f"{version}+{project.local}" if project.local else version
        # PyPI takes manylinux tags only; pip grants those after a look into the interpreter's ELF file, here a script.
        tags = [f"cp{python}-cp{python}-linux_x86_64" for python in PYTHONS] if project.tags else ["py3-none-any"]
        for tag in tags:
            yield f"{_escaped(name)}-{full}-{tag}.whl", wheel(name, project, full, tag)


def _escaped(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def wheel(name: str, project: Project, version: str, tag: str) -> bytes:
    """One wheel (PEP 427): the module, METADATA, WHEEL and RECORD."""
    module = project.module if project.module is not None else name.replace("-", "_")
    files = {path: entry.data for path, entry in modules.files(module, version, project.cuda).items()}
    folder = f"{_escaped(name)}-{version}.dist-info"
    files[f"{folder}/METADATA"] = modules.metadata(name, version, project.requires).encode()
    pure = str(tag.endswith("none-any")).lower()
    files[f"{folder}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: gpufleet-lab\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    )
    rows = [f"{path},sha256={_record_hash(data)},{len(data)}" for path, data in files.items()]
    files[f"{folder}/RECORD"] = "\n".join([*rows, f"{folder}/RECORD,,", ""]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, MOMENT), data)
    return buffer.getvalue()


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _write(index: Path, projects: Mapping[str, Mapping[str, bytes]]) -> None:
    """The index's pages; files lie beside the page of their project, and links to them are relative."""
    index.mkdir(parents=True)
    links = "".join(f'<a href="{name}/">{name}</a><br>\n' for name in sorted(projects))
    (index / "index.html").write_text(_page("Simple index", links))
    for name, files in projects.items():
        folder = index / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        hashes = {file: hashlib.sha256(data).hexdigest() for file, data in sorted(files.items())}
        rows = (
            f'<a href="{quote(file)}#sha256={digest}">{html.escape(file)}</a><br>\n' for file, digest in hashes.items()
        )
        (folder / "index.html").write_text(_page(f"Links for {name}", "".join(rows)))
        (folder / "index.json").write_text(_json(name, hashes))


def _page(title: str, body: str) -> str:
    head = f'<meta name="pypi:repository-version" content="1.0"><title>{title}</title>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n<h1>{title}</h1>\n{body}</body></html>\n"


def _json(name: str, hashes: Mapping[str, str]) -> str:
    files = [{"filename": file, "url": quote(file), "hashes": {"sha256": digest}} for file, digest in hashes.items()]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}, indent=1)
