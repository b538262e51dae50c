"""python -m bench.simulated ssh|none FOLDER HOSTS REPORT: one `fleet drift` in this process; what it took, as JSON.

`ssh` is the command as it is. With `none` everything below the login is replaced: no sockets, no SSH, no host keys;
each host takes the time of a round trip, a login and a probe, and answers as recorded.
"""

import json
import resource
import sys
import time
from pathlib import Path
from types import SimpleNamespace

STARTED = time.monotonic()
ROUND_TRIP, LOGIN, PROBE = 0.002, 0.02, 0.3


def replaced(hosts: int) -> None:
    """Put the simulation in the place of TCP, of logging in and of running a command."""
    import gevent

    from bench import answers
    from fleet import channel, command, dial, tcp

    def number(name: str) -> int:
        high, low = name.split(".")[2:]
        return 256 * int(high) + int(low)

    def connect(hostname: str, port: int, timeout: float, *more: object) -> object:
        late = more[-1]
        if hostname.startswith("198."):
            gevent.sleep(tcp.PROMPT_SECONDS)
            if callable(late):
                late()
            gevent.sleep(timeout - tcp.PROMPT_SECONDS)
            raise TimeoutError("no answer")
        gevent.sleep(ROUND_TRIP)
        if port == 1:
            raise ConnectionRefusedError(111, "Connection refused")
        return SimpleNamespace(close=lambda: None)

    def login(_owner: object, endpoint: object, *_more: object, **_named: object) -> object:
        gevent.sleep(LOGIN)
        return SimpleNamespace(number=number(endpoint.hostname), close=lambda: None)  # type: ignore[attr-defined]

    def run(client: object, call: command.Call, *_more: object) -> tuple[int, bytes, bytes]:
        gevent.sleep(PROBE)
        return answers.answer(client.number, hosts)  # type: ignore[attr-defined]

    tcp.connect, dial.dial, channel.run = connect, login, run  # type: ignore[assignment]


def main() -> None:
    transport, folder, hosts, report = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    from fleet import start

    start.networked()
    from fleet import cli, progress

    if transport == "none":
        replaced(hosts)
    first: list[float] = []
    told = progress.Progress.told

    def noted(self: progress.Progress, *given: object) -> None:
        first[:] = first or [time.monotonic() - STARTED]
        told(self, *given)  # type: ignore[arg-type]

    progress.Progress.told = noted  # type: ignore[method-assign,assignment]
    code = cli.run(["drift", folder, "-o", report])
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = {"cpu": spent.ru_utime + spent.ru_stime, "wall": time.monotonic() - STARTED, "first": first[0]}
    summary = json.loads(Path(report).read_text())["summary"]
    sys.stdout.write(json.dumps(seconds | {"rss": spent.ru_maxrss / 1024, "code": code, "summary": summary}))


if __name__ == "__main__":
    main()
