"""The conda channels that the lab serves below /conda: real .conda files and a real index, from channel.yaml."""

import asyncio
import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from conda_package_handling import api
from pydantic import BaseModel, ConfigDict
from rattler.index import index_fs

from lab import base, cached, interpreter, modules, package, runtime
from lab.package import Entry, Package

TABLE = Path(__file__).with_suffix(".yaml")
MADE_BY = ("channel.py", "channel.yaml", "modules.py", "package.py", "interpreter.py", "base.py", "runtime.py")


class Row(BaseModel):
    """One project of the table; a version's list says for which Python minor versions it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    versions: Mapping[str, tuple[int, ...]] | tuple[str, ...]
    depends: tuple[str, ...] = ()
    module: str | None = None
    distribution: str | None = None
    scripts: tuple[str, ...] = ()
    variants: Mapping[str, tuple[str, ...]] = {}
    exact: str | None = None
    build: str | None = None
    pin: str | None = None


class Channel(BaseModel):
    """The table of one channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: tuple[str, ...]
    conda: Mapping[str, tuple[str, ...]]
    native: Mapping[str, Row]
    extensions: Mapping[str, Row]
    pure: Mapping[str, Row]


def build(webroot: Path) -> None:
    """Write every channel into `webroot`/conda, from the cache when nothing has changed."""
    commands = sorted(base.COMMAND.glob("*"))
    made_from = [*cached.sources(*MADE_BY), *(path.read_bytes() for path in commands if path.is_file())]
    shutil.copytree(cached.folder("channels", made_from, _build), webroot / "conda", dirs_exist_ok=True)


def table() -> dict[str, Channel]:
    """Channels by name. Scalars stay text: 8.10 is a version, not a number."""
    content = yaml.load(TABLE.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 (BaseLoader makes strings only)
    return {name: Channel.model_validate(channel) for name, channel in content.items()}


def _build(target: Path) -> None:
    for name, channel in table().items():
        for part in [*packages(channel), pip()]:
            write(part, target / name)
        asyncio.run(index_fs(target / name, write_zst=True, write_shards=False, force=True))


def packages(channel: Channel) -> Iterator[Package]:
    """Every package of a channel but pip, which is not made here."""
    yield interpreter.certificates()
    for version in channel.python:
        yield interpreter.python(version)
    for short in sorted({interpreter.minor(version) for version in channel.python}):
        constrains = (f"python {short}.* *_{interpreter.tag(short)}",)
        yield Package("python_abi", short, f"8_cp{short.replace('.', '')}", "noarch", constrains=constrains)
    for version, pythons in channel.conda.items():
        yield from (base.conda(version, python) for python in pythons)
    for name, row in channel.native.items():
        yield from _native(name, row)
    for name, row in channel.extensions.items():
        yield from _extensions(name, row)
    for name, row in channel.pure.items():
        yield from _pure(name, row)


def _hash(*words: str) -> str:
    """Seven digits, as conda-build's hash of the variant; the lab's own."""
    return "h" + hashlib.sha256(" ".join(words).encode()).hexdigest()[:7]


def _native(name: str, row: Row) -> Iterator[Package]:
    for version in row.versions:
        pin = (f"{row.pin} {'.'.join(version.split('.')[:2])}.*",) if row.pin else ()
        note = {f"share/gpufleet-lab/{name}": package.text(package.STAND_IN + "\n")}
        yield Package(name, version, f"{_hash(name, version)}_0", depends=row.depends + pin, entries=note)


def _extensions(name: str, row: Row) -> Iterator[Package]:
    versions = row.versions if isinstance(row.versions, Mapping) else {}
    for version, tags in versions.items():
        for tag in tags:
            for variant, more in (row.variants or {"": ()}).items():
                yield _extension(name, row, version, tag, variant, more)


def _extension(name: str, row: Row, version: str, tag: int, variant: str, more: tuple[str, ...]) -> Package:
    """One build for one Python: py311h1234567_0, or cuda126_generic_py311_h1234567_200 (CUDA counts higher)."""
    minor = tag - 300
    python = (f"python >=3.{minor},<3.{minor + 1}.0a0", f"python_abi 3.{minor}.* *_cp{tag}")
    digest = _hash(name, version, str(tag), variant)
    number = 200 if variant.startswith("cuda") else 0
    build = f"{variant}_py{tag}_{digest}_{number}" if variant else f"py{tag}{digest}_0"
    cuda = f"{variant[4:6]}.{variant[6]}" if variant.startswith("cuda") else None
    site = {
        f"lib/python3.{minor}/site-packages/{path}": entry for path, entry in _site(name, row, version, cuda).items()
    }
    return Package(name, version, build, depends=(*row.depends, *more, *python, "libgcc >=14"), entries=site)


def _site(name: str, row: Row, version: str, cuda: str | None = None) -> dict[str, Entry]:
    module = row.module if row.module is not None else name.replace("-", "_")
    found = modules.files(module, version, cuda)
    return found | modules.dist_info(row.distribution or name, version, "conda") if found else {}


def _pure(name: str, row: Row) -> Iterator[Package]:
    for version in row.versions:
        entries = {f"site-packages/{path}": entry for path, entry in _site(name, row, version).items()}
        if name == "ipykernel":
            entries["share/jupyter/kernels/python3/kernel.json"] = _kernel()
        exact = (f"{row.exact} {version} {row.build or ''}".rstrip(),) if row.exact else ()
        python = ("python >=3.9",) if entries else ()
        build = f"pyhd8ed1ab_{0 if entries else 1}" if python or row.exact else f"{_hash(name, version)}_0"
        yield Package(
            name, version, build, "noarch", (*row.depends, *exact, *python), entries=entries, scripts=row.scripts
        )


def _kernel() -> Entry:
    """The kernel that the package itself registers; its interpreter is found again through the prefix."""
    return package.text(
        f'{{"argv": ["{package.PLACEHOLDER}/bin/python", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"],\n'
        ' "display_name": "Python 3 (ipykernel)",\n "language": "python"}\n'
    )


def pip() -> Package:
    """The real pip, out of its wheel."""
    with zipfile.ZipFile(runtime.pip_wheel()) as wheel:
        names = [name for name in wheel.namelist() if not name.endswith("/")]
        entries = {f"site-packages/{name}": Entry(wheel.read(name)) for name in names}
    entries[f"site-packages/pip-{runtime.PIP}.dist-info/INSTALLER"] = package.text("conda\n")
    scripts = ("pip = pip._internal.cli.main:main", "pip3 = pip._internal.cli.main:main")
    depends = ("python >=3.9,<3.14.0a0", "setuptools", "wheel")
    return Package(
        "pip", runtime.PIP, "pyh8b19718_0", "noarch", depends, entries=entries, scripts=scripts, license="MIT"
    )


def write(part: Package, channel: Path) -> Path:
    """Pack one package into its sub-folder of the channel; returns the .conda file."""
    folder = channel / part.subdir
    folder.mkdir(parents=True, exist_ok=True)
    (channel / "noarch").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for path, entry in (part.entries | package.info_files(part)).items():
            _lay(Path(scratch) / path, entry)
        api.create(scratch, None, f"{part.dist}.conda", out_folder=str(folder))
    return folder / f"{part.dist}.conda"


def _lay(path: Path, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.link is not None:
        path.symlink_to(entry.link)
        return
    path.write_bytes(entry.data)
    path.chmod(entry.mode)
