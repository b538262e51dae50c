"""The kernel: what runs, what boots next, headers, Secure Boot, and nouveau."""

import re
from typing import Literal

from facts import probe, text
from facts.fact import FactBase
from schema.kernel import KernelState

# modprobe.d(5): `blacklist` ignores the module's aliases; `install` and `alias` are the older ways to the same end.
BLACKLIST = re.compile(r"\s*(blacklist\s+nouveau\s*$|install\s+nouveau\s+\S*/(true|false)|alias\s+nouveau\s+off)")


class Kernel(FactBase[KernelState]):
    """The kernel.

    `{"running": "6.8.0-51-generic", "next_boot": "6.8.0-52-generic", "installed": ["6.8.0-51-generic",
    "6.8.0-52-generic"], "headers": ["6.8.0-51-generic"], "secure_boot": false, "lockdown": "none", "nouveau_loaded":
    false, "nouveau_blacklisted": true}`; `next_boot` is the newest with an image in /boot (GRUB's default; a saved
    menu entry is not looked at), null without one; `secure_boot` is null on machines without EFI.
    """

    def command(self) -> str:
        return probe.script(("kernel",))

    def process(self, output: list[str]) -> KernelState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> KernelState:
    """The kernel of one run of the probe; `running` is empty where even that was not seen."""
    words = found.words("kernel/releases")
    running = found.value("kernel/releases", "running") or ""
    kernels = [rest.split() for word, rest in words if word == "kernel" and rest.strip()]
    images = text.in_version_order(rest for word, rest in words if word == "image")
    return KernelState(
        running=running,
        next_boot=images[-1] if images else None,
        installed=text.in_version_order(k[0] for k in kernels if "modules" in k[1:] or k[0] == running),
        headers=text.in_version_order(k[0] for k in kernels if "headers" in k[1:]),
        secure_boot=_secure_boot(found),
        lockdown=_lockdown(found.value("kernel/releases", "lockdown")),
        nouveau_loaded=any(word == "nouveau" for word, _ in words),
        nouveau_blacklisted=_blacklisted(found),
    )


def _secure_boot(found: probe.Sections) -> bool | None:
    values = " ".join(found.of("kernel/secure-boot")).split()
    return values[-1] == "1" if values else None


def _lockdown(line: str | None) -> Literal["none", "integrity", "confidentiality"] | None:
    """ "none [integrity] confidentiality": the one in brackets is in force (kernel_lockdown(7))."""
    for level in ("none", "integrity", "confidentiality"):
        if f"[{level}]" in (line or ""):
            return level
    return None


def _blacklisted(found: probe.Sections) -> bool:
    lines = "\n".join(probe.texts(found, "kernel/modprobe").files.values()).splitlines()
    words = [rest for word, rest in found.words("kernel/releases") if word == "cmdline"]
    listed = [word for word in words if "blacklist=" in word and "nouveau" in re.split("[=,]", word)]
    return bool(listed) or any(BLACKLIST.match(line) for line in lines)
