"""One line of a host's answer to the smoke test, as it came: bounded, and nothing of it taken for granted."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schema.errors import printable


def _text(value: object) -> str:
    """Lines of text that no terminal can be moved by."""
    lines = value[:4000].splitlines() if isinstance(value, str) else []
    return "\n".join(printable(line)[:400] for line in lines[:20])


def _word(value: object) -> str | None:
    return printable(value)[:120] if isinstance(value, str) and value else None


Text = Annotated[str, BeforeValidator(_text)]
Word = Annotated[str | None, BeforeValidator(_word)]
Amount = Annotated[float | None, Field(ge=0, le=1e18, allow_inf_nan=False)]


class Line(BaseModel):
    """Unknown keys of a host are left out: what is sent and what reads are of one version, but hosts may lie."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Device(Line):
    """A GPU or MIG device that nvidia-smi listed; `busy` says why it is left alone, "" where it is tested."""

    index: Annotated[int, Field(ge=0, le=1024)]
    uuid: Word = None
    name: Word = None
    slot: Word = None
    mig: Word = None
    busy: Text = ""
    light: bool = False

    @property
    def title(self) -> str:
        """ "GPU 0 NVIDIA H100 80GB HBM3 0000:1e:00.0"."""
        return " ".join(part for part in (f"GPU {self.index}", self.name, self.slot) if part)


class Part(Line):
    """What one device answered, in any way."""

    outcome: Word = None
    reason: Word = None
    number: Annotated[int | None, Field(ge=-1, le=1_000_000)] = None
    text: Text = ""
    capability: Annotated[str | None, Field(pattern=r"^[0-9]{1,2}\.[0-9]$")] = None
    rate: Amount = None
    peak: Amount = None
    seconds: Amount = None
    slow: Text = ""


class Answer(Part):
    """A line of any kind: the devices (`gpufleet` is set), a device's result, an environment, the end.

    `python` is False where the host has none. Of an environment: `version`, `cuda` (None: a build without it), `rocm`,
    `failed_import`, `count` of devices in its sight, `built` for these, `survey`: CUDA was asked for.
    `said`: what else was printed.
    """

    gpufleet: int | None = None
    python: bool | None = None
    devices: tuple[Device, ...] | dict[str, Part] = ()
    way: Word = None
    device: Word = None
    environment: Word = None
    version: Word = None
    cuda: Word = None
    rocm: Word = None
    failed_import: Text = Field(default="", alias="import")
    survey: bool = False
    count: Annotated[int | None, Field(ge=0, le=1024)] = None
    built: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    code: Any = None
    end: bool = False
    said: str = ""
