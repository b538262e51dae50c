"""TCP connections to hosts that may not be there: names and addresses without a queue, and a word when it gets late."""

import errno
import os
import socket
import time
from collections.abc import Callable

import gevent  # type: ignore[import-untyped]
from gevent.socket import wait_write  # type: ignore[import-untyped]

# A host that is there answers within a round trip; one that has not by then is mostly dead.
PROMPT_SECONDS = 0.5
FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
# A name is looked up in a thread; gevent has ten, and hosts whose names time out would wait for one another.
RESOLVERS = 64
Address = tuple[int, tuple[object, ...]]


def nothing() -> None:
    """Nobody wants to know that it gets late."""


def connect(
    hostname: str, port: int, timeout: float, family: str | None = None, late: Callable[[], None] = nothing
) -> socket.socket:
    """Connect within `timeout` seconds, the name's look-up included; a name's addresses are tried in turn, each for its
    share of the time. `late` is called once, where half a second brought no answer. Raises OSError.
    """
    deadline = time.monotonic() + timeout
    with gevent.Timeout(timeout, TimeoutError(errno.ETIMEDOUT, "no answer")):
        found = addresses(hostname, port, FAMILIES.get((family or "").lower(), socket.AF_UNSPEC))
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for number, address in enumerate(found):
        seconds = max(0.0, deadline - time.monotonic()) / (len(found) - number)
        try:
            return _one(address, seconds, late if number == 0 else nothing)
        except OSError as error:
            failure = error
    raise failure


def addresses(hostname: str, port: int, family: int) -> list[Address]:
    """The addresses of a name, in the resolver's order. Raises gaierror."""
    for kind in (socket.AF_INET, socket.AF_INET6):
        # What is an address already needs no thread.
        try:
            socket.inet_pton(kind, hostname)
        except (OSError, UnicodeEncodeError):
            continue
        return [(kind, (hostname, port))]
    pool = gevent.get_hub().threadpool
    pool.maxsize = max(pool.maxsize, RESOLVERS)
    found = socket.getaddrinfo(hostname, port, family, socket.SOCK_STREAM)
    return list(dict.fromkeys((row[0], row[4]) for row in found))


def _one(address: Address, seconds: float, late: Callable[[], None]) -> socket.socket:
    made = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        code = made.connect_ex(address[1])
        if code == errno.EINPROGRESS:
            _wait(made, seconds, late)
            code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
    except BaseException:
        made.close()
        raise
    return made


def _wait(made: socket.socket, seconds: float, late: Callable[[], None]) -> None:
    silence = TimeoutError(errno.ETIMEDOUT, "no answer")
    if seconds > PROMPT_SECONDS:
        try:
            wait_write(made.fileno(), PROMPT_SECONDS, silence)
        except TimeoutError:
            late()
        else:
            return
        seconds -= PROMPT_SECONDS
    wait_write(made.fileno(), seconds, silence)
