if [ ! -d "$prefix" ]; then
    end conda/prefix absent
elif [ ! -r "$prefix" ] || [ ! -x "$prefix" ]; then
    end conda/prefix denied
else
    limit 5 stat -c 'owner %a %U %n' -- "$prefix" "$prefix"/envs/*/conda-meta
    for file in "$prefix"/conda-meta/conda-[0-9]*.json; do [ ! -e "$file" ] || printf 'conda %s\n' "${file##*/}"; done
    read -r line <"$prefix/.gpufleet" && printf 'installer %s\n' "$line"
    end conda/prefix 0
fi
