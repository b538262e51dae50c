"""Real hosts on this machine: booted systemd, sshd, apt and dpkg, for tests, demo and benchmarks."""
