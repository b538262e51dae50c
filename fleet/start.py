"""What must come before anything else in a process that talks to hosts."""

import gc
import sys

COLLECT = (20_000, 50, 50)


def networked() -> None:
    """gevent's patches, without which hosts wait for one another; then paramiko, without its library for tasks.

    paramiko.config imports `invoke`, 30 ms of each start, for nothing but Match exec, which `fleet.ssh_config` does
    itself; it goes without where that is missing, and sys.modules says so while paramiko is imported.
    """
    from gevent import monkey  # type: ignore[import-untyped]

    monkey.patch_all()
    # By default all is looked through after each 700 new objects; a look makes thousands, hardly any of them in cycles.
    gc.set_threshold(*COLLECT)
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]
    try:
        import paramiko.config  # noqa: F401
    finally:
        del sys.modules["invoke"]
