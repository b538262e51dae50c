#!/bin/sh
# From nothing to the main job: two bare hosts become confirmed GPU hosts, and a second run has nothing to do.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n$ %s\n' "$*"; }
step() { say "$@"; "$@"; }

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
    echo "make demo boots real hosts on this machine: it needs Linux and root. Type: sudo make demo" >&2
    echo "Without root: make install, then .venv/bin/fleet init my-fleet" >&2
    exit 1
fi

python3 -m lab.tools --install "$@"
make --no-print-directory install
PATH="$PWD/.venv/bin:$PATH"
export PATH

step fleet lab up
say fleet plan inventory
fleet plan inventory || [ $? -eq 2 ]   # 2: there are changes, as there should be on bare hosts.
step pyinfra inventory deploys/gpu.py -y
echo
echo "The same command again has nothing to do:"
step pyinfra inventory deploys/gpu.py -y
step fleet drift inventory
echo
echo "next: break something (fleet lab status shows how to log in), then: .venv/bin/fleet drift"
echo "      when done: .venv/bin/fleet lab down"
