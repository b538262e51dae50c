"""Keys that contradict one another within one host."""

import re

from schema import compat
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.document import Node
from schema.driver import DriverSpec
from schema.host import HostSpec
from schema.model import version_key, within
from schema.rules.breach import Breach


def gpus(spec: HostSpec) -> list[Breach]:
    """Each GPU by model or by PCI id, one of the two."""
    message = "a GPU needs exactly one of model and pci_id."
    hint = 'Write {model: GTX 1080} or {pci_id: "10de:1b80"}.'
    return [
        Breach(code="INV030", path=f"gpus.{index}", message=message, hint=hint)
        for index, gpu in enumerate(spec.gpus or ())
        if (gpu.model is None) == (gpu.pci_id is None)
    ]


def driver(spec: HostSpec) -> list[Breach]:
    one = spec.driver
    if not isinstance(one, DriverSpec):
        return []
    breaches = []
    if one.version is not None and one.branch != "auto" and not within(one.version, one.branch):
        message = f"version {one.version} does not belong to branch {one.branch}."
        row = compat.branch(int(one.branch))
        newest = f"driver.version: {row.versions[-1]}" if row is not None and row.versions else "another version"
        hint = f"Set driver.branch: {version_key(one.version)[0]}, or {newest}."
        breaches.append(Breach(code="INV030", path="driver.version", message=message, hint=hint))
    for key, default in (("delivery", "auto"), ("variant", "auto")):
        value = getattr(one, key)
        needs_ubuntu = value == "prebuilt" or (key == "variant" and value != default)
        if needs_ubuntu and one.source != "ubuntu":
            message = f"{key}: {value} exists only for source: ubuntu; the source is {one.source}."
            hint = f"Set driver.source: ubuntu, or driver.{key}: auto."
            breaches.append(Breach(code="INV030", path=f"driver.{key}", message=message, hint=hint))
    return breaches


def cuda(spec: HostSpec) -> list[Breach]:
    one = spec.cuda
    if not isinstance(one, CudaSpec):
        return []
    breaches = []
    if one.default is not None and one.default not in one.toolkits:
        listed = ", ".join(one.toolkits) or "none"
        message = f"the default {one.default} is not among the toolkits ({listed})."
        breaches.append(Breach(code="INV030", path="cuda.default", message=message, hint=f"Add it, or write {listed}."))
    keys = [version_key(version)[:2] for version in one.toolkits]
    for index, version in enumerate(one.toolkits):
        if keys.index(keys[index]) != index:
            message = f"CUDA {version} is listed twice: one toolkit of each release can be installed."
            breaches.append(Breach(code="INV030", path=f"cuda.toolkits.{index}", message=message, hint="Delete one."))
    both = [version for version in one.absent if version_key(version)[:2] in keys]
    if both:
        message = f"CUDA {both[0]} is wanted and absent at once."
        breaches.append(Breach(code="INV030", path="cuda.absent", message=message, hint="Delete one of the two."))
    return breaches


def cudnn(spec: HostSpec) -> list[Breach]:
    """cuDNN is built per CUDA major, so that it needs one; versions by major must be of majors that are there."""
    one = spec.cudnn
    if not isinstance(one, CudnnSpec):
        return []
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    majors = sorted({version.split(".")[0] for version in toolkits}, key=int)
    if one.version is None and not one.versions and not one.auto:
        message, hint = "cudnn has no version.", 'Write version: "9.10.2".'
        return [Breach(code="INV030", path="cudnn", message=message, hint=hint)]
    if not majors and isinstance(spec.cuda, CudaSpec) and spec.cuda.auto:
        return []
    if not majors:
        message = "cuDNN is built for one CUDA major, and no toolkit is declared."
        return [Breach(code="INV030", path="cudnn", message=message, hint='Add cuda: {toolkits: ["12.9"]}.')]
    wrong = [major for major in (*one.versions, *one.only) if major not in majors]
    named = set(one.versions) | set(one.only)
    open_to_all = one.auto and not one.only
    missing = [major for major in majors if named and major not in named and not open_to_all]
    if wrong:
        message = f"there is no toolkit of CUDA {wrong[0]}; those declared are of {', '.join(majors)}."
        hint = f"Write the cuDNN version under {majors[0]!r}."
        return [Breach(code="INV030", path=f"cudnn.versions.{wrong[0]}", message=message, hint=hint)]
    if missing:
        message = f"there is no cuDNN version for CUDA {missing[0]}."
        return [Breach(code="INV030", path="cudnn.versions", message=message, hint=f'Add "{missing[0]}".')]
    return []


PLACEHOLDERS = frozenset({"distro", "nvidia_arch", "codename", "arch"})


def mirrors(spec: HostSpec) -> list[Breach]:
    """The URL of a repository may hold four placeholders, other URLs none."""
    urls = {
        "mirrors.cuda.url": (spec.mirrors.cuda and spec.mirrors.cuda.url, PLACEHOLDERS),
        "mirrors.ubuntu.url": (spec.mirrors.ubuntu and spec.mirrors.ubuntu.url, PLACEHOLDERS),
        **{
            f"mirrors.{key}": (getattr(spec.mirrors, key), frozenset())
            for key in ("installers", "conda", "pypi", "torch")
        },
    }
    breaches = []
    for path, (url, known) in urls.items():
        bare = re.sub(r"\{(\w+)\}", lambda match, known=known: "" if match[1] in known else match[0], url or "")
        if "{" in bare or "}" in bare:
            words = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
            message = f"a placeholder that is not known; possible: {words}."
            breaches.append(Breach(code="INV030", path=path, message=message, hint="Write it out."))
    return breaches


def secret(spec: HostSpec) -> list[Breach]:
    reference = spec.connection.sudo_password
    if reference is None:
        return []
    given = [key for key in ("env", "file", "command") if getattr(reference, key) is not None]
    if len(given) == 1:
        return []
    message = "a secret needs exactly one of env, file and command."
    return [Breach(code="INV030", path="connection.sudo_password", message=message, hint="Write {env: NAME}.")]


def cpu_only(spec: HostSpec, own: Node) -> list[Breach]:
    """`gpus: []` passes over an inherited driver; one in the host's own file contradicts it."""
    written = own.value.get("driver") if isinstance(own.value, dict) else None
    if spec.gpus != () or written is None or spec.driver == "none":
        return []
    message = "`gpus: []` says that the host has no GPU, and its own file declares a driver."
    return [Breach(code="INV031", path="driver", message=message, hint="Delete one of the two.")]
