"""libyaml's errors in plain words, with the place where the user has to look."""

from yaml import YAMLError, reader
from yaml.error import MarkedYAMLError

from schema.errors import Problem

# libyaml's `problem` texts (src/scanner.c, src/parser.c of libyaml 0.2.5) and what they mean to the writer of a file.
WORDS = {
    "mapping values are not allowed in this context": (
        "a ':' stands where no key can be.",
        "Check the indentation, or put a text that holds ': ' in quotes.",
    ),
    "did not find expected key": (
        "this line does not fit the ones above it.",
        "Give all keys of one mapping the same indentation, and close quotes and brackets.",
    ),
    "did not find expected '-' indicator": (
        "this line does not fit the list above it.",
        "Begin each entry with '- ' at the same indentation.",
    ),
    "could not find expected ':'": ("a key without ':' and a value.", "Write KEY: VALUE; put a text in quotes."),
    "found unexpected end of stream": ("a quote is opened and never closed.", "Close it."),
    "did not find expected ',' or ']'": ("a list opened with '[' is not closed.", "Write [A, B]."),
    "did not find expected ',' or '}'": ("a mapping opened with '{' is not closed.", "Write {KEY: VALUE, KEY: VALUE}."),
    "block sequence entries are not allowed in this context": (
        "a '-' stands where no list can be.",
        "Put the entries on lines of their own below the key.",
    ),
    "found character that cannot start any token": (
        "a value cannot begin with this character.",
        "Put the value in quotes.",
    ),
    "did not find expected <document start>": (
        "this line does not belong to anything above it.",
        "Check the indentation.",
    ),
    "did not find expected node content": ("a value is missing here.", "Write one, or delete the key."),
    "found unknown escape character": ("an unknown '\\' escape in double quotes.", "Use single quotes."),
}

# For these the place to look at is where the quote or the bracket was opened, not where the reader gave up.
OPENED = frozenset(
    {"found unexpected end of stream", "did not find expected ',' or ']'", "did not find expected ',' or '}'"}
)


def problem(error: YAMLError, data: bytes, file: str) -> Problem:
    """INV005 for `error`, which parsing `data` raised."""
    if isinstance(error, reader.ReaderError):
        return Problem(code="INV004", file=file, message="the file is not UTF-8 text.", hint="Save it as UTF-8.")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    raw = str(getattr(error, "problem", None) or "it cannot be read")
    message, hint = WORDS.get(raw, (f"this is not YAML: {raw}.", "Check quotes, brackets and indentation."))
    if raw in OPENED and isinstance(error, MarkedYAMLError) and error.context_mark:
        mark = error.context_mark
    lines = max(data.count(b"\n") + (not data.endswith(b"\n")), 1)
    line, column = (min(mark.line + 1, lines), mark.column + 1) if mark is not None else (None, None)
    return Problem(code="INV005", file=file, line=line, column=column, message=message, hint=hint)
