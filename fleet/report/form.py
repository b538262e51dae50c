"""The forms of a report: which there are, which endings of files mean which, and who writes them."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from fleet import output, terminal
from fleet.errors import RunError
from fleet.report import document, html, junit, markdown, prometheus, text
from fleet.report.model import Report

Form = Literal["text", "json", "junit", "prometheus", "markdown", "html"]
FORMS: tuple[Form, ...] = get_args(Form)
RENDER: dict[Form, Callable[[Report], str]] = {
    "json": document.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "html": html.page,
}
ENDINGS: dict[str, Form] = {
    ".txt": "text",
    ".json": "json",
    ".xml": "junit",
    ".prom": "prometheus",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
}


# Whoever names a file so means its form.
OTHERS = frozenset({".csv", ".tsv", ".yaml", ".yml", ".toml", ".pdf", ".jsonl", ".ndjson", ".xls", ".xlsx", ".sarif"})


class Output(NamedTuple):
    """One form and where it goes: a file, or standard output (None)."""

    form: Form
    file: Path | None


def outputs(forms: tuple[Form, ...], files: tuple[Path, ...]) -> tuple[Output, ...]:
    """What is written where: as many --format as -o belong together in their order, else a file's ending says its form.

    "-" is standard output. Raises RunError (RUN410) where it is not clear.
    """
    if not files:
        if len(forms) > 1:
            raise RunError("RUN410", "several forms and one output", hint="give -o FILE for each --format")
        return (Output(forms[0] if forms else "text", None),)
    if forms and len(forms) != len(files):
        raise RunError(
            "RUN410",
            f"--format is given {len(forms)} times and -o {len(files)} times",
            hint="give one --format for each -o, in the same order, or none: the ending of a file says its form",
        )
    chosen = forms or tuple(_by_ending(file) for file in files)
    if len({file if str(file) == "-" else file.resolve() for file in files}) < len(files):
        raise RunError("RUN410", "one file is named twice with -o", hint="give each form a file of its own")
    return tuple(Output(form, None if str(file) == "-" else file) for form, file in zip(chosen, files, strict=True))


def _by_ending(file: Path) -> Form:
    """Text for an ending that says nothing; a RunError for one that says a form that there is not."""
    ending = file.suffix.lower()
    if ending not in OTHERS:
        return ENDINGS.get(ending, "text")
    known = ", ".join(ENDINGS)
    raise RunError(
        "RUN410",
        f"the ending of {file} says a form that there is not",
        hint=f"endings are {known}; or give --format {'|'.join(FORMS)}",
    )


def tell(report: Report, outputs: Iterable[Output], inventory: str | None) -> None:
    """Write every form to its place; `inventory` as it was named. Raises RunError for what could not be written, when
    all the others are."""
    errors = []
    for each in outputs:
        try:
            _tell(report, each, inventory)
        except RunError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _tell(report: Report, each: Output, inventory: str | None) -> None:
    if each.form == "text":
        screen = terminal.of(sys.stdout) if each.file is None else terminal.PLAIN
        output.emit(text.render(report, screen, inventory), each.file, colours=screen.colours)
    elif each.form == "prometheus":
        # node_exporter runs as a user of its own, and a timer's job may have a narrow umask.
        output.emit(prometheus.render(report, each.file), each.file, mode=0o644)
    else:
        output.emit(RENDER[each.form](report), each.file)
