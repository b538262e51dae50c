"""The addresses behind a conda channel's name."""

ALIAS = "https://conda.anaconda.org"
ANACONDA = "https://repo.anaconda.com/pkgs"
# What conda itself makes of these names (conda/base/constants.py, DEFAULT_CHANNELS_UNIX and custom_channels).
DEFAULTS = (f"{ANACONDA}/main", f"{ANACONDA}/r")


def addresses(channel: str, mirror: str | None) -> tuple[str, ...]:
    """The URLs of a channel, most often one, without a slash at the end; a mirror takes the place of conda.anaconda.org
    for every channel that is a name. `nodefaults` is none: it says that no others than the listed are wanted.
    """
    if channel == "nodefaults":
        return ()
    if "://" in channel:
        return (channel.rstrip("/"),)
    if mirror is not None:
        return (f"{mirror.rstrip('/')}/{channel}",)
    if channel == "defaults":
        return DEFAULTS
    return (f"{ANACONDA}/{channel[5:]}" if channel.startswith("pkgs/") else f"{ALIAS}/{channel}",)
