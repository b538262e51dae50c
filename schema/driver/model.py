"""The NVIDIA driver: declared, and observed in memory, on disk and in user space."""

from typing import Literal

from pydantic import Field

from schema.model import DottedVersion, Model

Flavour = Literal["open", "proprietary"]


class DriverSpec(Model):
    source: Literal["nvidia", "ubuntu", "external"] = "nvidia"
    branch: str = Field(default="auto", pattern=r"^(auto|[1-9][0-9]{2})$")
    version: DottedVersion | None = None
    modules: Literal["open", "proprietary", "auto"] = "auto"
    delivery: Literal["auto", "dkms", "prebuilt"] = "auto"
    variant: Literal["auto", "desktop", "server"] = "auto"
    install: Literal["full", "compute"] = "full"
    persistence: bool = True
    fabric_manager: Literal["auto", True, False] = "auto"
    takeover: bool = False


class Module(Model):
    """An nvidia.ko on disk for one kernel; `signer` is None when it is not signed."""

    kernel: str
    version: str
    flavour: Flavour
    signer: str | None = None


class Service(Model):
    """A systemd unit: whether it is installed, enabled and active ("active", "failed", "inactive").

    `entered`: when it became active last, in seconds since boot; None where it never was, or that was not seen.
    """

    installed: bool = False
    enabled: bool = False
    active: str = "inactive"
    entered: int | None = None


class DkmsModule(Model):
    """One version of the driver in DKMS's tree, as `dkms status` tells it without running it.

    `built` and `installed`: kernels; `broken`: its sources in /usr/src are gone. `failure`: telling lines of a make.log
    that a build left in its working folder, as one that failed does; `log` is its path.
    """

    name: str
    version: str
    built: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    broken: bool = False
    log: str | None = None
    failure: tuple[str, ...] = ()


class DriverState(Model):
    """`loaded_version` and `loaded_flavour`: the module in memory (/proc/driver/nvidia/version), None without one.

    `libraries`: versions of the user-space driver found as libcuda.so.X and libnvidia-ml.so.X, oldest first; one
    when healthy. `library_files`: where they were found.
    `dkms`: what DKMS has of the driver, by version. `shadows`: lines of the loader's configuration and of the
    environment that put another libcuda first, "PATH: LINE". `suspend_condition`: the line of nvidia-suspend.service
    that asks for NVIDIA's licence, "" without one.
    `managers`: who else manages the driver: "runfile", "gpu-operator", "dgx-os", "azure-extension", "ppa" ...
    """

    loaded_version: str | None = None
    loaded_flavour: Flavour | None = None
    modules: tuple[Module, ...] = ()
    libraries: tuple[str, ...] = ()
    library_files: tuple[str, ...] = ()
    dkms: tuple[DkmsModule, ...] = ()
    shadows: tuple[str, ...] = ()
    suspend_condition: str = ""
    persistenced: Service = Service()
    fabric_manager: Service = Service()
    imex: Service = Service()
    managers: tuple[str, ...] = ()

    def module_for(self, kernel: str | None) -> Module | None:
        return next((module for module in self.modules if module.kernel == kernel), None)
