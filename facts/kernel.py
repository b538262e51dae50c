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
    false, "nouveau_blacklisted": true, "nouveau_file": true, "blacklist_later": [], "enforced": false, "trusted": null,
    "mok": false, "boot_files": {"/boot/vmlinuz-6.8.0-51-generic": 14952840}}`; `next_boot` is the newest with an image
    in /boot (GRUB's default; a saved menu entry is not looked at), null without one; `secure_boot` is null on machines
    without EFI.
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
    boots = images[-1] if images else None
    return KernelState(
        running=running,
        next_boot=boots,
        installed=text.in_version_order(k[0] for k in kernels if "modules" in k[1:] or k[0] == running),
        headers=text.in_version_order(k[0] for k in kernels if "headers" in k[1:]),
        secure_boot=_secure_boot(found),
        lockdown=_lockdown(found.value("kernel/releases", "lockdown")),
        nouveau_loaded=any(word == "nouveau" for word, _ in words),
        nouveau_blacklisted=_blacklisted(found),
        nouveau_file=any(word == "nouveau-file" and rest == boots for word, rest in words),
        blacklist_later=_later(found, boots),
        enforced=found.value("kernel/releases", "enforced") == "Y",
        trusted=_trusted(found),
        mok=found.value("kernel/keyring", "mok") is not None,
        boot_files=_boot_files(found),
    )


def _later(found: probe.Sections, boots: str | None) -> tuple[str, ...]:
    """Files with nouveau's blacklist that are newer than the boot image of the next kernel."""
    later = [rest.split(" ", 1) for word, rest in found.words("kernel/releases") if word == "later"]
    newer = {words[1] for words in later if len(words) == 2 and words[0] == boots}
    files = probe.texts(found, "kernel/modprobe").files
    return tuple(path for path in sorted(newer & files.keys()) if any(map(BLACKLIST.match, files[path].splitlines())))


def _trusted(found: probe.Sections) -> tuple[str, ...] | None:
    """ "Canonical Ltd. Kernel Module Signing: 88f752e5...: X509.rsa 3dd0f24a []" by its name; None where unseen."""
    if found.status.get("kernel/keyring") != "0":
        return None
    names = (rest for word, rest in found.words("kernel/keyring") if word == "key")
    return tuple(dict.fromkeys(name.rsplit(": X509.", 1)[0].rsplit(": ", 1)[0] for name in names))


def _boot_files(found: probe.Sections) -> dict[str, int]:
    """Sizes of kernels and initial RAM disks, from the files that stat(1) was asked about."""
    lines = (line.split(" ", 3) for line in found.of("repository/modes"))
    sizes = {words[3]: text.number(words[2]) for words in lines if len(words) == 4 and words[3].startswith("/boot/")}
    return {path: size for path, size in sizes.items() if size is not None}


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
