"""The signing keys of mirrors: each file must hold the declared keys and no others."""

from schema import merge, openpgp
from schema.content.reader import Reader
from schema.document import Node, Refused
from schema.report import Report
from schema.repository import KeySpec, RepositoryMirror


def filled(mirror: RepositoryMirror, path: str, tree: Node, reader: Reader, report: Report) -> RepositoryMirror:
    """`mirror` with the text of its keys."""
    declared: dict[str, set[str]] = {}
    for key in mirror.keys:
        declared.setdefault(key.file, set()).add(key.fingerprint)
    found = tuple(
        _key(key, declared[key.file], f"{path}.keys.{index}", tree, reader, report)
        for index, key in enumerate(mirror.keys)
    )
    return mirror.model_copy(update={"keys": found})


def _key(key: KeySpec, declared: set[str], path: str, tree: Node, reader: Reader, report: Report) -> KeySpec:
    place = merge.find(tree, f"{path}.file")
    try:
        text = reader.text(key.file)
    except Refused as refused:
        report.take(refused.problem, place, f"{path}.file")
        return key
    try:
        fingerprints = set(openpgp.fingerprints(text))
    except ValueError as error:
        hint = "Export it with gpg --armor --export KEY."
        report.add("INV026", place, f"{path}.file", f"{key.file} is not a usable key: {error}.", hint)
        return key
    if "-----BEGIN PGP" not in text:
        report.add(
            "INV026", place, f"{path}.file", f"{key.file} is not armoured.", "Export it with gpg --armor --export."
        )
    if key.fingerprint not in fingerprints:
        message = f"{key.file} holds the key {', '.join(sorted(fingerprints))}, not {key.fingerprint}."
        hint = "Compare the fingerprint with what your vendor publishes, then correct the file or the fingerprint."
        report.add("INV026", merge.find(tree, f"{path}.fingerprint"), f"{path}.fingerprint", message, hint)
    extra = fingerprints - declared
    if key.fingerprint in fingerprints and extra:
        message = f"{key.file} also holds {', '.join(sorted(extra))}, which would be trusted too."
        report.add("INV026", place, f"{path}.file", message, "Declare it, or remove it from the file.")
    return key.model_copy(update={"armoured": text})
