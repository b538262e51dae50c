"""What holds for every inventory, however damaged: it is loaded or refused in words, and in a moment."""

import contextlib
import io
import json
import signal
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path

from fleet import cli
from schema import load
from schema.errors import Problem
from schema.fleet import Fleet

PATIENCE_SECONDS = 10


class Hang(BaseException):
    """Raised by the clock, past everything that catches exceptions."""


@contextlib.contextmanager
def patience(seconds: int = PATIENCE_SECONDS) -> Iterator[None]:
    """Raises Hang after `seconds`; regular expressions look for signals too (Modules/_sre/sre_lib.h)."""

    def ring(number: int, frame: types.FrameType | None) -> None:
        raise Hang(f"no answer after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(folder: Path) -> tuple[str, list[str]]:
    """ "loaded" or "refused", and each promise that was broken, in words."""
    try:
        with patience():
            found = load.read(folder)
            broken = [text for problem in found.problems for text in wrong(problem)]
            errors = any(problem.severity == "error" for problem in found.problems)
            broken += contradictions(found, errors=errors) + printed(folder, errors=errors)
    except (Exception, Hang) as error:
        return "raised", [f"{type(error).__name__}: {error}"[:300]]
    return ("refused" if errors else "loaded"), broken


def wrong(problem: Problem) -> list[str]:
    """A problem has a place, a message, and one printable line."""
    text = problem.text()
    found = [] if text.isprintable() else [f"not one printable line: {text!r}"]
    found += [] if problem.file and problem.message else ["a problem without a file or a message"]
    found += [f"a column without a line: {text}"] if problem.line is None and problem.column is not None else []
    found += [] if (problem.line or 1) > 0 and (problem.column or 1) > 0 else [f"no place: {text}"]
    return found + ([] if len(text) < 4000 else [f"a problem of {len(text)} characters"])


def contradictions(found: Fleet, *, errors: bool) -> list[str]:
    """A host that loads has no error; without an error all hosts load."""
    broken = {problem.host for problem in found.problems if problem.severity == "error"}
    told = [f"{name} has an error and loads" for name in found.hosts if name in broken]
    return told + (
        ["a host is missing without an error"] if not errors and len(found.hosts) != len(found.names) else []
    )


def printed(folder: Path, *, errors: bool) -> list[str]:
    """`fleet validate` ends with 0 or 1, in printable lines and in JSON."""
    told = []
    for form in ("text", "json"):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = cli.run(["validate", str(folder), "--format", form])
        lines = [*out.getvalue().splitlines(), *err.getvalue().splitlines()]
        told += [f"exit code {code} of fleet validate"] if code != int(errors) else []
        bad = [line for line in lines if not line.isprintable()] if form == "text" else []
        told += [f"unprintable output: {line!r}"[:300] for line in bad[:1]]
        if form == "json" and json.loads(out.getvalue())["ok"] is errors:
            told.append("the JSON says otherwise")
        out.getvalue().encode()
    return told


def imported(file: Path) -> tuple[str, list[str]]:
    """`fleet import ansible` of a file writes a folder in which nothing is raised, or refuses in printable lines."""
    try:
        with patience(), tempfile.TemporaryDirectory() as name:
            target = Path(name) / "ours"
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
                code = cli.run(["import", "ansible", str(file), "--into", str(target)])
            lines = [*out.getvalue().splitlines(), *err.getvalue().splitlines()]
            told = [f"unprintable output: {line!r}"[:300] for line in lines if not line.isprintable()][:1]
            told += [line[:300] for line in lines if "RUN200" in line]
            told += [f"exit code {code} of fleet import"] if code not in {0, 1} else []
            told += [text for problem in load.read(target).problems for text in wrong(problem)] if code == 0 else []
    except (Exception, Hang) as error:
        return "raised", [f"{type(error).__name__}: {error}"[:300]]
    return ("loaded" if code == 0 else "refused"), told
