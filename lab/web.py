"""What the lab's server serves, each part by the module that builds it."""

import platform
from collections.abc import Callable
from pathlib import Path

from lab import channel, installers, pypi, repositories


def fill(web: Path, say: Callable[[str], None]) -> None:
    """Lay everything into the web root; parts that were built before come from the cache."""
    say("building what the lab serves: apt repositories, installers, conda channels, Python index")
    web.mkdir(parents=True, exist_ok=True)
    repositories.build(web, platform.release())
    installers.build(web)
    channel.build(web)
    pypi.build(web)
