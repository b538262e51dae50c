"""Every choice that a host's declaration leaves open, by the dotted path of the key that says `auto`."""

from typing import TYPE_CHECKING

from schema.choose import packages
from schema.choose.branches import branch
from schema.choose.choice import Choice
from schema.choose.cudnns import cudnn
from schema.choose.flavours import modules
from schema.choose.indexes import wheels
from schema.choose.settle import settled
from schema.choose.toolkits import toolkit
from schema.cuda import CudaSpec

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def choices(spec: "HostSpec", snapshot: "Snapshot | None" = None) -> dict[str, Choice]:
    """ "driver.branch", "driver.modules" and so on, in the order of the models; only what `auto` stands for.

    Of a driver that something else manages nothing is chosen; `delivery` and `variant` exist for `source: ubuntu`.
    """
    spec = settled(spec, snapshot)
    found: dict[str, Choice] = {}
    managed = spec.managed_driver
    if managed is not None and managed.source != "external":
        found |= {"driver.branch": branch(spec, snapshot)} if managed.branch == "auto" else {}
        found |= {"driver.modules": modules(spec, snapshot)} if managed.modules == "auto" else {}
        if managed.source == "ubuntu":
            found |= {"driver.delivery": packages.delivery(spec, snapshot)} if managed.delivery == "auto" else {}
            found |= {"driver.variant": packages.variant(spec, snapshot)} if managed.variant == "auto" else {}
        if managed.fabric_manager == "auto":
            found["driver.fabric_manager"] = packages.fabric_manager(spec, snapshot)
    if isinstance(spec.cuda, CudaSpec) and spec.cuda.auto:
        found["cuda.toolkits"] = toolkit(spec, snapshot)
    found |= {f"cudnn.version.{major}": choice for major, choice in cudnn(spec, snapshot).items()}
    found |= {f"environments.{name}.pip.indexes": choice for name, choice in wheels(spec, snapshot).items()}
    return found
