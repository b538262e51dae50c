#!/bin/sh
# The power supply of one lab host: starts it, starts it again when it asks for a reboot, ends when it powers off.
# Arguments: the folder that plays its PCI bus, then those of systemd-nspawn.
# SIGTERM powers the host off.
set -u
pci=$1
shift
stopping=
child=
trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP

while [ -z "$stopping" ]; do
    # A driver is bound to nothing after a power cycle.
    rm -f "$pci"/*/driver
    # Each boot has clocks of its own (time_namespaces(7)): systemd-nspawn alone shows this machine's uptime, and what
    # waits for a reboot by looking at /proc/uptime, as pyinfra's server.reboot does, would wait for ever.
    up=$(cut -d. -f1 /proc/uptime)
    unshare --time --boottime "-$up" --monotonic "-$up" -- systemd-nspawn "$@" </dev/null &
    child=$!
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
