"""Download on the host, with what every Ubuntu has, through the declared proxy and the host's certificates."""

from shlex import quote

from schema.host import HostSpec

# Debian's ca-certificates(8): the system's bundle, where update-ca-certificates adds a site's own.
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def environment(spec: HostSpec) -> str:
    """Shell lines that set proxy and certificates for curl, wget, conda and pip.

    conda and pip carry a bundle of their own that does not know a site's authority (conda and pip documentation:
    REQUESTS_CA_BUNDLE, CONDA_SSL_VERIFY, PIP_CERT).
    """
    lines = []
    if spec.proxy is not None:
        pairs = {"http_proxy": spec.proxy.http, "https_proxy": spec.proxy.https}
        pairs["no_proxy"] = ",".join(spec.proxy.no_proxy) or None
        for name, value in pairs.items():
            if value is not None:
                lines.append(f"export {name}={quote(value)} {name.upper()}={quote(value)}")
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "CONDA_SSL_VERIFY")
    lines.append(f"if [ -r {SYSTEM_BUNDLE} ]; then export {' '.join(f'{name}={SYSTEM_BUNDLE}' for name in names)}; fi")
    return "\n".join(lines)


def command(url: str, target: str) -> str:
    """One shell command that fetches `url` into the file `target` (already quoted for the shell).

    apt-helper is the last resort: it is part of apt, and follows apt's own proxy settings (apt-helper(8)).
    """
    address = quote(url)
    return (
        f"if command -v curl >/dev/null; then curl -fsSL --retry 3 --connect-timeout 20 --speed-limit 1000 "
        f"--speed-time 60 -o {target} {address}; "
        f"elif command -v wget >/dev/null; then wget -q --tries=3 --timeout=30 -O {target} {address}; "
        f"else /usr/lib/apt/apt-helper download-file {address} {target}; fi"
    )
