read -r hostname </proc/sys/kernel/hostname
read -r boot </proc/sys/kernel/random/boot_id
read -r _ memory _ </proc/meminfo
# This file came with Linux 6.1; before it only a process can say.
read -r machine </proc/sys/kernel/arch || machine=$(limit 5 uname -m)
printf 'hostname %s\nboot_id %s\nmemory_kib %s\nmachine %s\n' "$hostname" "$boot" "$memory" "$machine"
printf 'user %s\n' "$(limit 5 id -un)"
printf 'virtualisation %s\n' "$(limit 5 systemd-detect-virt)"
[ ! -e /run/reboot-required ] || printf 'reboot_required yes\n'
while read -r line; do
    case $line in *session-*.scope* | *user@*.service*) printf 'cgroup %s\n' "$line" ;; esac
done </proc/$$/cgroup
end host/system 0
texts host/texts "$all" /etc/os-release /etc/nv_tegra_release /sys/firmware/devicetree/base/model \
    /run/reboot-required.pkgs /run/systemd/sessions/* /run/systemd/users/[0-9]* /var/lib/gpufleet/applied.json
