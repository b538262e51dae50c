"""CUDA toolkits in /usr/local, what owns them, and which is the default."""

import re

from facts import probe, text
from facts.fact import FactBase
from schema.cuda import CudaState, Toolkit

FOLDER = re.compile(r"/usr/local/cuda-([0-9]{1,2}\.[0-9]{1,2})")


class Cuda(FactBase[CudaState]):
    """CUDA toolkits.

    `{"toolkits": [{"version": "12.9", "full_version": "12.9.1", "path": "/usr/local/cuda-12.9", "package":
    "cuda-nvcc-12-9"}], "default": "12.9", "dangling": null, "alternative": "auto"}`; `package` is null for a toolkit no
    package owns.
    """

    def command(self) -> str:
        return probe.script(("cuda",))

    def process(self, output: list[str]) -> CudaState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> CudaState:
    """The toolkits of one run of the probe, oldest first."""
    texts: dict[str, list[str]] = {}
    folder = ""
    for word, rest in found.words("cuda/toolkits"):
        if word == "toolkit":
            folder = rest
        texts.setdefault(folder, []).append(rest if word == "text" else "")
    owners = _owners(found.of("cuda/owners"))
    toolkits = [
        _toolkit(folder, "\n".join(lines), owners) for folder, lines in texts.items() if FOLDER.fullmatch(folder)
    ]
    default = FOLDER.fullmatch(found.value("cuda/default", "default") or "")
    alternative = found.value("cuda/default", "alternative")
    return CudaState(
        toolkits=tuple(sorted(toolkits, key=lambda toolkit: text.version_order(toolkit.version))),
        default=default.group(1) if default else None,
        dangling=found.value("cuda/default", "dangling"),
        alternative="auto" if alternative == "auto" else "manual" if alternative == "manual" else None,
    )


def _toolkit(folder: str, content: str, owners: dict[str, str]) -> Toolkit:
    # version.json, from CUDA 11.1 on, names the toolkit first; version.txt before it says "CUDA Version 11.0.228".
    full = text.first(r'"version"\s*:\s*"([0-9.]+)"', content) or text.first(r"CUDA Version ([0-9.]+)", content)
    found = FOLDER.fullmatch(folder)
    owned = (owners.get(f"{folder}/{file}") for file in ("bin/nvcc", "version.json", "version.txt"))
    return Toolkit(
        version=found.group(1) if found else "",
        full_version=full,
        path=folder,
        package=next((package for package in owned if package), None),
    )


def _owners(lines: tuple[str, ...]) -> dict[str, str]:
    """Packages by the path they own: lines `/var/lib/dpkg/info/PACKAGE.list:PATH`, PACKAGE perhaps with `:amd64`."""
    owners = {}
    for line in lines:
        found = re.fullmatch(r"/var/lib/dpkg/info/([a-z0-9.+-]+)(?::[a-z0-9]+)?\.list:(/.*)", line)
        if found:
            owners[found.group(2)] = found.group(1)
    return owners
