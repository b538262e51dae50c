"""Puts the stand-in for the kernel's loading of GPU modules into the root of a lab host."""

from pathlib import Path

from lab import payload

UNIT = "gpufleet-lab-gpu.service"
HOME = Path("usr/lib/gpufleet-lab")


def install(root: Path) -> None:
    """Lay down the script, its table of boards and its unit, which act at each boot, and the stand-in for dmesg.

    At boot it reads the PCI devices under /sys, /var/lib/gpufleet-lab/gpus.json where that describes them, the modules
    on disk, modprobe's blacklists and the Secure Boot variable, and then shows /proc/driver/nvidia and
    /sys/module/nvidia, or nouveau.
    """
    home = root / HOME
    home.mkdir(parents=True, exist_ok=True)
    script = home / "load-gpu-modules"
    script.write_text(payload.rendered("load-gpu-modules"))
    script.chmod(0o755)
    dmesg = root / "usr/local/bin/dmesg"
    dmesg.write_text(payload.rendered("dmesg"))
    dmesg.chmod(0o755)
    (home / "boards.tsv").write_text(payload.rendered("boards.tsv"))
    units = root / payload.UNITS
    wants = root / "etc/systemd/system/sysinit.target.wants"
    units.mkdir(parents=True, exist_ok=True)
    wants.mkdir(parents=True, exist_ok=True)
    (units / UNIT).write_text(payload.rendered(UNIT))
    link = wants / UNIT
    link.unlink(missing_ok=True)
    link.symlink_to(f"/{payload.UNITS}/{UNIT}")
