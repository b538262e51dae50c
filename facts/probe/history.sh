# stat(1) says the zone of each time, so that the host's rules for summer time need no copy here; the link names them.
read -r uptime _ </proc/uptime && printf 'uptime %s\n' "$uptime"
# proc_pid_stat(5): after the name, which may hold anything, the 20th word is the start in hundredths of a second.
read -r line </proc/1/stat && printf 'first %s\n' "${line##*) }"
stat -c 'at %z %N' /proc/self/stat /etc/localtime
end history/clock 0

# Oldest first, so that the newest is what a limit keeps; "-20261101" are names of logrotate's dateext.
status=absent
set --
for log in /var/log/apt/history.log /var/log/dpkg.log; do
    for file in "$log"-[0-9]*; do [ ! -r "$file" ] || set -- "$@" "$file"; done
    for number in 12 11 10 9 8 7 6 5 4 3 2 1; do
        for file in "$log.$number.gz" "$log.$number"; do [ ! -r "$file" ] || set -- "$@" "$file"; done
    done
    if [ -r "$log" ]; then
        set -- "$@" "$log"
    elif [ -e "$log" ] || { [ -d "${log%/*}" ] && [ ! -x "${log%/*}" ]; }; then
        status=denied
    fi
done
if [ $# -gt 0 ]; then
    [ "$status" = denied ] || status=0
    # With -f, gzip(1) hands on what is not compressed. grep leaves awk little to do: of dpkg's log one line in ten.
    ours='[^ ]*(nvidia|cuda|cudnn)|lib(cu(b|d|f|rand|s|t)|nv|npp|nccl|xnvctrl)|nvlink|nsight|gds-|datacenter-gpu|dkms'
    ours="$ours|linux-(image|headers|modules|objects|signatures)-"
    { limit 5 gzip -cdf -- "$@"; echo "@gzip $?"; } |
        grep -aE "^@|^(Start-Date|End-Date|Commandline|Requested-By|Error):|^[A-Z][a-z]+: .*($ours)|^[0-9: -]+ (install|upgrade|remove|purge) ($ours)" |
        awk -F '\t' -v ours="^($ours)" '
        # The packages of ours in a line "Upgrade: a:amd64 (1, 2), b:amd64 (3, 4)".
        function chosen(text, place, count, part, kept, i) {
            place = index(text, ": ")
            count = split(substr(text, place + 2), part, /\), /)
            for (i = 1; i <= count && length(kept) < 16000; i++)
                if (part[i] ~ ours) {
                    sub(/\)$/, "", part[i])
                    kept = kept (kept == "" ? "" : ", ") part[i] ")"
                    sub(/:.*/, "", part[i])
                    last[part[i]] = begun
                }
            return kept == "" ? "" : substr(text, 1, place + 1) kept "\n"
        }
        function keep() {
            if (moved != "") held[++many % 300] = head moved
            head = moved = ""
        }
        /^Start-Date/ {
            keep()
            begun = $0; sub(/^Start-Date: */, "", begun); sub(/  */, " ", begun)
            if (oldest == "") oldest = begun
            head = $0 "\n"; next
        }
        /^(End-Date|Commandline|Requested-By|Error)/ {
            if (head == "") next
            head = head substr($0, 1, 400) "\n"
            if (/^End-Date/) { sub(/^End-Date: */, ""); sub(/  */, " "); ended[begun] = $0; keep() }
            next
        }
        /^[A-Z]/ { if (head != "") moved = moved chosen($0); next }
        /^[0-9]/ {
            # What apt did stands in its own log; without an end, the parser decides.
            keep(); split($0, word, " ")
            time = word[1] " " word[2]; name = word[4]; sub(/:.*/, "", name)
            if (name in last && (time < last[name] || time <= ended[last[name]])) next
            held[++many % 300] = substr($0, 1, 300) "\n"; next
        }
        /^@gzip/ { result = $0 }
        END {
            keep()
            print "oldest " oldest
            for (i = many; i > many - 300 && i > 0 && size < 24000; i--) {
                size += length(held[i % 300])
                printf "%s", held[i % 300]
            }
            print result
        }'
fi
end history/packages "$status"
