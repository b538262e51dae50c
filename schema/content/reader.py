"""Reads the files inside one inventory folder, each once however many hosts name it."""

from pathlib import Path

from schema import folder
from schema.document import Refused
from schema.errors import Problem


def refused(code: str, file: str, line: int | None, message: str, hint: str | None = None) -> Refused:
    """A problem with the content of a file, to be raised."""
    return Refused(Problem(code=code, file=file, line=line, column=1 if line else None, message=message, hint=hint))


class Reader:
    """`root` is the inventory folder; texts are remembered, and so is what was wrong with a file."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files = folder.Files(root)
        self._texts: dict[str, str | Refused] = {}

    def text(self, relative: str) -> str:
        """The UTF-8 text of a file; raises Refused."""
        if relative not in self._texts:
            self._texts[relative] = self._read(relative)
        found = self._texts[relative]
        if isinstance(found, Refused):
            raise Refused(found.problem)
        return found

    @property
    def used(self) -> frozenset[str]:
        """The relative paths that were asked for."""
        return frozenset(self._texts)

    def beside(self, path: str) -> str:
        """A path of the controller: one that is not absolute and does not begin with ~ lies in the folder."""
        return path if path.startswith(("/", "~")) else str(Path(self.root) / path)

    def _read(self, relative: str) -> str | Refused:
        try:
            return self.files.read(relative).decode("utf-8-sig")
        except UnicodeDecodeError:
            return refused("INV004", relative, None, "the file is not UTF-8 text.", "Save it as UTF-8.")
        except Refused as problem:
            return problem
