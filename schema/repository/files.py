"""apt's files that gpufleet writes whole: sources, mirrors' keys, proxy, certificates, the unattended exclusion."""

from typing import TYPE_CHECKING

from schema import compat
from schema.repository import key
from schema.repository.model import OwnedFile, ProxySpec, RepositoryMirror, Source

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

CUDA_SOURCE = "/etc/apt/sources.list.d/gpufleet-cuda.sources"
UBUNTU_SOURCE = "/etc/apt/sources.list.d/gpufleet-ubuntu.sources"
PROXY = "/etc/apt/apt.conf.d/51gpufleet-proxy"
UNATTENDED = "/etc/apt/apt.conf.d/51gpufleet-unattended-upgrades"
CERTIFICATE = "/usr/local/share/ca-certificates/gpufleet-site.crt"
HEADER = "# Written by gpufleet; what is changed here is written again.\n"
# unattended-upgrades takes each as a Python regular expression, matched from the name's start (its README.md,
# "Package-Blacklist"). Container tools are not part of the set.
EXCLUDED = (
    "(lib)?nvidia-(?!container|docker|prime)",
    "cuda-",
    "libcudnn",
    "libxnvctrl",
    "linux-(modules|objects|signatures)-nvidia-",
    "xserver-xorg-video-nvidia",
)


def files(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """The files for what is declared, in the order apt needs them: certificates and keys, proxy, sources."""
    found = []
    if spec.ca_pem is not None:
        found.append(OwnedFile(path=CERTIFICATE, content=spec.ca_pem, description="the site's certificates"))
    if spec.proxy is not None:
        found.append(OwnedFile(path=PROXY, content=proxy_text(spec.proxy), description="apt's proxy"))
    found += _mirror_key(spec.mirrors.cuda, key.CUDA_KEY) if key.wants_cuda(spec) else []
    found += _mirror_key(spec.mirrors.ubuntu, key.UBUNTU_KEY)
    if key.wants_cuda(spec):
        text = cuda_text(spec, signer(spec, snapshot))
        found.append(OwnedFile(path=CUDA_SOURCE, content=text, description="NVIDIA's repository"))
    if spec.mirrors.ubuntu is not None:
        text = ubuntu_text(spec, spec.mirrors.ubuntu)
        found.append(OwnedFile(path=UBUNTU_SOURCE, content=text, description="the mirror of Ubuntu's archive"))
    if key.wants_cuda(spec) or _installs_driver(spec):
        found.append(
            OwnedFile(path=UNATTENDED, content=UNATTENDED_TEXT, description="no unattended upgrade of the set")
        )
    return tuple(found)


def _installs_driver(spec: "HostSpec") -> bool:
    managed = spec.managed_driver
    return managed is not None and managed.source != "external"


def _mirror_key(mirror: RepositoryMirror | None, path: str) -> list[OwnedFile]:
    """A mirror's keys one after the other: apt reads several armoured blocks in one file (sources.list(5))."""
    blocks = [item.armoured.strip() + "\n" for item in mirror.keys if item.armoured] if mirror is not None else []
    return [OwnedFile(path=path, content="".join(blocks), description="a mirror's keys")] if blocks else []


def rivals(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Source, ...]:
    """Others' sources of NVIDIA's repository that are switched on, such as that of the package cuda-keyring."""
    wanted = key.cuda_url(spec)
    return tuple(
        source
        for source in snapshot.apt.sources
        if source.enabled and source.file != CUDA_SOURCE and any(uri.rstrip("/") == wanted for uri in source.uris)
    )


def signer(spec: "HostSpec", snapshot: "Snapshot") -> str:
    """The keyring that our source names: that of another source of the same repository, where it holds exactly the
    expected keys, else ours. apt reads nothing at all while two sources of one repository differ in it
    (sources.list(5), Signed-By)."""
    named = {source.signed_by for source in rivals(spec, snapshot)}
    keys = {item.path: frozenset(item.fingerprints) for item in snapshot.apt.keys}
    path = named.pop() if len(named) == 1 else None
    return path if path is not None and keys.get(path) == key.expected(spec) else key.CUDA_KEY


def cuda_text(spec: "HostSpec", keyring: str = key.CUDA_KEY) -> str:
    """A flat repository: its suite is a path with a slash at its end, and it has no components (sources.list(5))."""
    return (
        f"{HEADER}Types: deb\nURIs: {key.cuda_url(spec)}/\nSuites: /\n"
        f"Architectures: {key.DEBIAN_ARCH[spec.arch]}\nSigned-By: {keyring}\n"
    )


def ubuntu_text(spec: "HostSpec", mirror: RepositoryMirror) -> str:
    """The release and its updates, which security updates are copied to; drivers are in main and restricted
    (https://wiki.ubuntu.com/StableReleaseUpdates).
    """
    release = compat.release(spec.ubuntu)
    codename = release.codename if release is not None else ""
    signed = f"Signed-By: {key.UBUNTU_KEY if mirror.keys else '/usr/share/keyrings/ubuntu-archive-keyring.gpg'}\n"
    return (
        f"{HEADER}Types: deb\nURIs: {key.address(mirror.url, spec)}/\nSuites: {codename} {codename}-updates\n"
        f"Components: main restricted\n{signed}"
    )


def proxy_text(proxy: ProxySpec) -> str:
    """apt.conf(5), Acquire: a proxy per scheme, DIRECT for hosts that are reached without it."""
    lines = []
    for scheme, url in (("http", proxy.http), ("https", proxy.https)):
        if url is not None:
            lines.append(f'Acquire::{scheme}::Proxy "{url}";')
            lines += [f'Acquire::{scheme}::Proxy::{host.lstrip(".")} "DIRECT";' for host in proxy.no_proxy]
    return "\n".join([HEADER.rstrip("\n").replace("#", "//", 1), *lines]) + "\n"


UNATTENDED_TEXT = "\n".join(
    [
        HEADER.rstrip("\n").replace("#", "//", 1),
        "Unattended-Upgrade::Package-Blacklist {",
        *(f'    "{pattern}";' for pattern in EXCLUDED),
        "};",
        "",
    ]
)
