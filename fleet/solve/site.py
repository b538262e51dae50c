"""What this controller has for pip: uv, and the index by which this site reaches PyPI."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# In the order in which uv and pip themselves would follow them.
VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
CONFIGURED = re.compile(r"^(?:global|install|:env:)\.index-url='([^']+)'$", re.MULTILINE)


def uv() -> str | None:
    """uv's path: the one beside this interpreter, else on PATH."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")


@functools.cache
def index() -> str | None:
    """The index where `mirrors.pypi` declares none: the main index of the controller's own uv or pip; None for PyPI,
    which is uv's own default.

    Further indexes and folders of the controller (extra-index-url, find-links) are not asked: hosts do not have them,
    and a name could come from the wrong one.
    """
    for name in VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    try:
        words = [sys.executable, "-m", "pip", "config", "list"]
        said = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = CONFIGURED.findall(said)
    return found[-1] if found else None
