"""What an import made, and what it left out, in text and as JSON. No value of a variable is in it."""

from collections.abc import Iterable
from pathlib import Path

from fleet.ansible import render
from fleet.ansible.convert import LeftOut, Ours


def document(ours: Ours, into: Path, files: Iterable[str]) -> dict[str, object]:
    """`{"version": 1, "folder", "hosts": [names], "groups": [names], "files": [paths], "renamed": [{"kind", "from",
    "to", "reason"}], "left_out": [{"kind": "variable|host|file", "name", "reason", "where": ["group web"]}],
    "notes": [...], "next": command}`.
    """
    return {
        "version": 1,
        "folder": str(into),
        "hosts": sorted(ours.hosts),
        "groups": list(ours.groups),
        "files": sorted(files),
        "renamed": [{"kind": kind, "from": old, "to": to, "reason": why} for kind, old, to, why in ours.renamed],
        "left_out": [
            {"kind": one.kind, "name": one.name, "reason": one.reason, "where": one.where} for one in ours.left_out
        ],
        "notes": ours.notes,
        "next": f"fleet discover -i {into}",
    }


def text(ours: Ours, into: Path, files: Iterable[str]) -> str:
    """The same in lines: what was made, renamed and left out, and the next command."""
    count = len(list(files))
    lines = [
        f"{into}: {_number(len(ours.hosts), 'host')}, {_number(len(ours.groups), 'group')}, {_number(count, 'file')}"
    ]
    lines += [f"renamed {kind} {old!r}: {to} ({why})" for kind, old, to, why in ours.renamed]
    lines += [_left_out(one) for one in ours.left_out]
    lines += [f"note: {note}" for note in ours.notes]
    return "\n".join(
        [
            *lines,
            "No release, GPU or driver is in it, so it is not valid yet: the machines themselves tell those.",
            f"next: fleet discover -i {into}",
        ]
    )


def _left_out(one: LeftOut) -> str:
    more = f" and {len(one.where) - 3} more" if len(one.where) > 3 else ""
    where = f" ({', '.join(one.where[:3])}{more})" if one.where else ""
    return render.plain(f"left out: {one.kind} {one.name}{where}: {one.reason}", 400)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
