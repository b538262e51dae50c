"""cuDNN: what its header says, and which libraries are there."""

import re

from facts import probe, text
from facts.fact import FactBase
from schema.cudnn import CudnnState

LIBRARY = re.compile(r".*/libcudnn\.so\.([0-9]+\.[0-9]+(?:\.[0-9]+)*)")


class Cudnn(FactBase[CudnnState]):
    """cuDNN: `{"header": "9.10.2", "libraries": ["9.10.2"]}`; `header` is null without cudnn_version.h."""

    def command(self) -> str:
        return probe.script(("cudnn",))

    def process(self, output: list[str]) -> CudnnState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> CudnnState:
    """cuDNN of one run of the probe."""
    headers = [_header(content) for content in probe.texts(found, "cudnn/headers").files.values()]
    matches = [match for line in found.of("cudnn/libraries") if (match := LIBRARY.fullmatch(line))]
    return CudnnState(
        header=next((header for header in headers if header), None),
        libraries=text.in_version_order(match.group(1) for match in matches),
    )


def _header(content: str) -> str | None:
    """ "9.10.2" from the three definitions in cudnn_version.h."""
    parts = [text.first(rf"CUDNN_{part} ([0-9]+)", content) for part in ("MAJOR", "MINOR", "PATCHLEVEL")]
    return ".".join(part for part in parts if part) if all(parts) else None
