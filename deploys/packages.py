"""The one transaction: repair what was interrupted, resolve, pin, install."""

import re
from shlex import quote

from deploys import files, locks, look, resolve, task
from deploys.resolve import Resolution
from deploys.step import StepError, Work
from deploys.task import Result, Task
from schema import apt, history, pins
from schema.plan import Change
from schema.repository import OwnedFile

PACKAGE_CONCERNS = frozenset({"kernel", "repository", "driver", "cuda", "cudnn"})
# Items of these concerns that are states of the host and not packages.
STATES = frozenset({"loaded module", "persistence", "nouveau", "fabric manager"})
LOCK_SECONDS = 300
# Failures that apt reports before it lets dpkg begin.
UNTOUCHED = frozenset({"RUN102", "RUN106", "RUN108", "RUN111"})
TELLING = r"E:|W:|dpkg:|Error!|.*No space left"
RESOLVED = "gpufleet_resolution"


def is_package(change: Change) -> bool:
    name = re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", change.item)
    return change.concern in PACKAGE_CONCERNS and name is not None and change.item not in STATES


def needed(work: Work) -> bool:
    return any(is_package(change) for change in look.begun(work.shown)) or work.seen.apt.interrupted


def interrupted(work: Work) -> bool:
    return work.seen.apt.interrupted


def lock_seconds(work: Work) -> int:
    """How long apt waits for its locks: `--data lock_timeout=SECONDS`, 300 without."""
    return int(work.host.data.get("lock_timeout") or LOCK_SECONDS)


def environment() -> str:
    """apt asks nothing, keeps changed conffiles and restarts no service of others.

    Sources: debconf(7); needrestart(1) and its README.batch.md (NEEDRESTART_SUSPEND); ucf(1).
    """
    names = (
        "LC_ALL=C",
        "DEBIAN_FRONTEND=noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN=true",
        "APT_LISTCHANGES_FRONTEND=none",
        "NEEDRESTART_SUSPEND=1",
        "NEEDRESTART_MODE=l",
        "UCF_FORCE_CONFFOLD=1",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )
    return f"export {' '.join(names)}"


def repair_script(seconds: int) -> str:
    """`dpkg --configure -a`, waiting for the lock, which dpkg itself does not do."""
    return "\n".join(
        [
            environment(),
            "n=0; while :; do",
            "out=$(dpkg --force-confdef --force-confold --configure -a 2>&1); rc=$?",
            'case $out in *"locked by another process"*) ;; *) break ;; esac',
            f'[ "$n" -lt {seconds} ] || break; n=$((n+1)); sleep 1; done',
            'printf "%s\\n" "$out"; exit "$rc"',
        ]
    )


def repair(work: Work) -> None:
    """Finish what an interrupted run left. What then still lacks dependencies is mended by the transaction itself
    (`--fix-broken`), so only a lock or a full disk ends here.
    """
    result = task.run(work.host, Task("apt", repair_script(lock_seconds(work)), "finish interrupted package work"))
    known = apt.recognise(result.log)
    if result.exit_code != 0 and known is not None and known.code in {"RUN102", "RUN110"}:
        raise failure(work, result)


def resolve_and_pin(work: Work) -> None:
    """Resolve the exact set, then write its pins: they must stand before apt acts."""
    resolution = resolve.resolve(work)
    work.host.connector_data[RESOLVED] = resolution
    text = pins.preferences(resolution.pins, work.spec)
    files.write(work, (OwnedFile(path=files.PREFERENCES, content=text),))
    for action in resolution.actions:
        work.host.log(f"{action.name} {action.old or 'absent'} -> {action.new or 'absent'}")


def install_script(resolution: Resolution, seconds: int) -> str:
    options = [
        "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold",
        # The last of them are how a look at the host's logs knows the transaction for ours.
        f"-o DPkg::Lock::Timeout={int(seconds)} {history.OWN}",
    ]
    request = resolve.request(resolution.versions, resolution.removals)
    return f"{environment()}\napt-get {' '.join(options)} {request}"


def install(work: Work) -> None:
    """The one call that changes dpkg's state, detached from this connection."""
    resolution = work.host.connector_data.get(RESOLVED)
    if not isinstance(resolution, Resolution):
        raise StepError("RUN113", "the versions were not resolved", hint="run the same command again")
    if not resolution.actions and not work.seen.apt.interrupted:
        return
    script = install_script(resolution, lock_seconds(work))
    result = task.run(work.host, Task("apt", script, "install the packages"), apt.progress)
    if result.exit_code != 0:
        raise failure(work, result)


def telling(log: str) -> str:
    """The lines that name a cause: the first errors, each with the indented line that says why, and the last one."""
    found: list[str] = []
    for line in log.splitlines():
        if re.match(TELLING, line) or (found and line.startswith(" ") and not found[-1].startswith(" ")):
            found.append(line)
    return "\n".join([*found[:9], *found[9:][-1:]] or log.splitlines()[-10:])


def failure(work: Work, result: Result) -> StepError:
    """What apt's own words say, with its last lines."""
    known = apt.recognise(result.log)
    begun = known is None or known.code not in UNTOUCHED
    state = "packages may be half installed" if begun else "no package was changed"
    state += f"; nothing was rebooted; log on the host: {task.FOLDER}/apt/log"
    evidence = f"{telling(result.log)}\nexit code {result.exit_code}"
    if known is not None and known.code == "RUN102":
        evidence = f"{locks.holders(work)}\n{evidence}".strip()
    if known is not None:
        return StepError(known.code, known.message, evidence=evidence, state=state, hint=known.hint)
    hint = f"read {quote(task.FOLDER)}/apt/log on the host; {apt.AGAIN}"
    return StepError("RUN113", "apt could not install the packages", evidence=evidence, state=state, hint=hint)
