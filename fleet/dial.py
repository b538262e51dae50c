"""Open an authenticated SSH connection to an endpoint, through its jumps, with the host's key checked."""

import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from socket import socket
from weakref import WeakKeyDictionary

import paramiko
from paramiko import PKey
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.state import State
from pyinfra.connectors.ssh_util import get_private_key, load_key_with_certificate
from pyinfra.connectors.sshuserclient.client import get_ssh_config

from fleet import hostkeys
from fleet.endpoint import Endpoint
from fleet.errors import RunError

USER_FILES = (Path("~/.ssh/known_hosts"), Path("~/.ssh/known_hosts2"), Path("/etc/ssh/ssh_known_hosts"))
# paramiko 4 wakes ten times a second on each open connection to see whether it was closed (`Transport.__init__`); while
# hosts work that is half of a run's CPU. While it logs in, this is also how late its own time limits may be.
WAKE_SECONDS = 5.0
LOGIN_WAKE_SECONDS = 1.0
# Connections to jump hosts are shared: a bastion's sshd drops many logins at once (sshd_config(5), MaxStartups).
_HOPS: WeakKeyDictionary[State, dict[Endpoint, paramiko.SSHClient | Exception]] = WeakKeyDictionary()
# paramiko's threads log tracebacks of what `dial` raises; without a handler Python prints them (logging.lastResort).
logging.getLogger("paramiko").addHandler(logging.NullHandler())
_HOPS_LOCK = threading.RLock()  # A jump may itself be reached by a jump.


def options(endpoint: Endpoint) -> dict[str, object]:
    """What ssh_config says of a host, keys in lower case; {} without a file. Read once per file by pyinfra."""
    config = get_ssh_config(endpoint.ssh_config)
    return dict(config.lookup(endpoint.hostname)) if config else {}


def text(found: dict[str, object], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) and value.lower() != "none" else None


def dial(state: State, endpoint: Endpoint, password: str = "", passphrase: str = "") -> paramiko.SSHClient:
    """Connect and log in. Raises paramiko's, the system's and pyinfra's errors as they are, RunError for a jump."""
    found = options(endpoint)
    hostname = text(found, "hostname") or endpoint.hostname
    port = endpoint.port or int(text(found, "port") or 22)
    files = known_files(endpoint, found)
    client = paramiko.SSHClient()
    hostkeys.fill(client.get_host_keys(), files, hostkeys.server_name(hostname, port))
    client.set_missing_host_key_policy(hostkeys.Policy(files, accept_new=endpoint.accept_new))
    key = _key(state, endpoint, found, passphrase)
    try:
        client.connect(
            hostname,
            port,
            username=endpoint.user or text(found, "user"),
            password=password or None,
            pkey=key,
            timeout=endpoint.timeout,
            banner_timeout=endpoint.timeout,
            auth_timeout=endpoint.timeout,
            channel_timeout=endpoint.timeout,
            allow_agent=key is None,
            look_for_keys=key is None,
            sock=_socket(state, endpoint, found, hostname, port),
            transport_factory=_transport,
        )
    except BaseException:
        client.close()
        raise
    transport = client.get_transport()
    if transport is not None:
        transport.sock.settimeout(WAKE_SECONDS)
    return client


def _transport(
    sock: str | tuple[str, int] | socket | paramiko.Channel | paramiko.ProxyCommand,
    *,
    gss_kex: bool,
    gss_deleg_creds: bool,
    disabled_algorithms: Mapping[str, Iterable[str]] | None,
) -> paramiko.Transport:
    """A connection that prefers AES-GCM, as OpenSSH's own client does before AES-CTR (ssh_config(5), Ciphers): it needs
    no HMAC, which paramiko reckons in Python for each packet. What else paramiko offers follows in its order."""
    made = paramiko.Transport(
        sock, gss_kex=gss_kex, gss_deleg_creds=gss_deleg_creds, disabled_algorithms=disabled_algorithms
    )
    made.sock.settimeout(LOGIN_WAKE_SECONDS)
    offered = made.get_security_options()
    offered.ciphers = sorted(offered.ciphers, key=lambda cipher: "-gcm" not in cipher)
    return made


def known_files(endpoint: Endpoint, found: dict[str, object]) -> tuple[Path, ...]:
    """The inventory's file, else ssh_config's UserKnownHostsFile, else OpenSSH's own (ssh(1), FILES)."""
    if endpoint.known_hosts:
        return tuple(Path(file) for file in endpoint.known_hosts)
    named = text(found, "userknownhostsfile")
    files = tuple(Path(file) for file in named.split()) if named else USER_FILES
    return tuple(file.expanduser() for file in files)


def _key(state: State, endpoint: Endpoint, found: dict[str, object], passphrase: str) -> PKey | None:
    """The inventory's key, else the first of ssh_config's IdentityFile that can be read without asking."""
    if endpoint.key is not None:
        return get_private_key(state, endpoint.key, passphrase)
    named = found.get("identityfile")
    for file in named if isinstance(named, list) else ():
        if Path(str(file)).expanduser().is_file():
            try:
                return load_key_with_certificate(str(file), passphrase, allow_prompt=False)
            except (PyinfraError, paramiko.SSHException, OSError):
                continue
    return None


def _socket(
    state: State, endpoint: Endpoint, found: dict[str, object], hostname: str, port: int
) -> paramiko.Channel | paramiko.ProxyCommand | None:
    named = text(found, "proxyjump")
    jump = endpoint.jump or (_chain(named, endpoint) if named else None)
    if jump is not None:
        transport = _hop(state, jump).get_transport()
        if transport is None:
            raise EOFError(f"the connection to the jump host {jump.hostname} is closed")
        return transport.open_channel("direct-tcpip", (hostname, port), ("127.0.0.1", 0), timeout=endpoint.timeout)
    command = text(found, "proxycommand")
    return paramiko.ProxyCommand(command) if command else None


def _chain(named: str, endpoint: Endpoint) -> Endpoint | None:
    """ssh_config's "user@first:port,second": the last one reaches the host, each is reached through the one before."""
    chain = None
    for hop in named.split(","):
        user, _, place = hop.strip().rpartition("@")
        hostname, colon, port = place.rpartition(":") if place.count(":") == 1 else (place, "", "")
        chain = endpoint.model_copy(
            update={
                "hostname": hostname,
                "port": int(port) if colon else None,
                "user": user or None,
                "key": None,
                "jump": chain,
            }
        )
    return chain


def _hop(state: State, endpoint: Endpoint) -> paramiko.SSHClient:
    """The shared connection to a jump host. One that failed is not tried again for each host behind it."""
    with _HOPS_LOCK:
        hops = _HOPS.setdefault(state, {})
        made = hops.get(endpoint)
        if isinstance(made, paramiko.SSHClient):
            transport = made.get_transport()
            made = made if transport is not None and transport.is_active() else None
        if made is None:
            made = hops[endpoint] = _attempt(state, endpoint)
    if isinstance(made, Exception):
        raise RunError(
            "RUN205",
            f"the jump host {endpoint.hostname} could not be reached: {str(made) or type(made).__name__}",
            state="nothing was run",
            hint=f"try it by hand: ssh {endpoint.hostname}",
        )
    return made


def _attempt(state: State, endpoint: Endpoint) -> paramiko.SSHClient | Exception:
    try:
        return dial(state, endpoint)
    except (paramiko.SSHException, OSError, EOFError, PyinfraError, RunError) as error:
        return error


def close(state: State) -> None:
    """End the connections to jump hosts."""
    for made in _HOPS.pop(state, {}).values():
        if isinstance(made, paramiko.SSHClient):
            made.close()
