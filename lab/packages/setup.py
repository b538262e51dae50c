"""cuda-keyring, which sets up apt, and which a careful tool does not install: it can write what that contains."""

from lab import deb
from lab.packages import family

KEYRING = "usr/share/keyrings/cuda-archive-keyring.gpg"
SITE = "https://developer.download.nvidia.com/compute/cuda/repos"


def packages(distro: str, key: bytes) -> list[deb.Package]:
    """cuda-keyring with the repository's binary key; source line and pin are NVIDIA's."""
    source = f"deb [signed-by=/{KEYRING}] {SITE}/{distro}/x86_64/ /\n"
    pin = "Package: nsight-compute\nPin: origin *ubuntu.com*\nPin-Priority: -1\n\n"
    pin += "Package: nsight-systems\nPin: origin *ubuntu.com*\nPin-Priority: -1\n\n"
    pin += "Package: *\nPin: release l=NVIDIA CUDA\nPin-Priority: 600\n"
    entries = {
        KEYRING: deb.Entry(data=key),
        f"etc/apt/sources.list.d/cuda-{distro}-x86_64.list": deb.text(source),
        "etc/apt/preferences.d/cuda-repository-pin-600": deb.text(pin),
    }
    conffiles = tuple(path for path in entries if path.startswith("etc/"))
    return [
        deb.Package(
            name="cuda-keyring",
            version="1.1-1",
            architecture="all",
            maintainer=family.NVIDIA,
            section="base",
            summary="GPG keyring for the CUDA repository",
            entries=entries,
            conffiles=conffiles,
        )
    ]
