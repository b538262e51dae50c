read -r release </proc/sys/kernel/osrelease
printf 'running %s\n' "$release"
for folder in /lib/modules/*; do
    [ -d "$folder" ] || continue
    kind=''
    [ ! -e "$folder/kernel" ] && [ ! -e "$folder/modules.dep" ] || kind=modules
    [ ! -e "$folder/build/Makefile" ] || kind="$kind headers"
    printf 'kernel %s %s\n' "${folder##*/}" "$kind"
done
for image in /boot/vmlinuz-*; do
    [ -e "$image" ] || continue
    image=${image#/boot/vmlinuz-}
    printf 'image %s\n' "$image"
    for file in "/lib/modules/$image"/kernel/drivers/gpu/drm/nouveau/nouveau.ko*; do
        [ ! -e "$file" ] || printf 'nouveau-file %s\n' "$image"
    done
    [ -e "/boot/initrd.img-$image" ] || continue
    for file in /etc/modprobe.d/*.conf; do
        [ ! "$file" -nt "/boot/initrd.img-$image" ] || printf 'later %s %s\n' "$image" "$file"
    done
done
[ ! -d /sys/module/nouveau ] || printf 'nouveau loaded\n'
read -r line </proc/cmdline
for word in $line; do case $word in *nouveau*) printf 'cmdline %s\n' "$word" ;; esac; done
signed=''
read -r line </sys/kernel/security/lockdown && printf 'lockdown %s\n' "$line"
case $line in *'[integrity]'* | *'[confidentiality]'*) signed=lockdown ;; esac
line=''
read -r line </sys/module/module/parameters/sig_enforce && printf 'enforced %s\n' "$line"
[ "$line" != Y ] || signed=enforced
if [ -r /boot ]; then end kernel/releases 0; else end kernel/releases denied; fi

# The variable's fifth byte is its value (Linux, Documentation/filesystems/efivarfs.rst: four bytes of attributes).
secure=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
if [ ! -d /sys/firmware/efi ]; then
    end kernel/secure-boot absent
elif [ -r "$secure" ]; then
    line=$(od -An -tu1 "$secure")
    rc=$?
    printf '%s\n' "$line"
    end kernel/secure-boot $rc
    case $line in *[!0-9]1) signed=firmware ;; esac
else
    end kernel/secure-boot denied
fi

# The keys whose signatures the kernel takes (keyrings(7)): root sees them all, others none.
status=absent
if [ -n "$signed" ]; then
    status=denied
    while read -r _ _ _ _ _ _ _ kind line; do
        case $kind$line in
        asymmetri*)
            printf 'key %s\n' "$line"
            status=0
            ;;
        keyring.builtin_trusted_keys*) status=0 ;;
        esac
    done </proc/keys
fi
for file in /var/lib/shim-signed/mok/MOK.der /var/lib/dkms/mok.pub; do
    [ ! -e "$file" ] || printf 'mok %s\n' "$file"
done
end kernel/keyring "$status"
texts kernel/modprobe '-enouveau' /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/local/lib/modprobe.d/*.conf \
    /lib/modprobe.d/*.conf
