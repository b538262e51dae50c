# The last section, because df(1) waits for a network file system that has gone away. A folder that is not there yet
# will be made on the file system of its nearest parent.
target=$prefix
while [ -n "$target" ] && [ ! -d "$target" ]; do target=${target%/*}; done
limit 5 df -Pk / /boot /usr /usr/local /var /tmp "${target:-/}"
rc=$?
# df(1) says 1 when one of the folders is missing, and lists the others.
[ $rc -ne 1 ] || rc=0
end host/disks "$rc"
