"""`nvidia-smi -q -x`: its XML, in any edition of its document type, read for what matters."""

import itertools
from xml.etree import ElementTree

from facts.smi import board, said, tree, value
from schema.gpu import NvidiaSmi

UNREADABLE = "its answer breaks off, or could not be read"


def parse(output: str, exit_code: int | None) -> NvidiaSmi:
    """What one run said. Whatever the text, nothing is raised: what is no document is kept in `text`.

    Without an exit code that of the text is taken; of a document that breaks off, what was whole is read.
    """
    found = tree.read(output)
    text = said.text(found.beside)
    if found.root is None:
        code = said.code(text) if exit_code is None else exit_code
        unreadable = UNREADABLE if "<" in output else ""
        return NvidiaSmi(exit_code=code, text=text or unreadable, complete=False)
    if exit_code is None:
        exit_code = 0 if found.complete else said.code(text)
    return _answer(found.root, exit_code, text, complete=found.complete)


def _answer(root: ElementTree.Element, exit_code: int | None, text: str, *, complete: bool) -> NvidiaSmi:
    gpus = [(board.gpu(index, element), element) for index, element in enumerate(root.findall("gpu")[: tree.GPUS])]
    processes = (process for gpu, element in gpus for process in board.processes(gpu.slot, element))
    return NvidiaSmi(
        exit_code=exit_code,
        text=text or ("" if complete else UNREADABLE),
        complete=complete,
        # Release 610 deprecates the first two names: KMD is the kernel's part of the driver, UMD the programs'.
        driver_version=value.version(root, "driver_version", "kmd_version"),
        cuda_version=value.version(root, "cuda_version", "cuda_umd_version", "umd_version"),
        gpus=tuple(gpu for gpu, _ in gpus),
        processes=tuple(itertools.islice(processes, tree.PROCESSES)),
    )
