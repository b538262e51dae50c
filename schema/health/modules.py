"""The driver's kernel modules: whether DKMS has built them, and whether the kernel would load them."""

import re
import shlex
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.kernel import trusts_own_key

if TYPE_CHECKING:
    from schema.driver import DkmsModule, Module
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# What the kernel says when it refuses a module (kernel/module/signing.c, security/lockdown).
REFUSED = (
    r"Loading of .*module.* is rejected|Lockdown: .*unsigned module loading|[Kk]ey was rejected|PKCS#7 signature not"
)
MOK = "/var/lib/shim-signed/mok/MOK.der"
ENROL = f"sudo mokutil --import {MOK}, reboot, and choose Enroll MOK at the console"
SIGNED = "or driver: {source: ubuntu, delivery: prebuilt}, whose modules Canonical signs"


def built(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What DKMS has not built, or not put into place, for the kernel that boots next, of the installed version."""
    state, kernel = snapshot.driver, snapshot.kernel.next_boot or snapshot.kernel.running
    if spec.managed_driver is None or not kernel:
        return []
    found = []
    for item in state.dkms:
        module = state.module_for(kernel)
        there = module is not None and module.version == item.version
        if item.version in _current(snapshot) and not there:
            found += _failed(item, kernel) or _unbuilt(item, kernel, snapshot)
    return found


def _current(snapshot: "Snapshot") -> set[str]:
    """Versions that are installed: those of the packages that DKMS builds for, else of the libraries."""
    packages = origin.driver_packages(snapshot)
    built = {item.version.rpartition("-")[0] for name, item in packages.items() if name.startswith("nvidia-dkms")}
    return {version.split(":")[-1] for version in built} or set(snapshot.driver.libraries)


def _failed(item: "DkmsModule", kernel: str) -> list[Finding]:
    named = re.search(r"for kernel (\S+)", item.failure[0]) if item.failure else None
    # A log that an earlier kernel's build left says nothing about this one.
    if not item.failure or (named is not None and named[1] != kernel):
        return []
    message = f"DKMS could not build driver {item.version}: {_cause(item.failure)}"
    lines = [f"{item.log}:", *item.failure]
    hint = (
        f"mend what the log names, then: sudo dkms build -m {shlex.quote(f'{item.name}/{item.version}')} "
        f"-k {shlex.quote(kernel)} && sudo dpkg --configure -a; a newer kernel may need a newer driver"
    )
    return [finding("GPU201", "error", message, lines, hint)]


def _cause(lines: tuple[str, ...]) -> str:
    """The line of a compiler's or make's that tells most: the first error, not make's last words about it."""
    telling = [line for line in lines if "error" in line.lower() and "***" not in line]
    return (telling or list(lines))[0].strip()[:160]


def _unbuilt(item: "DkmsModule", kernel: str, snapshot: "Snapshot") -> list[Finding]:
    name = f"{item.name}/{item.version}"
    word = "broken" if item.broken else "built" if kernel in item.built else "added"
    message = f"DKMS has the driver's module for {kernel} {word} and not installed"
    if item.broken:
        message = f"DKMS cannot build the driver for {kernel}: its sources are gone"
    lines = [f"/var/lib/dkms/{name}: {word}", *(f"{name}, {one}: installed" for one in item.installed[-3:])]
    if item.broken:
        packages = [one for one in origin.driver_packages(snapshot) if one.startswith("nvidia-dkms")]
        hint = f"put them back: sudo apt install --reinstall {shlex.join(packages) or 'nvidia-dkms-BRANCH'}"
    else:
        step = "install" if word == "built" else "build"
        quoted = f"-m {shlex.quote(name)} -k {shlex.quote(kernel)}"
        hint = (
            f"sudo dkms install {quoted}" if step == "install" else f"sudo dkms install {quoted}, which builds it first"
        )
    return [finding("GPU202", "error", message, lines, hint)]


def signed(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A module on disk that the kernel has refused, or would: not signed, or by a key that nobody enrolled."""
    state, kernel = snapshot.driver, snapshot.kernel
    module = state.module_for(kernel.next_boot) or state.module_for(kernel.running)
    if spec.managed_driver is None or module is None or not kernel.signed_only:
        return []
    if state.loaded_version == module.version and module.kernel == kernel.running:
        return []
    said = snapshot.log.matching(REFUSED) if state.loaded_version is None else ()
    why = _untrusted(module, kernel.trusted) or ("the kernel has refused it" if said else "")
    if not why:
        return []
    message = f"Secure Boot keeps driver {module.version} from loading: {why}"
    signer = module.signer or "none"
    lines = [f"module for {module.kernel}: signer {signer}", f"signatures are asked for: {kernel.signed_only}"]
    lines += [f"enrolled: {', '.join(kernel.trusted)}"] if kernel.trusted else []
    lines += [snapshot.log.line(entry) for entry in said[-3:]]
    first = (
        ENROL if module.signer or kernel.mok else "sudo update-secureboot-policy --new-key, then build the module again"
    )
    return [finding("GPU207", "error", message, lines, f"{first}; {SIGNED}")]


def _untrusted(module: "Module", trusted: tuple[str, ...] | None) -> str:
    """Why a signature is not accepted, "" where it is, or where the keys were not seen."""
    if module.signer is None:
        return "its module is not signed"
    known = module.signer.startswith("Canonical Ltd.") or trusted is None
    if known or any(module.signer in key for key in trusted or ()):
        return ""
    return f"it is signed by {module.signer}, and that key is not enrolled"


def unsigned(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What an install would meet on a host whose driver is not ours to install, and is not there yet."""
    managed, state = spec.managed_driver, snapshot.driver
    if managed is None or managed.source != "external" or not snapshot.kernel.signed_only:
        return []
    if state.modules or state.libraries or state.loaded_version or trusts_own_key(snapshot.kernel):
        return []
    message = "Secure Boot is on: a driver whose modules are built on the host would not load"
    lines = [f"signatures are asked for: {snapshot.kernel.signed_only}", "no key of the host's own is enrolled"]
    hint = "install modules that Canonical signed: sudo apt install linux-modules-nvidia-BRANCH-FLAVOUR; or enrol a key"
    return [finding("GPU228", "warning", message, lines, hint)]
