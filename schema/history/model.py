"""What apt's and dpkg's logs say of our packages, as values: transactions, and the one behind a difference.

Sources: apt-pkg/deb/dpkgpm.cc (`OpenLog`, `CloseLog`) of apt 1.6 to 3.1; dpkg(1), "dpkg.log".
"""

from datetime import datetime
from typing import Literal

from schema.model import Model

Action = Literal["install", "upgrade", "downgrade", "remove", "purge", "reinstall"]
BY_HAND = "dpkg directly"
# Options of our own transaction, as apt writes them into its log.
OWN = "-o APT::Status-Fd=3 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0"


class Move(Model):
    """One package in a transaction; `old` is None for one that was absent, `new` for one that was removed.

    `automatic`: it came as a dependency. The name of one of a foreign architecture is "NAME:ARCHITECTURE".
    """

    name: str
    action: Action
    old: str | None = None
    new: str | None = None
    automatic: bool = False


class Transaction(Model):
    """One run of apt, or of dpkg alone. `time` is the host's own, with its offset from UTC.

    `by` is who did it in short: "unattended-upgrades", "PackageKit", "apt-get", "gpufleet", "dpkg directly"; None where
    no log says. `user` is "ann (1000)" where apt knows it. `ended` is None where apt was cut off or still works, and
    for dpkg; `error` is apt's own line, in the host's language.
    """

    time: datetime
    ended: datetime | None = None
    command: str | None = None
    by: str | None = None
    user: str | None = None
    error: str | None = None
    changes: tuple[Move, ...] = ()

    def of(self, name: str) -> Move | None:
        return next((move for move in self.changes if move.name == name), None)


class HistoryState(Model):
    """`transactions`: newest first, those of our package families that the logs still hold, as far as they are read.

    `time`: the host's own clock at the look; `booted`: when it last booted; both None where that was not seen.
    `environments`: conda's last revisions by the environment's name, newest first; names as in PEP 503.
    """

    time: datetime | None = None
    booted: datetime | None = None
    transactions: tuple[Transaction, ...] = ()
    environments: dict[str, tuple[Transaction, ...]] = {}


class Cause(Model):
    """The transaction that made `package` what it is: `before` and `after` are versions, None for absent.

    `since` is when it left the declared version; earlier than `time` where several transactions moved it.
    """

    time: datetime
    since: datetime
    by: str | None
    user: str | None = None
    command: str | None = None
    package: str
    action: Action
    before: str | None
    after: str | None
    error: str | None = None
