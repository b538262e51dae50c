"""Who holds apt's locks on a host: the evidence that apt itself gives only on a terminal."""

from deploys import remote
from deploys.step import StepError, Work

FILES = "/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock"
# proc_locks(5): the fifth field is the process, the sixth MAJOR:MINOR:INODE of the file. The device's numbers are left
# out of the comparison, because stat(1) and the kernel spell them differently on layered file systems.
HOLDERS = f"""for file in {FILES}; do
inode=$(stat -c %i "$file" 2>/dev/null) || continue
while read -r _ _ _ _ pid place _; do
[ "${{place##*:}}" = "$inode" ] && [ -r "/proc/$pid/cmdline" ] || continue
echo "$file is held by process $pid: $(tr '\\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-120)"
done </proc/locks; done"""


def holders(work: Work) -> str:
    """One line per held lock, "" when none is held any more or it cannot be told."""
    try:
        return remote.checked(work.host, HOLDERS, "see who holds apt's locks")
    except StepError:
        return ""
