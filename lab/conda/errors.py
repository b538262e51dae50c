"""The one error of the stand-in; its first word is the name of conda's own exception, as conda prints it."""


class CondaError(Exception):
    """A user's mistake or a failed transaction: `kind` is conda's own exception name, `code` the exit status."""

    def __init__(self, kind: str, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code

    def __str__(self) -> str:
        return f"{self.kind}: {self.args[0]}"
