"""A small evaluator of PTX: the instructions that facts/compute/kernel.ptx is made of, a block of threads at a time.

Each kernel becomes a Python generator that runs one thread to its next barrier. Numbers of FP32 are Python's floats:
the tests use whole numbers, which both hold exactly. What it does not know raises KeyError.
https://docs.nvidia.com/cuda/parallel-thread-execution/ describes the instructions.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

WORD, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
SPECIAL = {"%tid.x": "tid", "%ntid.x": "ntid", "%ctaid.x": "cta[0]", "%ctaid.y": "cta[1]", "%ctaid.z": "cta[2]"}
# By opcode: the value of the first operand, from the others.
VALUES = {
    "mov.u32": "{1}",
    "mov.f32": "{1}",
    "cvta.to.global.u64": "{1}",
    "cvt.u64.u32": "{1}",
    "add.s32": f"({{1}} + {{2}}) & {WORD}",
    "add.s64": f"({{1}} + {{2}}) & {LONG}",
    "mul.lo.s32": f"({{1}} * {{2}}) & {WORD}",
    "mul.lo.s64": f"({{1}} * {{2}}) & {LONG}",
    "mul.wide.u32": "{1} * {2}",
    "mad.lo.s32": f"({{1}} * {{2}} + {{3}}) & {WORD}",
    "fma.rn.f32": "{1} * {2} + {3}",
    "xor.b32": "{1} ^ {2}",
    "and.b32": f"{{1}} & {{2}} & {WORD}",
    "or.b32": "{1} | {2}",
    "shr.u32": "{1} >> {2}",
    "shl.b32": f"({{1}} << {{2}}) & {WORD}",
    "shl.b64": f"({{1}} << {{2}}) & {LONG}",
    "setp.ge.u32": "{1} >= {2}",
    "setp.lt.u32": "{1} < {2}",
    "setp.eq.s32": "{1} == {2}",
    "setp.ne.s32": "{1} != {2}",
}


def kernels(ptx: str) -> dict[str, Callable[..., Iterator[None]]]:
    """The entries of a module by name: each is started with (parameters, memory, shared, tid, ntid, cta)."""
    found = re.findall(r"\.entry (\w+)\((.*?)\)[^{]*\{(.*?)\n\}", ptx, re.S)
    return {name: _kernel(name, body) for name, _, body in found}


def run(kernel: Callable[..., Iterator[None]], parameters: list[int], memory: dict[int, Any], **place: Any) -> None:
    """One block of `threads` threads at `cta`, in step at each barrier. Memory is words by address over 4."""
    shared: dict[int, Any] = {}
    threads = [
        kernel(parameters, memory, shared, number, place["threads"], place["cta"]) for number in range(place["threads"])
    ]
    while threads:
        threads = [thread for thread in threads if next(thread, "ended") != "ended"]


def _kernel(name: str, body: str) -> Callable[..., Iterator[None]]:
    symbols = {}
    for align, symbol, size in re.findall(r"\.shared \.align (\d+) \.b8 (\w+)\[(\d+)\];", body):
        symbols[symbol] = sum(value[1] for value in symbols.values()), int(size)
        assert symbols[symbol][0] % int(align) == 0
    places = {symbol: str(start) for symbol, (start, _) in symbols.items()}
    blocks: list[list[str]] = [[]]
    labels = {}
    for line in body.splitlines():
        text = line.strip()
        if match := re.match(r"(\$\w+):$", text):
            blocks.append([])
            labels[match[1]] = len(blocks) - 1
        elif text and not text.startswith((".", "//")):
            blocks[-1].append(text)
    lines = [
        "def thread(parameters, memory, shared, tid, ntid, cta):",
        "    if False: yield",
        "    at = 0",
        "    while True:",
    ]
    for number, block in enumerate(blocks):
        lines.append(f"        if at == {number}:")
        for text in block:
            lines += [f"            {line}" for line in _instruction(text, labels, places)]
        lines.append(f"            at = {number + 1}")
    made: dict[str, Any] = {}
    exec(compile("\n".join(lines), name, "exec"), made)  # noqa: S102 - of a file of this repository.
    thread: Callable[..., Iterator[None]] = made["thread"]
    return thread


def _instruction(text: str, labels: dict[str, int], places: dict[str, str]) -> list[str]:
    guard, code, rest = re.fullmatch(r"(?:@(%p\d+) )?\s*([\w.]+)\s*(.*?);", text).groups()  # type: ignore[union-attr]
    if code == "bra":
        condition = f"if {_operand(guard, places)}: " if guard else ""
        return (
            [f"{condition}at = {labels[rest]}; continue"]
            if not condition
            else [
                f"if {_operand(guard, places)}:",
                f"    at = {labels[rest]}",
                "    continue",
            ]
        )
    assert guard is None, text
    if code == "ret":
        return ["return"]
    if code == "bar.sync":
        return ["yield"]
    if code.startswith(("ld.", "st.")):
        return _memory(code, rest, places)
    operands = [_operand(part.strip(), places) for part in rest.split(",")]
    return [f"{operands[0]} = {VALUES[code].format(*operands)}"]


def _memory(code: str, rest: str, places: dict[str, str]) -> list[str]:
    kind, space = code.split(".")[:2]
    address, values = re.search(r"\[([^\]]+)\]", rest), re.sub(r"\[[^\]]+\]", "", rest)
    registers = [_operand(part, places) for part in re.findall(r"%\w+", values)]
    assert address is not None and len(registers) == (4 if ".v4." in code else 1)
    if space == "param":
        return [f"{registers[0]} = parameters[{address[1].rsplit('_', 1)[1]}]"]
    base, _, offset = address[1].partition("+")
    store = {"global": "memory", "shared": "shared"}[space]
    lines = [f"word = {_operand(base, places)} + {offset or 0}", "assert word % 4 == 0", "word >>= 2"]
    if ".v4." in code:
        lines.append("assert word % 4 == 0")
    for number, register in enumerate(registers):
        cell = f"{store}[word + {number}]"
        lines.append(f"{register} = {cell}" if kind == "ld" else f"{cell} = {register}")
    return lines


def _operand(text: str, places: dict[str, str]) -> str:
    if text in SPECIAL:
        return SPECIAL[text]
    if text.startswith("%"):
        return text[1:]
    if text in places:
        return places[text]
    if text.startswith("0f"):
        assert text == "0f00000000"
        return "0.0"
    return str(int(text))
