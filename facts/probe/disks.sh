# The last section, because df(1) waits for a network file system that has gone away. A folder that is not there yet
# will be made on the file system of its nearest parent.
target=$prefix
while [ -n "$target" ] && [ ! -d "$target" ]; do target=${target%/*}; done
set --
for folder in / /boot /usr /usr/local /var /tmp "${target:-/}"; do
    [ ! -d "$folder" ] || set -- "$@" "$folder"
done
limit 5 df -k --output=size,avail,itotal,iavail,target "$@"
rc=$?
if [ $rc -eq 1 ]; then
    # Not GNU's df: without the inodes then.
    limit 5 df -Pk "$@"
    rc=$?
fi
end host/disks "$rc"
