"""nvidia-smi's document found in what a run printed, and taken apart however damaged it is."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast
from xml.etree import ElementTree

if TYPE_CHECKING:
    Parser = ElementTree.XMLPullParser[ElementTree.Element]

START, END = "<nvidia_smi_log", "</nvidia_smi_log>"
# Sixteen GPUs' whole documents have 20,000 elements; a document of more is not the program's.
ELEMENTS = 400_000
# More than any host has: what a hostile one may add to a report.
GPUS, PROCESSES, MIG_DEVICES = 128, 4096, 64
# Characters that XML 1.0 (section 2.2) does not allow; a process may have them in its name.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
PROLOG = re.compile(r"<\?xml[^>]*>|<!DOCTYPE[^>]*>")
# Of what is printed beside the document this much is looked at.
PROLOG_LONGEST = 1 << 16
# The program prints one element on a line, and names of processes as they are.
PROCESS_NAME = re.compile(r"(?m)^([ \t]*<process_name>)(.*)(</process_name>[ \t\r]*)$")


class Found(NamedTuple):
    """The document, whether it was whole, and what was printed before and after it."""

    root: ElementTree.Element | None
    complete: bool
    beside: str


def read(output: str) -> Found:
    """The first document in the text. It is read from its root element on, so that no declaration of a document type,
    with entities perhaps, is looked at."""
    start = output.find(START)
    if start < 0:
        return Found(None, False, _without_prolog(output))
    end = output.find(END, start)
    tail = end + len(END) if end >= 0 else len(output)
    document, before = output[start:tail], _without_prolog(output[:start])
    if end < 0:
        # An error that ends the document stands after its last element.
        return Found(_whole_parts(document), False, f"{before}\n{document.rpartition('>')[2]}")
    beside = f"{before}\n{output[tail:]}"
    if document.count("<") > ELEMENTS:
        return Found(None, False, beside)
    root = _parsed(document)
    if root is None:
        root = _parsed(_mended(document))
    return Found(_whole_parts(document), False, beside) if root is None else Found(root, True, beside)


def _without_prolog(text: str) -> str:
    return PROLOG.sub("", text[-PROLOG_LONGEST:])


def _parsed(document: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(document)  # noqa: S314 - no declarations, so no entities; nothing is fetched.
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None


def _mended(document: str) -> str:
    named = PROCESS_NAME.sub(lambda found: found[1] + found[2].replace("<", "&lt;") + found[3], document)
    return STRAY_AMPERSAND.sub("&amp;", ILLEGAL.sub("?", named))


def _whole_parts(document: str) -> ElementTree.Element | None:
    """A root with the elements right below it that were whole before the text broke off."""
    parser: Parser = ElementTree.XMLPullParser(("start", "end"))
    root, depth = ElementTree.Element("nvidia_smi_log"), 0
    try:
        for place in range(0, min(len(document), 40 * ELEMENTS), 1 << 16):
            parser.feed(_mended(document[place : place + (1 << 16)]))
            depth = _take(parser, root, depth)
    except (ElementTree.ParseError, ValueError, RecursionError):
        pass
    return root if len(root) else None


def _take(parser: "Parser", root: ElementTree.Element, depth: int) -> int:
    """Append to `root` what has ended right below the document's own; the depth after the last event."""
    for event, element in cast("Iterator[tuple[str, ElementTree.Element]]", parser.read_events()):
        depth += 1 if event == "start" else -1
        if depth == 1 and event == "end":
            root.append(element)
    return depth
