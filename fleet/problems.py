"""Problems as people read them: the one form for `fleet validate`, every other verb and the plain pyinfra command.

Off a terminal, one line each, as compilers write them. On a terminal, the line of the file with a mark below the place
as well, what is equal in many files told a few times, and files set apart.
"""

import functools
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import click

from fleet import excerpt, terminal
from fleet.terminal import Terminal
from schema import folder
from schema.document import Refused
from schema.errors import InvalidInventory, Problem, printable

COLOURS = {"error": "red", "warning": "yellow", "accepted": "green"}
# Shown on a terminal: of what is equal but for its file, and of one code.
SAME, OF_ONE_CODE, FILES = 3, 10, 3
UNSHOWN = "(the line is not shown: it may hold a secret)"


class Place(NamedTuple):
    """`path`: the inventory as the user named it; `root`: the folder that the files of problems are relative to."""

    path: str
    root: str


Lines = Callable[[str], list[str]]


def text(problems: Iterable[Problem], place: Place, look: Terminal = terminal.PLAIN) -> str:
    """All of them in their order; "" for none."""
    listed = list(problems)
    if not look.excerpts:
        return "\n".join(_at(problem, place).text() for problem in listed)
    shown, passed_over = _few(listed)
    lines, read = list[str](), _reader(place.root)
    for number, problem in enumerate(shown):
        if number and problem.file != shown[number - 1].file:
            lines.append("")
        lines += _block(problem, place, look, read)
    return "\n".join([*lines, *_rest(passed_over, place)])


def tell(problems: Iterable[Problem], place: Place) -> None:
    """Print warnings to standard error, before other work begins."""
    look = terminal.of(sys.stderr)
    told = text(problems, place, look)
    if told:
        click.echo(told, err=True, color=look.colours or None)


def refused(error: InvalidInventory, look: Terminal) -> str:
    """Every problem of an inventory that cannot be used, and what to do next."""
    place = Place(error.path, error.root)
    end = f"{counted(error.problems)}; nothing was connected to. {next_step(error.problems)}"
    return "\n".join([text(error.problems, place, look), *([""] if look.excerpts else []), end])


def counted(problems: Iterable[Problem]) -> str:
    """ "2 errors, 1 warning, 1 accepted"; "" for none."""
    found = Counter(_word(problem) for problem in problems)
    words = {"error": "error", "warning": "warning", "accepted": "accepted"}
    return ", ".join(_number(found[key], word) for key, word in words.items() if found[key])


def next_step(problems: Iterable[Problem]) -> str:
    first = next(problem.code for problem in problems if problem.severity == "error")
    return f"next: mend them, or read fleet explain {first}"


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 or word == 'accepted' else 's'}"


def _word(problem: Problem) -> str:
    return "accepted" if problem.accepted else problem.severity


def _few(problems: list[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Those that are shown, and those that say the same of further files or are one too many of their code."""
    same, ofcode = Counter[tuple[object, ...]](), Counter[tuple[str, str]]()
    shown, passed_over = list[Problem](), list[Problem]()
    for problem in problems:
        alike, kind = (problem.code, _word(problem), problem.path, problem.message), (problem.code, _word(problem))
        same[alike] += 1
        enough = same[alike] > SAME or ofcode[kind] >= OF_ONE_CODE
        (passed_over if enough else shown).append(problem)
        ofcode[kind] += not enough
    return shown, passed_over


def _rest(problems: list[Problem], place: Place) -> list[str]:
    if not problems:
        return []
    kinds = dict[tuple[str, str], list[Problem]]()
    for problem in problems:
        kinds.setdefault((_word(problem), problem.code), []).append(problem)
    every = f"fleet validate {shlex.quote(place.path or _base(place))} --format json"
    return ["", *(_more(word, code, found) for (word, code), found in kinds.items()), f"    all of them: {every}"]


def _more(word: str, code: str, problems: list[Problem]) -> str:
    files = list(dict.fromkeys(printable(problem.file) for problem in problems))
    names = ", ".join(files[:FILES]) + (f" and {len(files) - FILES} more files" if len(files) > FILES else "")
    return f"... and {len(problems)} more of {code} ({word}): {names}"


def _at(problem: Problem, place: Place) -> Problem:
    return problem.model_copy(update={"file": _file(problem, place)})


def _file(problem: Problem, place: Place) -> str:
    """The file as it can be opened from the current folder."""
    if problem.file == place.path or not place.root:
        return problem.file
    return str(Path(_base(place)) / problem.file)


@functools.lru_cache(maxsize=16)
def _base(place: Place) -> str:
    """The inventory's folder in the user's words; of one host file, the folder above that is the inventory."""
    given = Path(place.path).expanduser()
    for candidate in (given, *given.parents):
        if os.path.realpath(candidate) == os.path.realpath(place.root):
            return str(candidate)
    return os.path.relpath(place.root)


def _reader(root: str) -> Lines:
    """A function that gives a file's lines, [] where it cannot be read any more."""

    @functools.lru_cache(maxsize=8)
    def read(file: str) -> list[str]:
        try:
            data = folder.read(root, file) if root else b""
        except (Refused, ValueError):
            return []
        return excerpt.LINE_END.split(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))

    return read


def _block(problem: Problem, place: Place, look: Terminal, read: Lines) -> list[str]:
    style = functools.partial(_style, look)
    spot = ":".join(str(part) for part in (_file(problem, place), problem.line, problem.column) if part is not None)
    word = style(f"{_word(problem)} {problem.code}", fg=COLOURS[_word(problem)], bold=True)
    path = f" {printable(problem.path)}" if problem.path else ""
    lines = [f"{style(printable(spot), bold=True)}: {word}{path}: {printable(problem.message)}"]
    lines += _marked(problem, look, read)
    return [*lines, f"    {style(printable(problem.hint), fg='cyan')}"] if problem.hint else lines


def _marked(problem: Problem, look: Terminal, read: Lines) -> list[str]:
    """The line and the mark below its place; nothing where the file has changed or the line may hold a secret."""
    lines = read(problem.file) if problem.line is not None else []
    if problem.line is None or problem.line > len(lines):
        return []
    if excerpt.secret(lines, problem):
        return [f"      {_style(look, '|', fg='blue')} {UNSHOWN}"]
    number, line = f"{problem.line:>5}", lines[problem.line - 1]
    cut = excerpt.cut(line, excerpt.first(line, problem.column or 1), look.width - len(number) - 3)
    if not cut.text:
        return []
    bar, mark = _style(look, "|", fg="blue"), _style(look, "^" * cut.marked, fg=COLOURS[_word(problem)], bold=True)
    shown = f"{_style(look, number, fg='blue')} {bar} {cut.text}"
    return [shown, f"{' ' * len(number)} {bar} {' ' * cut.before}{mark}"] if problem.column is not None else [shown]


def _style(look: Terminal, words: str, *, fg: str | None = None, bold: bool = False) -> str:
    return click.style(words, fg=fg, bold=bold or None) if look.colours else words
