"""Where this conda stands and what a command means: root prefix, target prefix, channels, package caches."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.conda import condarc
from lab.conda.errors import CondaError

ALIAS = "https://conda.anaconda.org"
DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")


@dataclass(frozen=True)
class Context:
    root: Path
    settings: condarc.Settings

    @property
    def envs_dirs(self) -> list[Path]:
        """Where `-n NAME` looks; the first one that can be written is where `create` puts it."""
        own = [Path(path).expanduser() for path in condarc.strings(self.settings, "envs_dirs")]
        standard = [self.root / "envs", Path.home() / ".conda/envs"]
        return own + [path for path in standard if path not in own]

    @property
    def pkgs_dir(self) -> Path:
        own = [Path(path).expanduser() for path in condarc.strings(self.settings, "pkgs_dirs")]
        return next((path for path in [*own, self.root / "pkgs"] if writable(path)), Path.home() / ".conda/pkgs")


def current() -> Context:
    root = Path(sys.prefix)
    return Context(root, condarc.load(root))


def writable(path: Path) -> bool:
    """Whether `path` or its nearest existing parent may be written."""
    while not path.exists():
        path = path.parent
    return os.access(path, os.W_OK)


def known_prefixes(context: Context) -> list[Path]:
    """Every environment conda knows: base, those below envs_dirs, and the user's environments.txt."""
    found = [context.root]
    for folder in context.envs_dirs:
        found += sorted(path.parent.parent for path in folder.glob("*/conda-meta/history"))
    listed = Path.home() / ".conda/environments.txt"
    if listed.is_file():
        found += [Path(line) for line in listed.read_text().split() if (Path(line) / "conda-meta/history").is_file()]
    return list(dict.fromkeys(found))


def register(prefix: Path) -> None:
    """Note an environment in ~/.conda/environments.txt, as conda does."""
    listed = Path.home() / ".conda/environments.txt"
    lines = listed.read_text().splitlines() if listed.is_file() else []
    if str(prefix) not in lines and writable(listed):
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text("\n".join([*lines, str(prefix)]) + "\n")


def prefix_of(context: Context, name: str | None, prefix: str | None, *, new: bool = False) -> Path:
    """The prefix that -n or -p name; without either the active one, else base. `new`: where a new one would go."""
    if prefix:
        return Path(prefix).expanduser().absolute()
    if not name:
        return Path(os.environ.get("CONDA_PREFIX") or context.root)
    if name in ("base", "root"):
        return context.root
    if re.search(r"[/ :#]", name):
        raise CondaError(
            "CondaValueError", f"Invalid environment name: {name!r}\n  Characters not allowed: '/', ' ', ':', '#'"
        )
    for folder in context.envs_dirs:
        if (folder / name).exists():
            return folder / name
    if new:
        return next(folder for folder in context.envs_dirs if writable(folder)) / name
    raise CondaError(
        "EnvironmentNameNotFound",
        f"Could not find conda environment: {name}\n"
        "You can list all discoverable environments with `conda info --envs`.\n",
    )


def require_environment(prefix: Path) -> None:
    if not (prefix / "conda-meta/history").is_file():
        raise CondaError("EnvironmentLocationNotFound", f"Not a conda environment: {prefix}")


def require_writable(prefix: Path) -> None:
    if not writable(prefix / "conda-meta/history"):
        raise CondaError(
            "EnvironmentNotWritableError",
            "The current user does not have write permissions to the target environment.\n"
            f"  environment location: {prefix}\n  uid: {os.getuid()}\n  gid: {os.getgid()}\n",
        )


def channel_urls(settings: condarc.Settings, given: list[str], override: bool) -> list[str]:
    """The channels' URLs in order of priority: those of the command line, then those of the settings."""
    names = list(given)
    if not override:
        names += [name for name in condarc.strings(settings, "channels") or ["defaults"] if name not in names]
    if not names:
        raise CondaError(
            "ArgumentError", "At least one -c / --channel flag must be supplied when using --override-channels."
        )
    urls: list[str] = []
    for name in names:
        urls += [url for url in channel_url(settings, name) if url not in urls]
    return urls


def channel_url(settings: condarc.Settings, name: str) -> list[str]:
    """The URLs behind a channel name: defaults and custom_multichannels are several, custom_channels move one."""
    if "://" in name:
        return [name.rstrip("/")]
    several = condarc.mapping(settings, "custom_multichannels")
    several["defaults"] = condarc.strings(settings, "default_channels") or list(DEFAULTS)
    if name in several:
        return [url for part in condarc.strings(several, name) for url in channel_url(settings, part)]
    custom = {"pkgs/main": "https://repo.anaconda.com", "pkgs/r": "https://repo.anaconda.com"}
    base = (custom | condarc.mapping(settings, "custom_channels")).get(name) or settings.get("channel_alias") or ALIAS
    return [f"{str(base).rstrip('/')}/{name}"]


def channel_name(settings: condarc.Settings, url: str) -> str:
    """The short name that `conda list` shows for a record's channel URL."""
    bare = re.sub(r"/(noarch|linux-[a-z0-9_]+)/?$", "", url.rstrip("/"))
    for base in (settings.get("channel_alias") or ALIAS, *condarc.mapping(settings, "custom_channels").values()):
        if bare.startswith(f"{str(base).rstrip('/')}/"):
            return bare.removeprefix(f"{str(base).rstrip('/')}/")
    return bare.removeprefix("https://repo.anaconda.com/")
