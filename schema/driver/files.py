"""Files of the driver that gpufleet writes whole: nouveau's blacklist and the persistence daemon's options."""

from typing import TYPE_CHECKING

from schema.repository.model import OwnedFile

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

NOUVEAU = "/etc/modprobe.d/gpufleet-nouveau.conf"
PERSISTENCED = "/etc/systemd/system/nvidia-persistenced.service.d/gpufleet.conf"
HEADER = "# Written by gpufleet; what is changed here is written again.\n"
# modprobe.d(5). nouveau takes hold of the GPU before nvidia can; modeset=0 is for a kernel that has it built in.
NOUVEAU_TEXT = f"{HEADER}blacklist nouveau\noptions nouveau modeset=0\n"
# systemd.service(5): an empty ExecStart= clears the unit's own, which in Ubuntu has --no-persistence-mode.
PERSISTENCED_TEXT = (
    f"{HEADER}[Service]\nExecStart=\n"
    "ExecStart=/usr/bin/nvidia-persistenced --user nvidia-persistenced --persistence-mode --verbose\n"
)


def files(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """The files of a driver that we install; none for one that is `external` or not managed."""
    managed = spec.managed_driver
    if managed is None or managed.source == "external":
        return ()
    found = [OwnedFile(path=NOUVEAU, content=NOUVEAU_TEXT, description="keep nouveau from loading")]
    if managed.persistence:
        found.append(OwnedFile(path=PERSISTENCED, content=PERSISTENCED_TEXT, description="persistence mode on"))
    return tuple(found)
