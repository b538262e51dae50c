# What the parts of the smoke test have in common. A host's own Python runs it, 3.6 or newer, with its standard library;
# it comes by standard input, and nothing of it is written on the host.
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

LARGEST = 1 << 20


def tell(answer):
    """One answer for the controller, on a line of its own; ASCII, whatever a driver's texts hold."""
    sys.stdout.write("@@compute " + json.dumps(answer) + "\n")
    sys.stdout.flush()


def short(text, lines=8, width=200):
    """The last lines of what a program said, without blank ones."""
    kept = [line.rstrip()[:width] for line in text.splitlines() if line.strip()]
    return "\n".join(kept[-lines:])


def fork(function):
    """A process of its own that answers on a pipe: its id and the pipe's end. It holds nothing of ours, so that one
    that no signal can end (a hung GPU) does not keep our caller waiting."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writable)
        return pid, readable
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.closerange(3, writable)
        os.closerange(writable + 1, 256)
        try:
            answer = function()
        except Exception as error:
            answer = {
                "outcome": "failed",
                "reason": "exception",
                "text": type(error).__name__ + ": " + str(error)[:400],
            }
        data = json.dumps(answer).encode()
        while data:
            data = data[os.write(writable, data) :]
    finally:
        os._exit(0)


def reap(pid, seconds):
    """How a process ended: its wait status, None while it does not end within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended:
            return status
        if time.monotonic() >= end:
            return None
        time.sleep(0.02)


def hang(pid, seconds):
    """End a process that was too slow, and say where it stood."""
    place = "unknown"
    with contextlib.suppress(OSError), open("/proc/%d/wchan" % pid) as stream:
        place = stream.read(64) or "unknown"
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    text = "no end within %d s (waiting in %s)" % (seconds, place if place != "0" else "user space")
    if reap(pid, 2) is None:
        text += "; process %d could not be killed" % pid
    return {"outcome": "failed", "reason": "hang", "text": text}


def ended(data, status):
    """What a process answered, or how it died."""
    with contextlib.suppress(ValueError):
        answer = json.loads(data.decode("ascii", "replace"))
        if isinstance(answer, dict):
            return answer
    if status is not None and os.WIFSIGNALED(status):
        text = "the process was ended by signal %d" % os.WTERMSIG(status)
        return {"outcome": "failed", "reason": "died", "text": text}
    return {"outcome": "failed", "reason": "died", "text": "the process ended without an answer"}


def together(jobs, seconds):
    """Run each of `jobs` ({name: function}) in a process of its own, at the same time; yields (name, answer) as they
    end. One that takes longer than `seconds` is ended, and only that one is told to hang."""
    end = time.monotonic() + seconds
    running = {}
    for name, function in jobs.items():
        pid, pipe = fork(function)
        running[pipe] = [name, pid, b""]
    while running:
        left = end - time.monotonic()
        ready = select.select(list(running), [], [], max(left, 0))[0]
        if not ready and left <= 0:
            break
        for pipe in ready:
            data = os.read(pipe, 65536)
            running[pipe][2] += data
            if data and len(running[pipe][2]) < LARGEST:
                continue
            name, pid, said = running.pop(pipe)
            os.close(pipe)
            if data:
                os.kill(pid, signal.SIGKILL)
            yield name, ended(said, reap(pid, 5))
    for name, pid, _ in running.values():
        yield name, hang(pid, seconds)


def talk(process, left, end):
    """Give a program `left` to read and take what it prints: that, and its exit code, None where it was too slow for
    `end` or said too much."""
    said = b""
    into, out = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(into, False)
    while True:
        ready = select.select([out], [into] if left else [], [], max(end - time.monotonic(), 0))
        if ready[1]:
            try:
                left = left[os.write(into, left[:4096]) :]
            except OSError:
                left = b""
        if not left and not process.stdin.closed:
            process.stdin.close()
        if ready[0]:
            data = os.read(out, 65536)
            said += data
            if not data:
                # What it started may live on; what it printed is whole.
                status = reap(process.pid, max(end - time.monotonic(), 0))
                return said, None if status is None else status >> 8 if not status & 127 else 128 + (status & 127)
        if len(said) > 4 * LARGEST or time.monotonic() >= end:
            return said, None


def run(words, seconds, text="", become=None):
    """A program with `text` as its input: its exit code (None: too slow) and what it printed, standard error too.

    It has a session of its own, and is killed with all that it started.
    """

    def before():
        os.setsid()
        if become is not None:
            become()

    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=before
        )
    except (OSError, subprocess.SubprocessError) as error:
        return 127, "%s: %s" % (words[0], error)
    said, code = talk(process, text.encode(), time.monotonic() + seconds)
    if code is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        reap(process.pid, 2)
    process.stdout.close()
    # Not ours to wait for any more: Popen's own destructor would complain of a process that nothing ends.
    process.returncode = 0 if code is None else code
    return code, said.decode("utf-8", "replace")
