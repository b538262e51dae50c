"""CUDA toolkit versions: what each was released with, and for which Ubuntu releases."""

from pydantic import BaseModel, ConfigDict

from lab import deb
from lab.packages import family

# Which releases carry which toolkit: NVIDIA's repositories, and the tags of its container images (nvidia/cuda).
DISTROS = {
    "11.8": ("ubuntu2204",),
    "12.6": ("ubuntu2204", "ubuntu2404"),
    "12.8": ("ubuntu2204", "ubuntu2404"),
    "12.9": ("ubuntu2204", "ubuntu2404"),
    "13.0": ("ubuntu2204", "ubuntu2404"),
    "13.3": ("ubuntu2204", "ubuntu2404", "ubuntu2604"),
}


class Toolkit(BaseModel):
    """One toolkit version; `driver` is the one that it was released with (CUDA release notes, table 3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    nvcc: str
    cudart: str
    driver: str
    build: str

    @property
    def dotted(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def dashed(self) -> str:
        return self.dotted.replace(".", "-")

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def prefix(self) -> str:
        return f"usr/local/cuda-{self.dotted}"

    def named(self, base: str) -> str:
        return f"{base}-{self.dashed}"

    def package(self, name: str, summary: str, version: str | None = None, **fields: object) -> deb.Package:
        common = {"maintainer": family.NVIDIA, "section": "multiverse/devel", "version": f"{version or self.version}-1"}
        return deb.Package.model_validate({**common, "name": name, "summary": summary, **fields})


# Component versions of 13.3 are the stand-in's own; those of the others are the released ones.
TOOLKITS = (
    Toolkit(
        version="11.8.0", nvcc="11.8.89", cudart="11.8.89", driver="520.61.05", build="Wed_Sep_21_10:33:58_PDT_2022"
    ),
    Toolkit(
        version="12.6.3", nvcc="12.6.85", cudart="12.6.77", driver="560.35.05", build="Tue_Oct_29_23:50:19_PDT_2024"
    ),
    Toolkit(
        version="12.8.1", nvcc="12.8.93", cudart="12.8.90", driver="570.124.06", build="Fri_Feb_21_20:23:50_PST_2025"
    ),
    Toolkit(
        version="12.9.0", nvcc="12.9.41", cudart="12.9.37", driver="575.51.03", build="Wed_Apr__9_19:24:57_PDT_2025"
    ),
    Toolkit(
        version="12.9.1", nvcc="12.9.86", cudart="12.9.79", driver="575.57.08", build="Tue_May_27_02:21:03_PDT_2025"
    ),
    Toolkit(
        version="13.0.2", nvcc="13.0.88", cudart="13.0.96", driver="580.95.05", build="Wed_Aug_20_01:58:59_PM_PDT_2025"
    ),
    Toolkit(
        version="13.3.0", nvcc="13.3.33", cudart="13.3.29", driver="610.43.02", build="Mon_May_18_12:00:00_PDT_2026"
    ),
)
