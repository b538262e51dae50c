read -r hostname </proc/sys/kernel/hostname
read -r boot </proc/sys/kernel/random/boot_id
read -r _ memory _ </proc/meminfo
# This file came with Linux 6.1; before it only a process can say.
read -r machine </proc/sys/kernel/arch || machine=$(uname -m)
printf 'hostname %s\nboot_id %s\nmemory_kib %s\nmachine %s\n' "$hostname" "$boot" "$memory" "$machine"
user=${LOGNAME:-$USER}
while read -r key _ uid _; do
    [ "$key" = Uid: ] || continue
    [ "$uid" != 0 ] || user=root
    break
done </proc/$$/status
printf 'user %s\n' "${user:-$uid}"
# systemd writes the kind of container it was started in; a virtual machine is told by its firmware's names.
read -r line </run/systemd/container && printf 'container %s\n' "$line"
[ ! -e /.dockerenv ] || printf 'container docker\n'
for file in sys_vendor product_name chassis_type; do
    read -r line <"/sys/class/dmi/id/$file" && printf '%s %s\n' "$file" "$line"
done
[ ! -e /run/reboot-required ] || printf 'reboot_required yes\n'
while read -r line; do
    case $line in *session-*.scope* | *user@*.service*) printf 'cgroup %s\n' "$line" ;; esac
done </proc/$$/cgroup
# logind does not learn the terminal of every SSH session; sshd names it in the title of its process: "ann@pts/0".
for session in /run/systemd/sessions/*; do
    leader=''
    [ -f "$session" ] && while read -r line; do
        case $line in LEADER=*) leader=${line#LEADER=} ;; esac
    done <"$session"
    [ -n "$leader" ] || continue
    children=''
    read -r children <"/proc/$leader/task/$leader/children"
    for process in $leader $children; do
        title=''
        read -r title <"/proc/$process/cmdline"
        case $title in sshd*@*) printf 'title %s %s\n' "${session##*/}" "$title" ;; esac
    done
done
end host/system 0
[ ! -d /var/lib/gpufleet ] || [ -x /var/lib/gpufleet ] || printf 'denied /var/lib/gpufleet/applied.json\n'
texts host/texts "$all" /etc/os-release /etc/nv_tegra_release /sys/firmware/devicetree/base/model \
    /run/reboot-required.pkgs /run/systemd/sessions/* /run/systemd/users/[0-9]* /var/lib/gpufleet/applied.json
