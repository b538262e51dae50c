"""What a careful person would write with stock pyinfra facts: the same knowledge, one round trip for each question."""

from pyinfra.context import host
from pyinfra.facts import apt, deb, files, hardware, server, systemd

FACTS = (
    server.Hostname,
    server.Kernel,
    server.Arch,
    server.LinuxDistribution,
    server.Uptime,
    server.KernelModules,
    server.Mounts,
    server.Sysctl,
    server.Groups,
    server.Locales,
    server.RebootRequired,
    server.Which,
    hardware.Cpus,
    hardware.Memory,
    hardware.BlockDevices,
    deb.DebPackages,
    deb.DebArch,
    apt.AptSources,
    apt.AptKeys,
    systemd.SystemdStatus,
    systemd.SystemdEnabled,
)
PATHS = (
    "/proc/driver/nvidia/version",
    "/usr/local/cuda/version.json",
    "/etc/apt/preferences.d/gpufleet",
    "/etc/modprobe.d/gpufleet-nouveau.conf",
    "/opt/conda/conda-meta/history",
    "/var/lib/gpufleet/applied.json",
    "/run/reboot-required",
)

for fact in FACTS:
    if fact is server.Which:
        host.get_fact(fact, command="nvidia-smi")
    else:
        host.get_fact(fact)
for path in PATHS:
    host.get_fact(files.File, path=path)
host.get_fact(server.Command, command="nvidia-smi -q -x || true")
host.get_fact(files.FindFiles, path="/opt/conda/envs", maxdepth=1)
