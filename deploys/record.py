"""/var/lib/gpufleet/applied.json: what the last finished apply made of the host. It causes findings, never commands."""

import datetime
import hashlib

from deploys import files, resolve
from deploys.step import Work
from schema import choose
from schema.host import HostSpec
from schema.repository import OwnedFile
from schema.snapshot import AppliedRecord

PATH = "/var/lib/gpufleet/applied.json"


def spec_hash(spec: HostSpec) -> str:
    """SHA-256 of the declaration as it was written, without the way the host is reached, in hexadecimal."""
    return hashlib.sha256(choose.declared(spec).model_dump_json(exclude={"connection", "locked"}).encode()).hexdigest()


def applied(work: Work) -> AppliedRecord:
    seen = work.seen
    conda = seen.conda
    environments = conda.environments if conda is not None else ()
    declared = {name for name, item in work.spec.environments.items() if item != "absent"}
    return AppliedRecord(
        spec_hash=spec_hash(work.spec),
        time=datetime.datetime.now(tz=datetime.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        packages={
            name: item.version for name, item in seen.apt.packages.items() if item.installed and resolve.in_set(name)
        },
        environments={
            item.name: {package.name: package.version for package in item.packages}
            for item in environments
            if item.name in declared
        },
        installer=conda.installer if conda is not None else None,
    )


def write(work: Work) -> None:
    text = applied(work).model_dump_json(indent=1) + "\n"
    files.write(work, (OwnedFile(path=PATH, content=text),))
