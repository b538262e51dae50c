"""Short spellings written out: `connection: local`, GPUs as text, absent toolkits, one cuDNN per CUDA major, `auto`."""

from collections.abc import Callable

from schema.document import Node

# What comes from PyTorch's own indexes.
TORCH = ("torch", "torchvision", "torchaudio")


def written_out(tree: Node) -> Node:
    """The tree of a host, of defaults or of a group, with every short spelling in the form of the models."""
    if not isinstance(tree.value, dict):
        return tree
    spelt = {key: SPELLINGS[key](node) if key in SPELLINGS else node for key, node in tree.value.items()}
    return tree.like(spelt)


def _connection(node: Node) -> Node:
    return node.like({"local": node.like(True, made=True)}) if node.value == "local" else node


def _gpus(node: Node) -> Node:
    if not isinstance(node.value, list):
        return node
    return node.like([_gpu(item) for item in node.value])


def _gpu(item: Node) -> Node:
    if isinstance(item.value, str):
        return item.like({"model": item})
    pci_id = item.value.get("pci_id") if isinstance(item.value, dict) else None
    if isinstance(item.value, dict) and pci_id is not None and isinstance(pci_id.value, str):
        return item.like({**item.value, "pci_id": pci_id.like(pci_id.value.lower())})
    return item


def _cuda(node: Node) -> Node:
    toolkits = node.value.get("toolkits") if isinstance(node.value, dict) else None
    if not isinstance(node.value, dict) or toolkits is None:
        return node
    listed = toolkits.value if isinstance(toolkits.value, list) else [toolkits]
    autos = [item for item in listed if _auto(item)]
    if not autos and not isinstance(toolkits.value, list):
        return node
    absent = [version for item in listed for version in _absent(item)]
    wanted = [item for item in listed if not (_absent(item) or _auto(item))]
    extra = {"absent": toolkits.like(list(absent), made=True)} if absent else {}
    extra |= {"auto": autos[0].like(True, made=True)} if autos else {}
    return node.like({**node.value, "toolkits": toolkits.like(list(wanted)), **extra})


def _absent(item: Node) -> list[Node]:
    """The versions in {"11.8": absent}; none for anything else."""
    if not isinstance(item.value, dict) or any(child.value != "absent" for child in item.value.values()):
        return []
    return [child.like(version) for version, child in item.value.items()]


def _cudnn(node: Node) -> Node:
    version = node.value.get("version") if isinstance(node.value, dict) else None
    if not isinstance(node.value, dict) or version is None or not (isinstance(version.value, dict) or _auto(version)):
        return node
    others = {key: child for key, child in node.value.items() if key != "version"}
    by_major = version.value if isinstance(version.value, dict) else {}
    written = {major: child for major, child in by_major.items() if not _auto(child)}
    named = [child.like(major, made=True) for major, child in by_major.items() if _auto(child)]
    extra = {"auto": version.like(True, made=True)} if named or _auto(version) else {}
    extra |= {"only": version.like(list(named), made=True)} if named else {}
    return node.like({**others, "versions": version.like(written, made=True), **extra})


def _auto(node: Node) -> bool:
    return node.value == "auto"


def _environments(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    return node.like({name: _inner(one, "pip", _pip) for name, one in node.value.items()})


def _inner(node: Node, key: str, spell: Callable[[Node], Node]) -> Node:
    """The mapping with one of its values spelt out."""
    if not isinstance(node.value, dict) or key not in node.value:
        return node
    return node.like({**node.value, key: spell(node.value[key])})


def _pip(node: Node) -> Node:
    indexes = node.value.get("indexes") if isinstance(node.value, dict) else None
    if not isinstance(node.value, dict) or indexes is None:
        return node
    listed = indexes.value if isinstance(indexes.value, list) else [indexes]
    autos = [item for item in listed if _auto(item) or _auto_url(item)]
    if not autos:
        return node
    names = [name for item in autos for name in _names(item)]
    wanted = [item for item in listed if item not in autos]
    return node.like({**node.value, "indexes": indexes.like(wanted), "auto": autos[0].like(names, made=True)})


def _auto_url(item: Node) -> bool:
    url = item.value.get("url") if isinstance(item.value, dict) else None
    return url is not None and _auto(url) and isinstance(item.value, dict) and set(item.value) <= {"url", "packages"}


def _names(item: Node) -> list[Node]:
    """The packages of an index that is to be chosen: PyTorch's where none are named."""
    packages = item.value.get("packages") if isinstance(item.value, dict) else None
    if packages is None:
        return [item.like(name, made=True) for name in TORCH]
    return packages.value if isinstance(packages.value, list) else [packages]


SPELLINGS: dict[str, Callable[[Node], Node]] = {
    "connection": _connection,
    "gpus": _gpus,
    "cuda": _cuda,
    "cudnn": _cudnn,
    "environments": _environments,
}
