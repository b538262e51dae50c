"""ssh_config(5) files, read once each: what they say of a host. paramiko matches; Include and Match exec are ours.

Both ways to connect ask here, the looks of `fleet` and pyinfra's connector, so that they cannot mean different things.
"""

import functools
import glob
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import paramiko.config
from paramiko import SSHConfig
from paramiko.ssh_exception import ConfigParseError

from fleet.errors import RunError

Options = dict[str, object]
USER = Path("~/.ssh/config")
EXEC_SECONDS = 30
# ssh(1) gives up at this depth as well (readconf.c, READCONF_MAX_DEPTH).
DEEPEST = 16


def options(file: str | None, hostname: str) -> Options:
    """What a file says of a host (keys in lower case); the user's own for None, {} where there is none.

    Raises RunError for a file that cannot be read, or a line of it that is none.
    """
    config = _config(Path(file).expanduser() if file else USER.expanduser())
    if config is None:
        return {}
    # pyinfra's import puts another one there (3.10, sshuserclient/config.py), which takes a command for a file's name.
    setattr(paramiko.config, "invoke", _RUNNER)  # noqa: B010 - its stubs know no such attribute.
    try:
        return dict(config.lookup(hostname))
    except (paramiko.SSHException, ValueError, KeyError) as error:
        raise _unusable(file or str(USER), str(error)) from error


def text(found: Options, key: str) -> str | None:
    """One value; None also for "none", with which ssh_config switches a setting off."""
    value = found.get(key)
    return value if isinstance(value, str) and value.lower() != "none" else None


def words(found: Options, key: str) -> list[str]:
    """A value that may be several: a list, or names in one line."""
    value = found.get(key)
    if isinstance(value, list):
        return [str(one) for one in value if str(one).lower() != "none"]
    return value.split() if isinstance(value, str) else []


@functools.cache
def _config(file: Path) -> SSHConfig | None:
    if not file.exists():
        return None
    made = SSHConfig()
    try:
        made.parse(io.StringIO("\n".join(_lines(file, 0))))
    except (OSError, UnicodeDecodeError, ConfigParseError, ValueError) as error:
        raise _unusable(str(file), getattr(error, "strerror", None) or str(error)) from error
    return made


def _unusable(file: str, why: str) -> RunError:
    return RunError(
        "RUN425",
        f"the ssh_config {file} cannot be used: {why}",
        state="not connected to",
        hint=f"mend it; what ssh makes of it: ssh -G -F {file} HOST",
    )


def _lines(file: Path, depth: int) -> Iterator[str]:
    """The lines of a file with those that it includes in their places."""
    if depth > DEEPEST:
        raise ValueError(f"Include goes in a ring, or deeper than {DEEPEST}: {file}")
    for line in file.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        if word.lower() != "include":
            yield _bare(line)
            continue
        for name in _bare(rest).replace('"', " ").split():
            for included in _included(name, file.parent):
                yield from _lines(included, depth + 1)


def _included(name: str, folder: Path) -> list[Path]:
    """The files that a pattern names, in order; a relative one is beside the file, or in ~/.ssh (ssh_config(5))."""
    pattern = Path(name).expanduser()
    for base in (folder, Path("~/.ssh").expanduser()):
        found = sorted(Path(one) for one in glob.glob(str(base / pattern)))  # noqa: PTH207 - the pattern may be absolute.
        if found:
            return [one for one in found if one.is_file()]
    return []


def _bare(line: str) -> str:
    """A line without the comment at its end, which OpenSSH allows since 8.5; one inside quotes is none."""
    for place, character in enumerate(line):
        if character == "#" and place and line[place - 1].isspace() and line[:place].count('"') % 2 == 0:
            return line[:place].rstrip()
    return line


def _run(command: str, **_options: object) -> SimpleNamespace:
    """Match exec: true where the user's shell says 0 (ssh_config(5), Match)."""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=EXEC_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return SimpleNamespace(ok=False)
    return SimpleNamespace(ok=done.returncode == 0)


_RUNNER = SimpleNamespace(run=_run)
