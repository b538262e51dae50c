"""CUDA toolkits: the packages come with the one transaction; here the default is chosen."""

from shlex import quote

from deploys import look, remote
from deploys.step import Work
from schema import cuda
from schema.model import version_key

LINK = "/usr/local/cuda"


def default_needed(work: Work) -> bool:
    return any(change.concern == "cuda" and change.item == LINK for change in look.begun(work.shown))


def default(work: Work) -> None:
    """`update-alternatives --set`, so that later toolkits do not move the default (update-alternatives(1)).

    A toolkit that brings no alternative of its own is registered with the priority NVIDIA's packages use (129 for
    12.9).
    """
    version = cuda.default(work.spec)
    if version is None:
        return
    major, minor = (*version_key(version), 0)[:2]
    path = quote(f"{LINK}-{major}.{minor}")
    script = "\n".join(
        [
            f"set -e; test -d {path}",
            # A folder or a link made by hand would keep the alternative's link from being made.
            f'if [ -L {LINK} ] && [ "$(readlink {LINK})" != /etc/alternatives/cuda ]; then rm -f {LINK}; fi',
            f"update-alternatives --query cuda 2>/dev/null | grep -qx 'Alternative: '{path} ||",
            f"update-alternatives --install {LINK} cuda {path} {major}{minor}",
            f"update-alternatives --set cuda {path}",
        ]
    )
    hint = f"see what stands there: ls -ld {LINK}*; update-alternatives --query cuda"
    state = "the toolkits are installed; the default is as it was"
    remote.checked(work.host, script, f"make CUDA {version} the default", state=state, hint=hint)
