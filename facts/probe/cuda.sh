set --
for folder in /usr/local/cuda-[0-9]*.[0-9]*; do
    [ -d "$folder" ] && [ ! -L "$folder" ] || continue
    printf 'toolkit %s\n' "$folder"
    for file in "$folder/version.json" "$folder/version.txt"; do
        # The toolkit's own version stands in the first lines, before those of its parts.
        count=0
        while [ $count -lt 6 ] && read -r line; do
            count=$((count + 1))
            printf 'text %s\n' "$line"
        done <"$file"
    done
    set -- "$@" -e "$folder/bin/nvcc" -e "$folder/version.json" -e "$folder/version.txt"
done
end cuda/toolkits 0
# The file lists that dpkg keeps, read directly: dpkg-query -S would read those of all packages.
lists=''
for file in /var/lib/dpkg/info/cuda*.list; do [ ! -e "$file" ] || lists=found; done
if [ $# -gt 0 ] && [ -n "$lists" ]; then
    grep -aHsxF "$@" /var/lib/dpkg/info/cuda*.list
    rc=$?
    [ $rc -ne 1 ] || rc=0
    end cuda/owners "$rc"
else
    end cuda/owners 0
fi
if cd -P /usr/local/cuda; then
    printf 'default %s\n' "$PWD"
elif [ -L /usr/local/cuda ]; then
    printf 'dangling %s\n' "$(readlink /usr/local/cuda)"
fi
cd /
# The first line of update-alternatives' own record is "auto" or "manual" (update-alternatives(1), FILES).
read -r line </var/lib/dpkg/alternatives/cuda && printf 'alternative %s\n' "$line"
end cuda/default 0
