for folder in /sys/bus/pci/devices/*; do
    class='' vendor='' device='' width='' limit_width='' power='' driver=''
    read -r class <"$folder/class" || continue
    read -r vendor <"$folder/vendor"
    # Display controllers of any vendor, and NVIDIA's NVSwitches (class 0680, other bridges).
    case $class$vendor in 0x03* | 0x0680*0x10de) ;; *) continue ;; esac
    read -r device <"$folder/device"
    # Reading the link of a suspended device would wake it.
    read -r power <"$folder/power/runtime_status"
    if [ "$power" != suspended ]; then
        read -r width <"$folder/current_link_width"
        read -r limit_width <"$folder/max_link_width"
    fi
    if cd -P "$folder/driver"; then
        driver=${PWD##*/}
    elif [ -L "$folder/driver" ]; then
        driver=$(readlink "$folder/driver")
        driver=${driver##*/}
    fi
    cd /
    printf '%s %s %s %s %s %s %s\n' "${folder##*/}" "$vendor" "$device" "$class" "${driver:--}" "${width:--}" "${limit_width:--}"
done
if [ -d /sys/bus/pci/devices ]; then end gpu/devices 0; else end gpu/devices absent; fi

smi=''
if ! command -v nvidia-smi >/dev/null; then
    status=absent
elif [ ! -e /proc/driver/nvidia/version ]; then
    # Without its module nvidia-smi would load it, through nvidia-modprobe(1); the probe changes nothing.
    status=unloaded
else
    # The relay sed is the only holder of our pipe, so an nvidia-smi that no signal can end cannot hold the probe. It
    # leaves out what nobody asks and what is most of the text: the clocks of one H100 alone fill 500 lines; and what
    # says that there is nothing to say. No real answer is as long as what head and sed's last command let through: an
    # endless one would fill this host's memory.
    skip='((supported|max|applications|default_applications|deferred|max_customer_boost)_)?clocks'
    skip="$skip|clocks_event_reasons_counters|temperature|supported_gpu_target_temp|(gpu_memory|module)_power_readings"
    skip="$skip|voltage|utilization|encoder_stats|fbc_stats|inforom_[a-z_]*|platformInfo|bar1_memory_usage|cc_protected_memory_usage"
    skip="$skip|accounted_processes|driver_model|gpu_operation_mode|aggregate_uncorrectable_sram_sources"
    smi=$(limit 15 sh -c '{ nvidia-smi -q -x; echo "@exit $?"; } | head -c 3000000 | sed -E "$1"' sh \
        "s/^[ \t]+//;/^<($skip)>[^<]*\$/,/^<\/($skip)>/d;/^<[^<>]*>(N\/A|Not Active)<[^<]*\$/d;100000q")
    status=$?
fi
printf '%s' "$smi"
end gpu/smi "$status"

# After nvidia-smi, which makes missing nodes where root runs it. The set-user-id bit is what lets CUDA make the rest.
if [ -e /proc/driver/nvidia/version ]; then
    limit 5 stat -c 'node %a %U %G %n' /dev/nvidia* /dev/nvidia-caps/* /usr/bin/nvidia-modprobe /usr/sbin/nvidia-modprobe
    [ ! -d /sys/module/nvidia_uvm ] || printf 'module nvidia_uvm\n'
    [ ! -e /dev/char/195:255 ] || printf 'link /dev/char/195:255\n'
    while read -r key value; do
        case $key in DeviceFileMode:) printf 'mode %s\n' "$value" ;; esac
    done </proc/driver/nvidia/params
    end gpu/nodes 0
else
    end gpu/nodes unloaded
fi

# Where nvidia-smi answers it lists the processes itself.
status=0
case $smi in
*'@exit 0') ;;
*)
    if [ -e /proc/driver/nvidia/version ]; then
        [ -r /proc/1/fd ] || status=denied
        last=''
        for fd in $(find /proc/[0-9]*/fd -maxdepth 1 -lname '/dev/nvidia*'); do
            process=${fd%/fd/*}
            [ "$process" != "$last" ] || continue
            last=$process name=''
            read -r name <"$process/comm"
            printf '%s %s\n' "${process#/proc/}" "$name"
        done
    fi
    ;;
esac
end gpu/holders "$status"
