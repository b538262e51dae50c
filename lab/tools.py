"""Debian packages the lab needs, and installing them. Standard library only: it runs before the .venv exists."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys

# Program looked for (None: ask dpkg) and the package that brings it; names as in Debian 12 and Ubuntu 22.04.
PROGRAMS = (
    ("mmdebstrap", "mmdebstrap"),
    ("systemd-nspawn", "systemd-container"),
    ("apt-ftparchive", "apt-utils"),
    ("dpkg-deb", "dpkg"),
    ("gcc", "gcc"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("ip", "iproute2"),
    ("newuidmap", "uidmap"),
    ("arch-test", "arch-test"),
    ("zstd", "zstd"),
    ("gpg", "gnupg"),
    ("openssl", "openssl"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
    ("sysctl", "procps"),
)


def missing() -> list[str]:
    """Packages to install, in the order of the list above, each once."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    names = [package for program, package in PROGRAMS if shutil.which(program, path=search) is None]
    return list(dict.fromkeys(names))


def install_line(packages: list[str]) -> str:
    """The line to paste as root, or with sudo in front."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {shlex.join(packages)}"


def main(argv: list[str] | None = None) -> int:
    """Exit status 0 when nothing is missing (any more), 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.tools", description="Check for the Debian packages that the lab needs."
    )
    parser.add_argument("--install", action="store_true", help="install what is missing, after one question")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask (also with CI=true)")
    options = parser.parse_args(argv)
    packages = missing()
    if not packages:
        print("The lab's tools are installed.")
        return 0
    if not options.install:
        print(f"The lab needs {', '.join(packages)}. Type:\n  {install_line(packages)}")
        return 1
    return _install(packages, options.yes or os.environ.get("CI") == "true")


def _install(packages: list[str], agreed: bool) -> int:
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        print("The lab runs on Debian and Ubuntu only: apt-get was not found here.", file=sys.stderr)
        return 1
    if os.geteuid() != 0:
        print(f"Only root can install packages. Type:\n  {install_line(packages)}", file=sys.stderr)
        return 1
    if not agreed and not _asked(packages):
        return 1
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", *words], env=environment, check=False).returncode:
            print(f"apt-get {words[0]} failed; its words are above.", file=sys.stderr)
            return 1
    return 0


def _asked(packages: list[str]) -> bool:
    question = f"The lab needs these Debian packages: {' '.join(packages)}. Install them? [y/N] "
    if not sys.stdin.isatty():
        print(question + "\nNothing is asked without a terminal: give -y to agree.", file=sys.stderr)
        return False
    return input(question).strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
