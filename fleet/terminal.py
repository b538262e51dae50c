"""What a stream is fit for: excerpts and colours on a terminal, lines that tools can read everywhere else."""

import os
import shutil
from typing import IO, NamedTuple

# Narrower than this nothing can be shown; wider, the eye loses the line.
NARROWEST, WIDEST = 40, 160


class Terminal(NamedTuple):
    """`excerpts`: a person reads it; `width` in columns."""

    excerpts: bool = False
    colours: bool = False
    width: int = 80


PLAIN = Terminal()


def of(stream: IO[str]) -> Terminal:
    """The look of what is written to `stream`.

    FORCE_COLOR (https://force-color.org) makes a terminal of a pipe; NO_COLOR (https://no-color.org) and TERM=dumb
    take the colours and leave the excerpts. Each counts when it is set and not empty.
    """
    forced = bool(os.environ.get("FORCE_COLOR"))
    if not (forced or _is_terminal(stream)):
        return PLAIN
    colours = not os.environ.get("NO_COLOR") and (forced or os.environ.get("TERM") != "dumb")
    width = shutil.get_terminal_size().columns
    return Terminal(excerpts=True, colours=colours, width=min(max(width, NARROWEST), WIDEST))


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # It was closed.
        return False
