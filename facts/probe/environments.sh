# Names of files alone tell each package: conda never starts, and none of its records is opened.
status=0
for folder in "$prefix"/envs/*/conda-meta; do
    [ -d "$folder" ] || continue
    printf '%s\n' "${folder%/conda-meta}"
    if cd "$folder"; then printf '%s\n' *.json; else status=denied; fi
done
cd /
end environments/packages "$status"

set -- "$prefix"/envs/*/lib/python[23].*/site-packages/*.dist-info/INSTALLER
status=0
if [ -e "$1" ]; then
    limit 10 grep -LsE '^(conda|conda-[a-z]+)$' -- "$@"
    status=$?
    # grep -L answered 0 or 1 before and after version 3.5, in either sense.
    [ $status -ne 1 ] || status=0
fi
end environments/pip "$status"
texts environments/kernels '-oe"[^"]*/bin/python[0-9.]*"' /usr/local/share/jupyter/kernels/*/kernel.json \
    /usr/share/jupyter/kernels/*/kernel.json
