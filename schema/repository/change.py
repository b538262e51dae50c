"""What of NVIDIA's repository differs beside our own files: the vendor's key."""

from typing import TYPE_CHECKING

from schema.change import Change
from schema.repository.key import vendor_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """The vendor's key, unless the file has exactly the expected one; () where it could not be read."""
    wanted = vendor_key(spec)
    if wanted is None or "repository/keys" in snapshot.not_seen:
        return ()
    there = next((key for key in snapshot.apt.keys if key.path == wanted.path), None)
    if there is not None and there.fingerprints == (wanted.fingerprint,):
        return ()
    observed = None if there is None else ", ".join(there.fingerprints) or "no key"
    return (Change(concern="repository", item=wanted.path, observed=observed, desired=wanted.fingerprint),)
