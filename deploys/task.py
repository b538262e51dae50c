"""Long work on a host that a cut connection or a killed controller does not end: a transient systemd unit and a log."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote

from pyinfra.api.host import Host

from deploys import remote
from deploys.step import StepError

FOLDER = "/var/lib/gpufleet"
# Each poll waits on the host itself, so that the end is seen at once without a command per second.
POLL_SECONDS = 4
RECONNECT_SECONDS = 180.0


@dataclass(frozen=True)
class Task:
    """`name` gives the unit `gpufleet-NAME.service` and the folder; `limit_seconds` bounds the waiting, not the work.

    `script` may write lines of progress to file descriptor 3.
    """

    name: str
    script: str
    doing: str
    limit_seconds: float = 3 * 3600

    @property
    def unit(self) -> str:
        return f"gpufleet-{self.name}.service"

    @property
    def folder(self) -> str:
        return f"{FOLDER}/{self.name}"

    @property
    def log(self) -> str:
        return f"{self.folder}/log"


@dataclass(frozen=True)
class Result:
    exit_code: int
    log: str


def start_script(task: Task) -> str:
    """Put the task's script in its folder and start it; fails when a unit of that name still runs.

    `--collect` lets a failed unit's name be used again (systemd-run(1)); the exit code is written by rename, so that
    it is whole or not there.
    """
    folder = quote(task.folder)
    runner = (
        f"cd {folder} && sh ./script >log 2>&1 3>progress </dev/null; echo $? >exit-code.new; "
        "sync -d exit-code.new 2>/dev/null; mv exit-code.new exit-code"
    )
    return "\n".join(
        [
            "set -e",
            f"install -d -m 0755 {quote(FOLDER)}",
            f"install -d -m 0700 {folder}",
            f"rm -f {folder}/exit-code {folder}/progress",
            f"cat > {folder}/script <<'GPUFLEET-END'\n{task.script}\nGPUFLEET-END",
            f"systemd-run --quiet --collect --unit={quote(task.unit)} --property=OOMScoreAdjust=-500 "
            f"/bin/sh -c {quote(runner)} </dev/null",
        ]
    )


def poll_script(unit: str, folder: str) -> str:
    """Wait up to POLL_SECONDS for the unit's end; print its state, exit code if any, and the last progress line."""
    return "\n".join(
        [
            f"i=0; while [ $i -lt {POLL_SECONDS * 2} ] && systemctl -q is-active {quote(unit)}; do",
            "sleep 0.5; i=$((i+1)); done",
            f"state=$(systemctl is-active {quote(unit)} || :)",
            'echo "state $state"',
            f'! test -e {quote(folder)}/exit-code || echo "exit $(cat {quote(folder)}/exit-code)"',
            f'! test -s {quote(folder)}/progress || echo "progress $(tail -n 1 {quote(folder)}/progress)"',
        ]
    )


def poll(host: Host, unit: str, folder: str, doing: str) -> dict[str, str]:
    """One look at a task: "state", "exit" and "progress" where known. Connects anew when the connection broke."""
    script = poll_script(unit, folder)
    for attempt in (1, 2, 3):
        try:
            _, output = remote.run(host, script, timeout_seconds=POLL_SECONDS + 30)
        except remote.LostError as error:
            host.log(f"connection lost ({error}); {unit} goes on there, connecting again")
            if attempt == 3 or not remote.reconnect(host, RECONNECT_SECONDS):
                raise remote.lost(host, doing, error) from error
        else:
            pairs = (line.split(" ", 1) for line in output.stdout_lines if " " in line)
            return {key: value for key, value in pairs if key in {"state", "exit", "progress"}}
    return {}


def wait(
    host: Host,
    unit: str,
    folder: str,
    doing: str,
    limit_seconds: float,
    describe: Callable[[str], str] = str,
) -> dict[str, str]:
    """Wait for a unit's end, its progress in pyinfra's log; gives the last look. Raises StepError past the limit."""
    deadline = time.monotonic() + limit_seconds
    shown = ""
    while True:
        seen = poll(host, unit, folder, doing)
        if seen.get("state") not in {"active", "activating", "deactivating"}:
            return seen
        progress = describe(seen.get("progress", ""))
        if progress and progress != shown:
            host.log(progress)
            shown = progress
        if time.monotonic() > deadline:
            raise StepError(
                "RUN103",
                f"{unit} still works after {limit_seconds:.0f} s",
                evidence=progress,
                state=f"the work goes on there; log on the host: {folder}/log",
                hint=f"see what it waits for (systemctl status {unit}), then run the same command again",
            )


def run(host: Host, task: Task, describe: Callable[[str], str] = str) -> Result:
    """Start a task, wait for its end, and give its exit code and the end of its log. Raises StepError."""
    wait(host, task.unit, task.folder, f"wait for an earlier run to {task.doing}", task.limit_seconds)
    remote.checked(host, start_script(task), f"start to {task.doing}")
    end = wait(host, task.unit, task.folder, task.doing, task.limit_seconds, describe)
    log = remote.checked(host, f"tail -n 60 {quote(task.log)}", "read its log")
    if "exit" not in end:
        raise StepError(
            "RUN128",
            f"{task.unit} ended without a result: it was killed, or the host restarted",
            evidence=remote.last_lines(log),
            state=f"{task.doing} was begun and not finished; log on the host: {task.log}",
            hint="run the same command again: it repairs what is half done and goes on",
        )
    return Result(int(end["exit"]), log)
