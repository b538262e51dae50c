dpkg-query -W -f '${Package}\t${Version}\t${db:Status-Abbrev}\t${Architecture}\t${Maintainer}\t${Installed-Size}\n' \
    '*nvidia*' 'cuda*' '*cudnn*' 'libcub*' 'libcud*' 'libcufft*' 'libcufile*' 'libcurand*' 'libcus*' 'libcut*' \
    'libnv*' 'libnpp*' 'nvlink*' 'nsight-*' 'gds-*' 'libnccl*' 'libxnvctrl*' \
    'datacenter-gpu-manager*' 'linux-image-*' 'linux-headers-*' 'linux-modules-*' dkms unattended-upgrades
rc=$?
# dpkg-query(1): 1 says that one of the patterns matched nothing.
[ $rc -ne 1 ] || rc=0
end repository/packages "$rc"

for file in /var/lib/dpkg/updates/[0-9]*; do [ ! -e "$file" ] || printf 'interrupted %s\n' "$file"; done
# systemd-run(1) leaves a file for a transient unit as long as systemd knows it; only then is systemd worth asking.
if [ -e /run/systemd/transient/gpufleet-apt.service ]; then
    printf 'transaction %s\n' "$(limit 5 systemctl show -p ActiveState gpufleet-apt.service)"
fi
# Keyrings that apt trusts for every source (apt-key(8)), beside the release's own.
for file in /etc/apt/trusted.gpg.d/*.gpg /etc/apt/trusted.gpg.d/*.asc; do
    case $file in */ubuntu-keyring-* | */\**) ;; *) printf 'trusted %s\n' "$file" ;; esac
done
# A file of /proc is as old as the look at it: what is newer comes from the future of this clock.
for file in /var/lib/dpkg/status /var/lib/apt/lists/*InRelease; do
    [ ! "$file" -nt "/proc/$$/cmdline" ] || printf 'future %s\n' "$file"
done
[ ! -e /etc/crypto-policies/back-ends/apt-sequoia.config ] || printf 'sha1 allowed\n'
if [ -r /var/lib/dpkg/updates ]; then end repository/dpkg 0; else end repository/dpkg denied; fi

# Our own preferences come whole with the files below; they are long.
set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources /etc/apt/preferences
for file in /etc/apt/preferences.d/*; do
    case $file in *gpufleet*) ;; *) set -- "$@" "$file" ;; esac
done
texts repository/sources "$code" "$@"
# unattended-upgrades: its timer (apt.systemd.daily), whether it ever ran, and what it is told.
file=/etc/systemd/system/apt-daily-upgrade.timer
if [ -L "$file" ]; then
    printf 'timer masked\n'
elif [ -L /etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer ]; then
    printf 'timer enabled\n'
elif [ -e /lib/systemd/system/apt-daily-upgrade.timer ]; then
    printf 'timer disabled\n'
fi
[ ! -e /var/lib/apt/periodic/unattended-upgrades-stamp ] || printf 'ran yes\n'
# Its lists and how often it runs. Nothing else of these files is printed: a proxy's password may be among it.
status=0
set --
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if [ -r "$file" ] && [ -f "$file" ]; then set -- "$@" "$file"; elif [ -f "$file" ]; then status=denied; fi
done
[ $# -eq 0 ] || awk '
FNR == 1 { open = braces = 0 }
/^[ \t]*(\/\/|#[^c])/ { next }
/APT::Periodic::(Unattended-Upgrade|Enable) / { print }
/Package-Blacklist|Allowed-Origins|Origins-Pattern/ { open = 1 }
open {
    print
    bare = $0
    gsub(/"[^"]*"/, "", bare)
    if (bare ~ /[{]/) braces = 1
    if (bare ~ /[}]/ || (!braces && bare ~ /;/)) open = braces = 0
}' "$@" || status=$?
end repository/exclusions "$status"

rings='/usr/share/keyrings/*gpufleet* /usr/share/keyrings/*cuda* /usr/share/keyrings/*nvidia* /etc/apt/trusted.gpg
/etc/apt/keyrings/*gpufleet* /etc/apt/keyrings/*cuda* /etc/apt/keyrings/*nvidia* /etc/apt/trusted.gpg.d/*cuda*
/etc/apt/trusted.gpg.d/*nvidia* /etc/apt/trusted.gpg.d/*7fa2af80*'
set -- $rings
status=0
for file; do
    [ -f "$file" ] || continue
    if [ -r "$file" ]; then
        printf 'key %s\n' "$file"
        base64 -w 0 -- "$file"
        printf '\n'
    else
        status=denied
    fi
done
end repository/keys "$status"

# Last, for conda's prefix may lie on a file system of another machine.
set -- /etc/apt/*/*gpufleet* /etc/modprobe.d/*gpufleet* /etc/systemd/system/*.d/*gpufleet*.conf \
    /etc/profile.d/*gpufleet* /etc/environment.d/*gpufleet* \
    /etc/sudoers.d/*gpufleet* /etc/sysctl.d/*gpufleet* /etc/udev/rules.d/*gpufleet* /etc/conda/*gpufleet* \
    /usr/share/keyrings/*gpufleet* /etc/apt/keyrings/*gpufleet* /usr/local/share/ca-certificates/*gpufleet* \
    "$prefix/.condarc" "$prefix"/etc/*gpufleet*
for file; do
    shift
    [ ! -f "$file" ] || set -- "$@" "$file"
done
texts repository/files "$all" "$@"
# And who may read the keys, and what the boot images take.
for file in $rings /boot/vmlinuz-* /boot/initrd.img-*; do
    [ ! -f "$file" ] || set -- "$@" "$file"
done
if [ $# -gt 0 ]; then limit 5 stat -c '%a %U %s %n' -- "$@"; fi
end repository/modes $?
