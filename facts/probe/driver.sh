read -r line </proc/driver/nvidia/version && printf '%s\n' "$line"
read -r line </sys/module/nvidia/version && printf 'module %s\n' "$line"
end driver/loaded 0

# Only the kernel that runs and the newest that could boot: a compressed module costs its unpacking.
read -r running </proc/sys/kernel/osrelease
newest='' count=0
for image in /boot/vmlinuz-*; do newest=${image#/boot/vmlinuz-} count=$((count + 1)); done
if [ $count -gt 1 ]; then
    for image in $(ls -v /boot/vmlinuz-*); do newest=${image#/boot/vmlinuz-}; done
fi
[ "$newest" != "$running" ] || newest=''
for kernel in "$running" $newest; do
    for file in "/lib/modules/$kernel"/updates/nvidia.ko* "/lib/modules/$kernel"/updates/*/nvidia.ko* \
        "/lib/modules/$kernel"/extra/nvidia.ko* "/lib/modules/$kernel"/extra/*/nvidia.ko* \
        "/lib/modules/$kernel"/kernel/nvidia*/nvidia.ko* "/lib/modules/$kernel"/kernel/drivers/video/nvidia.ko* \
        "/lib/modules/$kernel"/kernel/drivers/video/*/nvidia.ko*; do
        [ -e "$file" ] || continue
        # By name it is the module that modprobe would take; by path, the one that depmod does not know.
        printf 'kernel %s\n' "$kernel"
        { modinfo -k "$kernel" nvidia || modinfo "$file"; } | grep -aE '^(version|license|signer):'
        break
    done
done
end driver/modules 0

for file in /usr/lib/*-linux-gnu/libcuda.so.[0-9]*.* /usr/lib/*-linux-gnu/libnvidia-ml.so.[0-9]*.* \
    /usr/lib64/libcuda.so.[0-9]*.* /usr/lib/wsl/lib/libcuda.so*; do
    [ ! -e "$file" ] || printf '%s\n' "$file"
done
end driver/libraries 0

units=''
for unit in nvidia-persistenced.service nvidia-fabricmanager.service nvidia-imex.service; do
    for folder in /lib/systemd/system /usr/lib/systemd/system /etc/systemd/system; do
        [ ! -e "$folder/$unit" ] || units="$units $unit"
    done
done
if [ -n "$units" ]; then
    limit 5 systemctl show -p Id,LoadState,UnitFileState,ActiveState $units
    end driver/services $?
else
    end driver/services 0
fi

for path in /usr/bin/nvidia-uninstall /usr/bin/nvidia-installer /run/nvidia/driver/usr /run/nvidia/validations \
    /etc/dgx-release /usr/lib/wsl/lib/libcuda.so.1 /var/lib/waagent/Microsoft.HpcCompute.NvidiaGpuDriverLinux-*; do
    [ ! -e "$path" ] || printf '%s\n' "$path"
done
end driver/managers 0
