"""What a host sends back for one command: bounded, fit to be shown, and kept where the command did not end."""

from collections.abc import Callable

from facts import text

# A look passes on at most 4 MB (facts.probe.FRAME), and no other command of ours says more.
LARGEST = 8 << 20
# Of standard error this much is kept, the first of it: sudo's words, and why a command failed.
LARGEST_ERRORS = 256 << 10
# A look has two thousand lines. Eight million empty ones would be 64 MB of list.
LINES = 200_000
READ_BYTES = 1 << 18
PLAIN = bytes(range(0x20, 0x7F)) + b"\t\n"


class BrokenOff(TimeoutError):  # noqa: N818 - named after what it says.
    """A command that did not come to its end; `received` is what it said until then. (pyinfra knows TimeoutError.)"""

    def __init__(self, reason: str, received: "Received") -> None:
        super().__init__(reason)
        self.received = received


class TooMuch(BrokenOff):
    """The host said more than any command of ours does."""


class Received:
    """The two streams of one command, as far as they came."""

    def __init__(self) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self.errors = 0
        self.broken: BrokenOff | None = None

    def read_stdout(self, receive: Callable[[int], bytes]) -> None:
        """To the stream's end. Raises TooMuch."""
        while part := receive(READ_BYTES):
            self.stdout += part
            if len(self.stdout) > LARGEST:
                raise self.too_much()

    def read_stderr(self, receive: Callable[[int], bytes], stop: Callable[[], object]) -> None:
        """To the stream's end, in a greenlet beside the other: a full window would stop both. Where it is too much,
        `stop` is called, and `broken` says so."""
        while part := receive(READ_BYTES):
            self.stderr += part[: max(LARGEST_ERRORS - len(self.stderr), 0)]
            self.errors += len(part)
            if self.errors > LARGEST:
                self.broken = self.too_much()
                stop()
                return

    def too_much(self) -> TooMuch:
        return TooMuch(f"the host sent more than {LARGEST >> 20} MiB for one command", self)


def lines(data: bytes | bytearray) -> list[str]:
    """Its lines, without what moves a terminal's cursor or cannot be seen; what is beyond a limit is the last line."""
    decoded = data.decode("utf-8", "replace").removesuffix("\n")
    found = decoded.split("\n", LINES) if decoded else []
    return [text.clean(line) for line in found] if data.translate(None, PLAIN) else found
