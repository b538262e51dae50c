"""What could not be done for one host or for a whole run, in the form every verb shows it."""

from schema.errors import Lines, printable
from schema.model import Model


class Failure(Model):
    """An error as it stands in JSON: `code` and `message`, with what else is known."""

    code: str
    message: Lines
    evidence: Lines = ""
    state: Lines = ""
    hint: Lines = ""

    def lines(self) -> list[str]:
        """The error as it is shown: code, evidence line by line, state of the host, and `next:`."""
        evidence = [f"  | {line}" for line in self.evidence.splitlines()]
        state = [f"  host: {self.state}"] if self.state else []
        found = [f"{self.code} {self.message}", *evidence, *state, f"  next: {self.hint}"]
        # Names of files and what a host printed may hold what moves a terminal's cursor.
        return [printable(line.expandtabs()) for text in found for line in text.split("\n")]


class RunError(Exception):
    """A command could not do its work: the code, what was found, in which state the host is, and what to type.

    It has the shape of `deploys.step.StepError`, so that both are shown and written to JSON alike.
    """

    def __init__(self, code: str, message: str, *, evidence: str = "", state: str = "", hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.failure = Failure(code=code, message=message, evidence=evidence, state=state, hint=hint)

    def lines(self) -> list[str]:
        return self.failure.lines()

    def text(self) -> str:
        return "\n".join(self.lines())
