"""Private keys to log in with: files with their certificates, and the keys of an agent."""

import functools
import getpass
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import paramiko
from paramiko import AgentKey, ECDSAKey, Ed25519Key, PasswordRequiredException, PKey, RSAKey, SSHException
from paramiko.pkey import PublicBlob

from fleet.errors import RunError

_ASKING = threading.Lock()
KINDS: tuple[type[PKey], ...] = (Ed25519Key, RSAKey, ECDSAKey)


class Unusable(NamedTuple):
    """A file that is no key to us, and why."""

    reason: str
    encrypted: bool = False


@functools.cache
def load(file: str, passphrase: str = "", certificate: str = "") -> PKey | Unusable:
    """A private key, with the certificate named or the one beside it (FILE-cert.pub); read once for all hosts."""
    path = Path(file).expanduser()
    if not path.is_file():
        return Unusable("there is no such file")
    reason = "it is no private key in a form that is known here"
    for kind in KINDS:
        try:
            key = kind.from_private_key_file(str(path), passphrase or None)
        except PasswordRequiredException:
            return Unusable("it is encrypted, and there is no passphrase for it", encrypted=True)
        except (SSHException, ValueError, TypeError, IndexError) as error:
            # A file of another kind is refused by each class in its own words; a wrong passphrase too.
            reason = f"the passphrase does not open it: {error}" if passphrase else reason
        except OSError as error:
            return Unusable(error.strerror or "it cannot be read")
        else:
            _certify(key, path, certificate)
            return key
    return Unusable(reason)


def _certify(key: PKey, path: Path, certificate: str) -> None:
    file = Path(certificate).expanduser() if certificate else path.with_name(f"{path.name}-cert.pub")
    try:
        blob = PublicBlob.from_file(str(file))
    except (OSError, ValueError, SSHException):
        return
    # CertificateFile is tried with each identity: a certificate holds the key that it is for (PROTOCOL.certkeys).
    own = key.asbytes()[4 + len(key.get_name()) :]
    if blob.key_type.startswith(f"{key.get_name()}-cert") and own in blob.key_blob:
        key.public_blob = blob


def declared(file: str, passphrase: str = "") -> PKey:
    """The inventory's key; its passphrase is asked for once, at a terminal. Raises RunError for one of no use."""
    key = load(file, passphrase)
    if isinstance(key, Unusable) and key.encrypted and sys.stdin.isatty():
        with _ASKING:
            key = load(file, _passphrase(file))
    if isinstance(key, Unusable):
        hint = "load it into an agent (ssh-add) and leave connection.key out" if key.encrypted else f"ls -l {file}"
        raise RunError("RUN426", f"the key {file} cannot be used: {key.reason}", state="not connected to", hint=hint)
    return key


@functools.cache
def _passphrase(file: str) -> str:
    return getpass.getpass(f"passphrase of {file}: ")


def of_agent(files: Iterable[str]) -> list[AgentKey]:
    """The agent's keys that files name by their public halves, FILE.pub or FILE: those that IdentitiesOnly allows."""
    wanted = {blob for file in files if (blob := _public(file))}
    if not wanted:
        return []
    return [key for key in paramiko.Agent().get_keys() if key.blob in wanted]


def _public(file: str) -> bytes | None:
    path = Path(file).expanduser()
    for one in (path.with_name(f"{path.name}.pub"), path):
        try:
            return bytes(PublicBlob.from_file(str(one)).key_blob)
        except (OSError, ValueError, UnicodeDecodeError):
            continue
    return None


def _public_blob(key: Any) -> object:
    """A key of a kind that paramiko does not know, such as a security key's, has none: without this, one such key in an
    agent ends every login (paramiko issue 2462)."""
    return getattr(key.inner_key, "public_blob", None)


if not hasattr(AgentKey, "public_blob"):
    setattr(AgentKey, "public_blob", property(_public_blob))  # noqa: B010 - its stubs know no such attribute.
