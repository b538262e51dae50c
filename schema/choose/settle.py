"""A declaration with its `auto`s made concrete, so that whoever reads it sees versions.

`schema.load` settles what the inventory alone decides, so that no reader of a spec can come upon a choice that was not
made; the diff and the deploys settle it again with the look at the host, which comes before the rule.
"""

from typing import TYPE_CHECKING

from schema.choose import indexes
from schema.choose.cudnns import cudnn
from schema.choose.toolkits import toolkit
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.environments.model import EnvironmentSpec, PipIndex
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


@once
def settled(spec: "HostSpec", snapshot: "Snapshot | None") -> "HostSpec":
    """`spec` with every choice made; the very same where there is none to make. What cannot be chosen is left out."""
    if isinstance(spec.cuda, CudaSpec) and spec.cuda.auto:
        chosen = toolkit(spec, snapshot).value
        toolkits = (*spec.cuda.written, *([chosen] if chosen is not None else []))
        cuda = spec.cuda.model_copy(update={"toolkits": toolkits, "chosen": chosen})
        spec = spec.model_copy(update={"cuda": cuda})
    if isinstance(spec.cudnn, CudnnSpec) and spec.cudnn.auto:
        versions = {major: one.value for major, one in cudnn(spec, snapshot).items() if one.value is not None}
        both = dict(sorted((spec.cudnn.written | versions).items()))
        spec = spec.model_copy(update={"cudnn": spec.cudnn.model_copy(update={"versions": both, "chosen": versions})})
    return _with_indexes(spec, snapshot)


def _with_indexes(spec: "HostSpec", snapshot: "Snapshot | None") -> "HostSpec":
    """Each environment that asks for it with the index of PyTorch's wheels that suits the host, after its own."""
    found = {name: choice.value for name, choice in indexes.wheels(spec, snapshot).items()}
    if not found:
        return spec
    environments = dict(spec.environments)
    for name, tag in found.items():
        one = environments[name]
        if isinstance(one, EnvironmentSpec):
            index = [PipIndex(url=indexes.url(spec, tag), packages=one.pip.auto, chosen=True)] if tag else []
            pip = one.pip.model_copy(update={"indexes": (*one.pip.written, *index)})
            environments[name] = one.model_copy(update={"pip": pip})
    return spec.model_copy(update={"environments": environments})


def declared(spec: "HostSpec") -> "HostSpec":
    """`spec` as it was written, without the choices: what a digest of the declaration is made from."""
    update: dict[str, object] = {}
    if isinstance(spec.cuda, CudaSpec) and spec.cuda.auto:
        update["cuda"] = spec.cuda.model_copy(update={"toolkits": spec.cuda.written, "chosen": None})
    if isinstance(spec.cudnn, CudnnSpec) and spec.cudnn.auto:
        update["cudnn"] = spec.cudnn.model_copy(update={"versions": spec.cudnn.written, "chosen": {}})
    environments = dict(spec.environments)
    environments |= {
        name: one.model_copy(update={"pip": one.pip.model_copy(update={"indexes": one.pip.written})})
        for name, one in spec.environments.items()
        if isinstance(one, EnvironmentSpec) and one.pip.auto
    }
    update |= {"environments": environments} if environments != spec.environments else {}
    return spec.model_copy(update=update) if update else spec
