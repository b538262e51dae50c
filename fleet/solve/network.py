"""What a solver's process gets of the controller's environment, and how it is run: bounded, and without a shell."""

import os
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schema.repository.model import ProxySpec

# Everything else stays out: UV_*, PIP_*, CONDA_* and RATTLER_* of the controller would change what is resolved.
KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "NETRC")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
# The variables by which a machine names its own bundle (OpenSSL, requests, curl).
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True)
class Done:
    """How a process ended; `late`: it was ended because its time was over."""

    code: int
    output: str
    errors: str
    late: bool = False


def environment(folder: Path, ca_pem: str | None, proxy: ProxySpec | None) -> dict[str, str]:
    """The variables of a solver's process. The declared proxy takes the place of the controller's own; the site's
    authority is added to those that the controller trusts, in a bundle that is written into `folder`.
    """
    found = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {name: os.environ.get(name) or os.environ.get(name.upper()) for name in PROXIES}
    declared = {"http_proxy": proxy.http, "https_proxy": proxy.https} if proxy is not None else {}
    if proxy is not None:
        declared["no_proxy"] = ",".join(proxy.no_proxy) or None
    for name, value in (declared or own).items():
        if value:
            found[name] = found[name.upper()] = value
    bundle = _bundle(folder, ca_pem)
    return found | ({"SSL_CERT_FILE": str(bundle)} if bundle is not None else {})


def _bundle(folder: Path, ca_pem: str | None) -> Path | None:
    paths = ssl.get_default_verify_paths()
    named = [*(os.environ.get(name) for name in BUNDLES), paths.cafile, "/etc/ssl/certs/ca-certificates.crt"]
    own = next((Path(name) for name in named if name and Path(name).is_file()), None)
    if ca_pem is None:
        return own
    bundle = folder / "authorities.pem"
    bundle.write_text("\n".join([own.read_text() if own is not None else "", ca_pem, ""]))
    return bundle


def run(
    command: Sequence[str], variables: Mapping[str, str], *, seconds: float, text: str = "", folder: Path | None = None
) -> Done:
    """Run a solver to its end, or to the end of its time. Raises OSError where it cannot be started."""
    try:
        done = subprocess.run(
            list(command),
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(variables),
            cwd=folder,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said = error.stderr or ""
        return Done(-1, "", said if isinstance(said, str) else said.decode(errors="replace"), late=True)
    return Done(done.returncode, done.stdout, done.stderr)


def shortened(text: str, lines: int = 12, width: int = 240) -> str:
    """The first lines of an explanation, each cut to what fits a terminal and a report."""
    kept = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    cut = [line if len(line) <= width else f"{line[: width - 3]}..." for line in kept[:lines]]
    return "\n".join([*cut, f"... and {len(kept) - lines} more lines"] if len(kept) > lines else cut)
