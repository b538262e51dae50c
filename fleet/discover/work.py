"""From looks to files: one host after the other, each whole or not at all, and none in the way of another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet import look, staged
from fleet.discover import folder, write
from fleet.discover.check import Verdict
from fleet.discover.folder import Known
from fleet.discover.write import Place, Written
from fleet.errors import RunError
from fleet.targets import Target
from schema.discovery import Discovery
from schema.groups import is_name
from schema.host import HostSpec
from schema.snapshot import Snapshot

Looks = tuple[Mapping[str, look.Seen], Mapping[str, Discovery]]


@dataclass(frozen=True)
class Job:
    """A machine to look at; `target` is None for a host of the folder, whose file is completed."""

    name: str
    spec: HostSpec
    target: Target | None


@dataclass(frozen=True)
class Result:
    """`done`: written, completed, unchanged or failed; `file` is None where none was touched."""

    host: str
    done: str
    file: Path | None = None
    added: tuple[str, ...] = ()
    external: bool = False
    verdict: Verdict | None = None
    error: RunError | None = None


def write_one(into: Path, known: Known, job: Job, looks: Looks, taken: set[str], force: bool) -> Result:
    """The file of one machine. Raises RunError when it was not seen, is not managed, or its file is there."""
    seen = looks[0][job.spec.name]
    if not isinstance(seen, Snapshot):
        raise seen
    name = job.name if job.target is None else _name(job.target, seen, into, known, taken)
    place, connection = _place(into, known, job, name, force)
    try:
        made = write.host(place, connection, seen, looks[1].get(job.spec.name, Discovery()))
    except ValueError as error:
        hint = "name other machines; nothing was written for this one"
        raise RunError("RUN292", f"{job.name} is not one we manage: {error}", hint=hint) from error
    _readable(made, into / place.file)
    taken.add(name)
    changed = place.text is None or made.files[place.file] != place.text
    if changed:
        staged.write(into, _new(into, made, place.file))
    done = "unchanged" if not changed else "written" if place.text is None else "completed"
    return Result(name, done, into / place.file, made.added, made.external, made.verdict)


def _new(into: Path, made: Written, own: str) -> dict[str, str]:
    """The host's file, and of the others those that are not there: a key is named by its fingerprint."""
    return {name: text for name, text in made.files.items() if name == own or not (into / name).exists()}


def _readable(made: Written, file: Path) -> None:
    """Refuses a file that is no YAML mapping line by line: the codes below INV012 are those of its form."""
    broken = [problem for problem in made.verdict.errors if problem.code < "INV012"]
    if broken and made.added:
        message = f"{file} cannot be completed: nothing can be added below what it says"
        evidence = "\n".join(problem.text() for problem in broken[:4])
        hint = "write it with one KEY: VALUE in each line, or have it written anew: --force"
        raise RunError("RUN296", message, evidence=evidence, state="unchanged", hint=hint)


def _place(into: Path, known: Known, job: Job, name: str, force: bool) -> tuple[Place, Mapping[str, object]]:
    """Where the file belongs, and the connection that a new one says."""
    file = known.files.get(name) or f"hosts/{name}.yaml"
    there = (into / file).exists()
    if job.target is None and not force:
        text = _text(into / file)
        return Place(into, file, text, known.declared.get(name, frozenset())), {}
    if there and not force:
        hint = f"move it away, or add --force; fleet discover {name} -i {into} adds what it lacks"
        raise RunError("RUN291", f"{into / file} is there already", state="unchanged", hint=hint)
    if job.target is None:
        return _anew(into, known, job, file)
    written = {item: value for item, value in job.target.written.items() if item != "address" or value != name}
    return Place(into, file, declared=known.defaults & write.INHERITED), written


def _anew(into: Path, known: Known, job: Job, file: str) -> tuple[Place, Mapping[str, object]]:
    """A host of the folder written over: its groups and the way to it stay, and what it inherits is left to them."""
    own = folder.plain(into / file)
    inherited = known.declared.get(job.name, frozenset()) - own.keys()
    given = own.get("connection")
    connection = {"local": True} if given == "local" else given if isinstance(given, dict) else {}
    return Place(into, file, declared=inherited & write.INHERITED, groups=_groups(own)), connection


def _groups(own: Mapping[str, object]) -> tuple[str, ...]:
    listed = own.get("groups")
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def _text(file: Path) -> str:
    try:
        # Bytes, so that line ends stay what they are.
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8"
        raise RunError(
            "RUN296", f"cannot read {file}: {reason}", state="unchanged", hint="see fleet validate"
        ) from error


def _name(target: Target, seen: Snapshot, into: Path, known: Known, taken: set[str]) -> str:
    """The host's own name for one that was named by its address; not one that means something else, or was taken."""
    if not target.by_address or not is_name(seen.hostname):
        return target.spec.name
    reserved = {"all", into.resolve().name, *known.fleet.groups}
    if seen.hostname in reserved:
        return f"{seen.hostname}-host"
    if seen.hostname in taken:
        return re.sub(r"[^A-Za-z0-9]+", "-", f"{seen.hostname}-{target.name}")
    return seen.hostname


def write_all(into: Path, known: Known, jobs: list[Job], looks: Looks, *, force: bool) -> list[Result]:
    """The files of all machines that could be looked at; the others' results say why not."""
    results, taken = [], set[str]()
    for job in jobs:
        try:
            results.append(write_one(into, known, job, looks, taken, force))
        except RunError as error:
            results.append(Result(job.name, "failed", error=error))
    return results
