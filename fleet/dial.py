"""Open an authenticated SSH connection to an endpoint, through its jumps, with the host's key checked.

Whoever connects comes here: the looks of `fleet` and, through `fleet.ssh`, pyinfra. `owner` is whose run it is; the
connections to jump hosts are its own and end with `close(owner)`.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import gevent  # type: ignore[import-untyped]
import paramiko

from fleet import hostkeys, keys, knownfiles, packets, proxy, ssh_config, tcp
from fleet.endpoint import Endpoint
from fleet.errors import RunError
from fleet.ssh_config import Options

# What paramiko talks through.
Link = socket.socket | paramiko.Channel | paramiko.ProxyCommand
# paramiko 4 wakes ten times a second on each open connection to see whether it was closed (`Transport.__init__`); while
# hosts work that is half of a run's CPU. While it logs in, this is also how late its own time limits may be.
WAKE_SECONDS = 5.0
LOGIN_WAKE_SECONDS = 1.0
# What a login may take, in times of `connection.timeout`: the version, the keys' exchange and the login itself have one
# each, and an agent may offer several keys. It bounds what a server that goes on answering can spend.
PHASES = 4
# Connections to jump hosts are shared: a bastion's sshd drops many logins at once (sshd_config(5), MaxStartups).
_HOPS: WeakKeyDictionary[object, dict[Endpoint, paramiko.SSHClient | Exception]] = WeakKeyDictionary()
# paramiko's threads log tracebacks of what `dial` raises; without a handler Python prints them (logging.lastResort).
logging.getLogger("paramiko").addHandler(logging.NullHandler())
_HOPS_LOCK = threading.RLock()  # A jump may itself be reached by a jump.


class Place(NamedTuple):
    """Where an endpoint is: ssh_config's word for it, the address and the port, and the name its key is filed under."""

    options: Options
    hostname: str
    port: int
    key_name: str


def place(endpoint: Endpoint) -> Place:
    """Raises RunError for an ssh_config that cannot be used."""
    found = ssh_config.options(endpoint.ssh_config, endpoint.hostname)
    hostname = ssh_config.text(found, "hostname") or endpoint.hostname
    port = endpoint.port or int(ssh_config.text(found, "port") or 22)
    alias = ssh_config.text(found, "hostkeyalias")
    # The alias is the whole name, without the port (ssh_config(5), HostKeyAlias).
    return Place(found, hostname, port, alias or hostkeys.server_name(hostname, port))


def reach(owner: object, endpoint: Endpoint, at: Place, late: Callable[[], None] = tcp.nothing) -> Link:
    """A way for bytes to the endpoint: TCP, ssh_config's command, or a channel of a jump host. Raises OSError and such.

    `late` is called once if TCP has no answer at once.
    """
    named = ssh_config.text(at.options, "proxyjump")
    jump = endpoint.jump or (_chain(named, endpoint) if named else None)
    if jump is not None:
        transport = _hop(owner, jump).get_transport()
        if transport is None:
            raise EOFError(f"the connection to the jump host {jump.hostname} is closed")
        return transport.open_channel(
            "direct-tcpip", (at.hostname, at.port), ("127.0.0.1", 0), timeout=endpoint.timeout
        )
    command = ssh_config.text(at.options, "proxycommand")
    if command:
        return proxy.Command(command)
    return tcp.connect(at.hostname, at.port, endpoint.timeout, ssh_config.text(at.options, "addressfamily"), late)


def dial(
    owner: object, endpoint: Endpoint, password: str = "", passphrase: str = "", link: Link | None = None
) -> paramiko.SSHClient:
    """Connect and log in, over `link` where the endpoint was reached before. Raises paramiko's and the system's errors
    as they are, RunError for a jump, a key or an ssh_config."""
    at = place(endpoint)
    files = knownfiles.of(endpoint, at.options)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(hostkeys.Policy(files, at.key_name, accept_new=endpoint.accept_new))
    server_name = hostkeys.server_name(at.hostname, at.port)
    hostkeys.fill(client.get_host_keys(), files, at.key_name, server_name)
    link = link or reach(owner, endpoint, at)
    late = f"not logged in within {PHASES * endpoint.timeout} s"
    try:
        with gevent.Timeout(PHASES * endpoint.timeout, paramiko.SSHException(late)):
            client.connect(
                at.hostname,
                at.port,
                username=endpoint.user or ssh_config.text(at.options, "user"),
                password=password or None,
                timeout=endpoint.timeout,
                banner_timeout=endpoint.timeout,
                auth_timeout=endpoint.timeout,
                channel_timeout=endpoint.timeout,
                sock=link,
                transport_factory=_transport,
                **_identities(endpoint, at.options, passphrase),
            )
    except BaseException:
        client.close()
        link.close()
        raise
    transport = client.get_transport()
    if transport is not None:
        transport.sock.settimeout(WAKE_SECONDS)
    return client


def _transport(
    sock: str | tuple[str, int] | socket.socket | paramiko.Channel | paramiko.ProxyCommand,
    *,
    gss_kex: bool,
    gss_deleg_creds: bool,
    disabled_algorithms: Mapping[str, Iterable[str]] | None,
) -> paramiko.Transport:
    """A connection that prefers AES-GCM, as OpenSSH's own client does before AES-CTR (ssh_config(5), Ciphers): it needs
    no HMAC, which paramiko reckons in Python for each packet. What else paramiko offers follows in its order."""
    made = paramiko.Transport(
        sock,
        gss_kex=gss_kex,
        gss_deleg_creds=gss_deleg_creds,
        disabled_algorithms=disabled_algorithms,
        packetizer_class=packets.Packets,
    )
    made.sock.settimeout(LOGIN_WAKE_SECONDS)
    offered = made.get_security_options()
    offered.ciphers = sorted(offered.ciphers, key=lambda cipher: "-gcm" not in cipher)
    return made


def _identities(endpoint: Endpoint, found: Options, passphrase: str) -> dict[str, Any]:
    """What is offered to log in with, as arguments of paramiko's `connect`.

    The inventory's key alone, as `ssh -o IdentitiesOnly=yes -i`; else ssh_config's files, then the agent; without any
    file the usual keys too. With IdentitiesOnly an agent's key counts where one of the files names it.
    """
    if endpoint.key is not None:
        return {"pkey": keys.declared(endpoint.key, passphrase), "allow_agent": False, "look_for_keys": False}
    files = ssh_config.words(found, "identityfile")
    only = (ssh_config.text(found, "identitiesonly") or "").lower() == "yes"
    certificate = ssh_config.text(found, "certificatefile") or ""
    loaded = {file: key for file in files if isinstance(key := keys.load(file, passphrase, certificate), paramiko.PKey)}
    first = [*(keys.of_agent(file for file in files if file not in loaded) if only else ()), *loaded.values()]
    return {
        "pkey": first[0] if first else None,
        "key_filename": [file for file, key in loaded.items() if key is not first[0]],
        "allow_agent": not only,
        "look_for_keys": not files,
    }


def _chain(named: str, endpoint: Endpoint) -> Endpoint | None:
    """ssh_config's "user@first:port,second": the last one reaches the host, each is reached through the one before."""
    chain = None
    for hop in named.split(","):
        user, _, where = hop.strip().removeprefix("ssh://").rpartition("@")
        hostname, colon, port = where.rpartition(":") if where.count(":") == 1 else (where, "", "")
        if where.startswith("["):
            hostname, _, port = where[1:].partition("]")
            colon, port = port[:1], port[1:]
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


def _hop(owner: object, endpoint: Endpoint) -> paramiko.SSHClient:
    """The shared connection to a jump host. One that failed is not tried again for each host behind it."""
    with _HOPS_LOCK:
        hops = _HOPS.setdefault(owner, {})
        made = hops.get(endpoint)
        if isinstance(made, paramiko.SSHClient):
            transport = made.get_transport()
            made = made if transport is not None and transport.is_active() else None
        if made is None:
            made = hops[endpoint] = _attempt(owner, endpoint)
    if isinstance(made, Exception):
        raise RunError(
            "RUN205",
            f"the jump host {endpoint.hostname} could not be reached: {str(made) or type(made).__name__}",
            state="nothing was run",
            hint=f"try it by hand: ssh {endpoint.hostname}",
        )
    return made


def _attempt(owner: object, endpoint: Endpoint) -> paramiko.SSHClient | Exception:
    try:
        return dial(owner, endpoint)
    except (paramiko.SSHException, OSError, EOFError, RunError) as error:
        return error


def close(owner: object) -> None:
    """End the connections to jump hosts."""
    for made in _HOPS.pop(owner, {}).values():
        if isinstance(made, paramiko.SSHClient):
            made.close()
