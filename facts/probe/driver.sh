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

# DKMS's own tree, which `dkms status` reads with some fifty processes (dkms(8), "DKMS tree"): a version has a folder, a
# build one for kernel and architecture in it, what is in use a link beside the versions.
status=0
for folder in /var/lib/dkms/nvidia*/[0-9]*; do
    [ -d "$folder" ] || continue
    name=${folder%/*}
    printf 'version %s %s\n' "${name##*/}" "${folder##*/}"
    [ -e "$folder/source" ] || printf 'broken %s\n' "$folder/source"
    for file in "$folder"/*/*/module; do [ ! -d "$file" ] || printf 'built %s\n' "${file#"$folder"/}"; done
    for file in "$name"/kernel-*; do
        if cd -P "$file"; then printf 'installed %s\n' "${PWD#"$name"/}"; fi
    done
    cd /
    # A build that ends well removes its working folder.
    file=$folder/build/make.log
    if [ ! -f "$file" ]; then
        continue
    elif [ -r "$file" ]; then
        printf 'log %s\n' "$file"
        grep -aEm 24 'for kernel|: error|[^=]error:|\*\*\*|ERROR|compiler differs|kernel was built by|You are using' "$file" |
            cut -c1-300
    else
        status=denied
    fi
done
end driver/dkms "$status"

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
    limit 5 systemctl show -p Id,LoadState,UnitFileState,ActiveState,ActiveEnterTimestampMonotonic $units
    end driver/services $?
else
    end driver/services 0
fi

for path in /usr/bin/nvidia-uninstall /usr/bin/nvidia-installer /run/nvidia/driver/usr /run/nvidia/validations \
    /etc/dgx-release /usr/lib/wsl/lib/libcuda.so.1 /var/lib/waagent/Microsoft.HpcCompute.NvidiaGpuDriverLinux-*; do
    [ ! -e "$path" ] || printf '%s\n' "$path"
done
end driver/managers 0

# What may put another libcuda before the driver's, and the condition of the driver's hook for suspending.
texts driver/loader '-e/stubs\|/compat\|LD_LIBRARY_PATH\|^ExecCondition' /etc/ld.so.conf /etc/ld.so.conf.d/*.conf \
    /etc/environment /etc/profile.d/*.sh /lib/systemd/system/nvidia-suspend.service \
    /etc/systemd/system/nvidia-suspend.service.d/*.conf
