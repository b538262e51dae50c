"""The EFI variables of a host: a folder of this machine, bound over /sys/firmware."""

from pathlib import Path

# EFI_GLOBAL_VARIABLE (UEFI Specification 2.10, 3.3).
SECURE_BOOT = "efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def fill(folder: Path, secure_boot: bool) -> None:
    """Make a folder shaped like /sys/firmware of a UEFI machine, with Secure Boot on or off.

    A variable is four bytes of attributes (6: boot service and runtime access), then its value
    (Documentation/filesystems/efivarfs.rst).
    """
    variable = folder / SECURE_BOOT
    variable.parent.mkdir(parents=True, exist_ok=True)
    variable.write_bytes(bytes([6, 0, 0, 0, int(secure_boot)]))
