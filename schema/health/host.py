"""The host itself: its clock, and a laptop that would not keep the GPU's memory asleep."""

import datetime
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def suspend(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A laptop whose hook for suspending is skipped, because it asks for the licence of the proprietary module."""
    state = snapshot.driver
    if spec.managed_driver is None or not (snapshot.portable and state.suspend_condition):
        return []
    if (state.loaded_flavour or "") != "open":
        return []
    message = "nvidia-suspend.service is skipped with the open modules: what the GPU's memory holds may be lost asleep"
    lines = [
        f"nvidia-suspend.service: {state.suspend_condition}",
        f"loaded: {state.loaded_version} open (Dual MIT/GPL)",
    ]
    hint = (
        "sudo systemctl edit nvidia-suspend.service nvidia-hibernate.service nvidia-resume.service, and set "
        "[Service] ExecCondition= (empty)"
    )
    return [finding("GPU210", "warning", message, lines, hint)]


def clock(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A clock that is behind the host's own files: apt then says of repositories that they are not valid yet."""
    now, future = snapshot.log.now, snapshot.apt.from_the_future
    if not future:
        return []
    message = "the host's clock is behind: files of apt are from its future (Release file is not valid yet)"
    lines = [f"newer than the clock: {path}" for path in future]
    if now is not None:
        lines.append(f"the clock says {datetime.datetime.fromtimestamp(now, datetime.UTC):%Y-%m-%d %H:%M} UTC")
    hint = "sudo timedatectl set-ntp true; see: timedatectl status"
    return [finding("GPU227", "warning", message, lines, hint)]
