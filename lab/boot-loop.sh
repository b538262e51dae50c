#!/bin/sh
# The power supply of one lab host: starts it, starts it again when it asks for a reboot, ends when it powers off.
# Arguments: a Python interpreter, the folder that plays its PCI bus, its control groups with a space between them, then
# the arguments of systemd-nspawn.
# SIGTERM powers the host off.
set -u
python=$1
pci=$2
groups=$3
shift 3
stopping=
child=
trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP

while [ -z "$stopping" ]; do
    # A driver is bound to nothing after a power cycle.
    rm -f "$pci"/*/driver
    # Each boot has clocks of its own (time_namespaces(7)): systemd-nspawn alone shows this machine's uptime, and what
    # waits for a reboot by looking at /proc/uptime, as pyinfra's server.reboot does, would wait for ever.
    # The two clocks differ by the time that this machine slept, and neither may become negative.
    now="import time; print(int(time.clock_gettime(time.CLOCK_BOOTTIME)), int(time.monotonic()))"
    read -r boottime monotonic <<CLOCKS
$("$python" -S -E -c "$now")
CLOCKS
    (
        for group in $groups; do
            echo 0 >"$group/cgroup.procs"
        done
        exec unshare --time --boottime "-$boottime" --monotonic "-$monotonic" -- systemd-nspawn "$@" </dev/null
    ) &
    child=$!
    # The signal may have come before there was anything to pass it on to.
    [ -z "$stopping" ] || kill -TERM "$child" 2>/dev/null
    # A trapped signal ends `wait` early (POSIX sh, 2.11): wait until the child is really gone.
    status=0
    while kill -0 "$child" 2>/dev/null; do
        wait "$child"
        status=$?
    done
    # systemd-nspawn with --keep-unit leaves a reboot to its caller by exit status 133 (its unit file's own convention).
    [ "$status" = 133 ] || exit "$status"
    sleep 0.2
done
