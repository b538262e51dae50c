"""Reboot into the driver: only when nobody works there, only into a kernel that has the module, and once."""

import time

from pyinfra import logger
from pyinfra.api.host import Host

from deploys import look, remote
from deploys.step import StepError, Work
from schema.snapshot import Snapshot

# GPU servers with much memory take up to a quarter of an hour through firmware checks and memory training.
BOOT_SECONDS = 1200.0
SERVICES_SECONDS = 120
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


def at_once(host: Host) -> int:
    """How many hosts reboot at the same time: the inventory's rollout.max_unavailable, 1 without."""
    return max(1, int(host.data.get("max_unavailable") or 1))


def reboot(work: Work) -> None:
    """Look again, check every gate at this moment, reboot, and wait for another boot id."""
    work.seen = look.snapshot(work.host, work.spec)
    now = look.decide(work.spec, work.seen, force=work.force)
    if now.pending != "reboot" and not any(change.item in look.REBOOT_ITEMS for change in now.changes):
        work.host.log("no reboot is needed")
        return
    if now.blocked:
        raise busy(work, look.text(now.blocked))
    if work.spec.connection.local and not work.force:
        work.host.log_styled("this machine carries the run and is not rebooted by it", log_func=logger.warning)
        look.pending_reboot(work)
        return
    next_kernel_has_module(work)
    before = work.seen.boot_id
    work.host.log("rebooting")
    # Detached, so that the command ends before the connection does (pyinfra issue 1708).
    script = "nohup sh -c 'sleep 1; systemctl reboot' </dev/null >/dev/null 2>&1 &"
    remote.checked(work.host, script, "ask for a reboot", state="everything is on disk; the host was not rebooted")
    wait(work, before)


def busy(work: Work, evidence: str) -> StepError:
    return StepError(
        "RUN119",
        f"{work.name} is not rebooted: it is in use",
        evidence=evidence,
        state="everything is on disk; the driver loads with the next boot",
        hint=f"run the same command when the work is done, or force it by name: --force {work.name}",
    )


def next_kernel_has_module(work: Work) -> None:
    """Raise StepError when the kernel that boots next has no module of the version that user space has."""
    seen: Snapshot = work.seen
    kernel = seen.kernel.next_boot or seen.kernel.running
    module = seen.driver.module_for(kernel)
    newest = seen.driver.libraries[-1] if seen.driver.libraries else None
    unsigned = bool(seen.kernel.secure_boot) and module is not None and module.signer is None
    if module is not None and not unsigned and (newest is None or module.version == newest):
        return
    found = f"{module.version} ({module.flavour})" if module else "none"
    found += ", not signed, and Secure Boot is on" if unsigned else ""
    raise StepError(
        "RUN121",
        f"{work.name} is not rebooted: kernel {kernel}, which boots next, has no fitting NVIDIA module",
        evidence=f"module for {kernel}: {found}\nuser space: {newest or 'none'}",
        state="packages are on disk; the host was not rebooted",
        hint=f"see why on the host: dkms status; ls /lib/modules/{kernel}/build; then run the same command again",
    )


def boot_id(host: Host) -> str | None:
    try:
        ok, output = remote.run(host, BOOT_ID, timeout_seconds=15)
    except remote.LostError:
        return None
    return output.stdout.strip() if ok else None


def wait(work: Work, before: str) -> None:
    """Wait, by a real clock, until the host answers with another boot id and its services are up.

    The limit is `--data boot_timeout=SECONDS`, 1200 without.
    """
    limit = float(work.host.data.get("boot_timeout") or BOOT_SECONDS)
    started, told = time.monotonic(), 0
    while (waited := time.monotonic() - started) < limit:
        time.sleep(1)
        if waited // 60 > told:
            told = int(waited // 60)
            work.host.log(f"waiting for its boot since {told} min, at most {limit / 60:.0f}")
        found = boot_id(work.host)
        if found not in {None, "", before}:
            services_up(work)
            work.host.log(f"is back after {time.monotonic() - started:.0f} s")
            return
        if found is None:
            remote.reconnect(work.host, 20.0)
    raise StepError(
        "RUN120",
        f"{work.name} did not come back within {limit:.0f} s",
        evidence=f"boot id {before} before the reboot; no other one seen since",
        state="rebooting; everything was on disk before",
        hint=f"look at its console; when it answers: fleet drift --limit {work.name}",
    )


def services_up(work: Work) -> None:
    """Wait until systemd has started what it starts at boot; a host with failed units is up too ("degraded")."""
    script = (
        f"i=0; while [ $i -lt {SERVICES_SECONDS} ]; do s=$(systemctl is-system-running || :); "
        'case "$s" in running|degraded|maintenance) break ;; esac; i=$((i+1)); sleep 1; done; echo "$s"'
    )
    remote.checked(work.host, script, "wait for its services", timeout_seconds=SERVICES_SECONDS + 60)
