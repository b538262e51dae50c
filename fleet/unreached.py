"""Why a host could not be connected to, in words with a code and what to type."""

from socket import gaierror

from paramiko import AuthenticationException, BadHostKeyException, SSHException

from fleet.endpoint import Endpoint
from fleet.errors import RunError
from fleet.hostkeys import UnknownHostKey

# What connecting and logging in may raise for a host's sake.
ERRORS = (SSHException, OSError, EOFError, RunError, ValueError)


def described(name: str, endpoint: Endpoint, error: Exception) -> RunError:
    """Why a host could not be connected to, with a code and what to type."""
    place = endpoint.hostname + (f":{endpoint.port}" if endpoint.port else "")
    where = name if name == place else f"{name} ({place})"
    if isinstance(error, RunError):
        return error
    if isinstance(error, UnknownHostKey):
        return _unknown_key(where, error)
    if isinstance(error, BadHostKeyException):
        return RunError(
            "RUN203",
            f"{where} shows another host key than the one on file",
            evidence=f"on file: {error.expected_key.fingerprint}\nshown:   {error.key.fingerprint}",
            state="nothing was sent to it",
            hint=f"find out why it changed; if it was reinstalled: ssh-keygen -R {error.hostname}",
        )
    if isinstance(error, AuthenticationException):
        user = endpoint.user or "the user of ssh_config, or yours"
        return RunError(
            "RUN204",
            f"{where} does not let {user} log in: {error}",
            state="nothing was run",
            hint=f"try it by hand: ssh -v {_command(endpoint)}; declare connection.user and connection.key",
        )
    reason = _reason(error, endpoint)
    return RunError("RUN201", f"{where} could not be reached: {reason}", state="unknown", hint=_try(endpoint))


def _unknown_key(where: str, error: UnknownHostKey) -> RunError:
    words = "is revoked" if error.revoked else "is not known here"
    return RunError(
        "RUN202",
        f"the host key of {where} {words}",
        evidence=f"{error.kind} {error.fingerprint}\nlooked in {', '.join(map(str, error.files)) or 'no file'}",
        state="nothing was sent to it",
        hint="compare the fingerprint on its console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then log in "
        "once with ssh, or declare host_keys: accept-new",
    )


def _reason(error: Exception, endpoint: Endpoint) -> str:
    if isinstance(error, gaierror):
        return f"the name {endpoint.hostname!r} does not resolve"
    if isinstance(error, TimeoutError):
        return f"no answer within {endpoint.timeout} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _try(endpoint: Endpoint) -> str:
    return f"try it by hand: ssh {_command(endpoint)}; then run the same command again"


def _command(endpoint: Endpoint) -> str:
    port = f"-p {endpoint.port} " if endpoint.port else ""
    user = f"{endpoint.user}@" if endpoint.user else ""
    return f"{port}{user}{endpoint.hostname}"
