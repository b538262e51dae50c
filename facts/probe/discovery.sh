# Who installed conda chose its place, so the usual ones are looked at; conda-meta/history marks a prefix (conda's docs).
for folder in /opt/* /usr/local/* /usr/share/*conda* /usr/share/*forge* /srv/* /data/* ~root/* ~root/.[a-z]* /home/*/* \
    /home/*/.[a-z]*; do
    [ -f "$folder/conda-meta/history" ] && [ -d "$folder/envs" ] || [ -x "$folder/bin/conda" ] || continue
    [ -d "$folder/conda-meta" ] && [ ! -L "$folder" ] || continue
    printf 'prefix %s\n' "$folder"
    for file in "$folder"/conda-meta/conda-[0-9]*.json "$folder"/conda-meta/python-[0-9]*.json \
        "$folder"/conda-meta/anaconda-[0-9]*.json; do
        [ ! -e "$file" ] || printf 'base %s\n' "${file##*/}"
    done
    printf 'from %s\n' "$(grep -ahsE -m1 '^\+.*::conda-[0-9]' "$folder/conda-meta/history")"
    for environment in "$folder"/envs/*; do
        [ -d "$environment/conda-meta" ] || continue
        printf 'environment %s\n' "$environment"
        if [ -f "$environment/conda-meta/history" ]; then
            printf 'history\n'
            grep -ahsE '^# [a-z]+ specs: ' "$environment/conda-meta/history"
            # "+CHANNEL/SUBDIR::NAME-VERSION-BUILD", before conda 4.5 "+CHANNEL::...".
            sed -n -e 's/^+\(.*\)\/[^/]*::.*/channel \1/p' -e 's/^+\([^/]*\)::.*/channel \1/p' \
                "$environment/conda-meta/history" | sort | uniq -c | sort -rn
        fi
        for file in "$environment"/lib/python[23].*/site-packages/*.dist-info/REQUESTED \
            "$environment"/lib/python[23].*/site-packages/*.dist-info/direct_url.json; do
            [ ! -e "$file" ] || printf 'wheel %s\n' "$file"
        done
    done
done
end discovery/prefixes 0
for file in ~root/.conda/environments.txt /home/*/.conda/environments.txt; do
    [ -r "$file" ] || continue
    while read -r line; do [ ! -d "$line/conda-meta" ] || printf '%s\n' "$line"; done <"$file"
done
end discovery/elsewhere 0
