"""fleet.lock while an inventory is read: what it answers for each host, and what is said where it does not."""

from schema.errors import Problem
from schema.host import HostSpec
from schema.lock import inputs, read
from schema.lock.model import Locked
from schema.lock.obey import UNKNOWN, Obeyed
from schema.report import Report

FRESHEN = "Type: fleet lock INVENTORY."


class Answers:
    """`there`: a lock was read; `required`: fleet.yaml says require_lock: true."""

    def __init__(self, obeyed: Obeyed | None, *, required: bool) -> None:
        self.obeyed, self.required = obeyed, required

    @property
    def there(self) -> bool:
        return self.obeyed is not None

    @classmethod
    def read(cls, root: str, required: bool, problems: list[Problem]) -> "Answers":
        """The lock of a folder; one that cannot be used is an error of the fleet, whatever host is asked for."""
        try:
            lock = read.load(root)
        except read.Broken as broken:
            problems.append(broken.problem)
            return cls(None, required=False)
        return cls(Obeyed(lock) if lock is not None else None, required=required)

    def of(self, spec: HostSpec, file: str, report: Report) -> Locked | None:
        """What the lock says of a host; what it does not answer is reported: an error where a lock is required.

        `file` is the host's own, where the declaration changed.
        """
        if self.obeyed is None:
            if self.required and inputs.inputs(spec):
                message = "fleet.yaml says require_lock: true, and there is no fleet.lock."
                report.problems.append(_problem("INV052", "error", "fleet.yaml", spec.name, message))
            return None
        locked = self.obeyed.of(spec)
        if locked.stale:
            code, severity = ("INV052", "error") if self.required else ("INV051", "warning")
            tail = "" if self.required else " What it does not answer floats."
            message = f"fleet.lock is out of date: {words(locked)}.{tail}"
            report.problems.append(_problem(code, severity, file, spec.name, message))
        return locked


def words(locked: Locked) -> str:
    """What a lock does not answer for a host, in words: "cuda, driver: changed since the lock"."""
    reasons = sorted(set(locked.stale.values()))
    if reasons == [UNKNOWN]:
        return UNKNOWN
    return "; ".join(
        f"{', '.join(name for name, why in sorted(locked.stale.items()) if why == reason)}: {reason}"
        for reason in reasons
    )


def _problem(code: str, severity: str, file: str, host: str, message: str) -> Problem:
    level = "error" if severity == "error" else "warning"
    return Problem(code=code, severity=level, file=file, host=host, message=message, hint=FRESHEN)
