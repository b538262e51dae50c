read -r release </proc/sys/kernel/osrelease
printf 'running %s\n' "$release"
for folder in /lib/modules/*; do
    [ -d "$folder" ] || continue
    kind=''
    [ ! -e "$folder/kernel" ] && [ ! -e "$folder/modules.dep" ] || kind=modules
    [ ! -e "$folder/build/Makefile" ] || kind="$kind headers"
    printf 'kernel %s %s\n' "${folder##*/}" "$kind"
done
for image in /boot/vmlinuz-*; do [ ! -e "$image" ] || printf 'image %s\n' "${image#/boot/vmlinuz-}"; done
[ ! -d /sys/module/nouveau ] || printf 'nouveau loaded\n'
read -r line </proc/cmdline
for word in $line; do case $word in *nouveau*) printf 'cmdline %s\n' "$word" ;; esac; done
read -r line </sys/kernel/security/lockdown && printf 'lockdown %s\n' "$line"
if [ -r /boot ]; then end kernel/releases 0; else end kernel/releases denied; fi

# The variable's fifth byte is its value (Linux, Documentation/filesystems/efivarfs.rst: four bytes of attributes).
secure=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
if [ ! -d /sys/firmware/efi ]; then
    end kernel/secure-boot absent
elif [ -r "$secure" ]; then
    od -An -tu1 "$secure"
    end kernel/secure-boot $?
else
    end kernel/secure-boot denied
fi
texts kernel/modprobe '-enouveau' /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/local/lib/modprobe.d/*.conf \
    /lib/modprobe.d/*.conf
