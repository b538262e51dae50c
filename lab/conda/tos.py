"""conda tos: the terms of Anaconda's channels, as the conda-anaconda-tos plugin of Miniconda asks for them.

Records are JSON files in a folder per channel, named by the sha256 of its URL, below one of the plugin's roots
(https://github.com/anaconda/conda-anaconda-tos).
"""

import argparse
import hashlib
import json
import os
import time
from pathlib import Path

from lab.conda import condarc, context
from lab.conda.errors import CondaError

GUARDED = "https://repo.anaconda.com/pkgs/"


def roots(here: context.Context) -> dict[str, Path]:
    return {
        "site": Path("/etc/conda/tos"),
        "system": here.root / "conda-meta/tos",
        "user": Path.home() / ".conda/tos",
    }


def _record(root: Path, url: str) -> Path:
    return root / hashlib.sha256(url.encode()).hexdigest() / "1752523200.json"


def _state(here: context.Context, url: str) -> bool | None:
    """True accepted, False rejected, None neither; the newest record of all roots decides."""
    found = [path for root in roots(here).values() if (path := _record(root, url)).is_file()]
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return None if newest is None else bool(json.loads(newest.read_text())["tos_accepted"])


def require(here: context.Context, urls: list[str]) -> None:
    """Refuse Anaconda's channels until their terms are accepted; only where the plugin is installed."""
    if not any((here.root / "conda-meta").glob("conda-anaconda-tos-*.json")) or _automatic(here):
        return
    guarded = [url for url in urls if url.startswith(GUARDED)]
    open_ones = [url for url in guarded if _state(here, url) is not True]
    if open_ones:
        listed = "".join(f"\n    - {url}" for url in open_ones)
        accepts = "".join(f"\n    conda tos accept --override-channels --channel {url}" for url in open_ones)
        raise CondaError(
            "CondaToSNonInteractiveError",
            "Terms of Service have not been accepted for the following channels. "
            f"Please accept or remove them before proceeding:{listed}\n\n"
            f"To accept these channels' Terms of Service, run the following commands:{accepts}",
        )


def _automatic(here: context.Context) -> bool:
    plugins = condarc.mapping(here.settings, "plugins")
    yes = ("1", "true", "yes", "on")
    variables = ("CONDA_PLUGINS_AUTO_ACCEPT_TOS", "CI")
    return bool(plugins.get("auto_accept_tos")) or any(os.environ.get(name, "").lower() in yes for name in variables)


def command(here: context.Context, options: argparse.Namespace) -> int:
    """conda tos [accept|reject|view] [--override-channels --channel URL] [--user|--system|--site]."""
    if not any((here.root / "conda-meta").glob("conda-anaconda-tos-*.json")):
        raise CondaError("ArgumentError", "argument COMMAND: invalid choice: 'tos'", 2)
    urls = context.channel_urls(here.settings, options.channel, options.override_channels)
    for url in urls:
        if options.action in ("accept", "reject"):
            path = _record(roots(here)[options.location], url)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = {
                "tos_accepted": options.action == "accept",
                "acceptance_timestamp": time.time(),
                "channel_name": url,
            }
            path.write_text(json.dumps(content))
            print(f"{options.action}ed Terms of Service for {url}")
        else:
            print(f"{url}: {({True: 'accepted', False: 'rejected', None: '-'})[_state(here, url)]}")
    return 0
