# The kernel's own messages of this boot. awk keeps the newest of each kind, so that a flood of one kind (Xids of a program,
# corrected PCIe errors) hides none of the others. Each line is printed after its number and how many of its kind there were.
pick='
BEGIN {
    while ((getline line <"/proc/stat") > 0) if (sub(/^btime /, "", line)) print "booted " line
    if ((getline line <"/proc/uptime") > 0) print "uptime " line
}
NR == 1 { print "begins " $0 }
# Only the first line of a message of several lines has a time.
substr($0, 1, 1) == "[" { time = substr($0, 1, index($0, "]")) " "; $0 = substr($0, length(time) + 1) }
/NVRM|[Nn]vidia|nouveau|[Mm]odule verification|oading of .*module|locked down|[Ss]ecure ?boot|PKCS#7|version magic|AER:|PCIe Bus Error|pciehp/ {
    size = 3
    if (match($0, /Xid \([^)]*\): [0-9]+/)) kind = substr($0, RSTART, RLENGTH)
    else if (/AER:|PCIe Bus Error/ && match($0, /[0-9a-f]+:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]\.[0-7]/))
        kind = "AER " substr($0, RSTART, RLENGTH)
    else { size = 8; kind = $0; gsub(/[0-9]+/, "", kind) }
    if (!(kind in count) && kinds++ >= 60) { size = 100; kind = "" }
    kept[kind, count[kind]++ % size] = NR " " count[kind] " " time substr($0, 1, 400)
}
END { for (place in kept) print "line " kept[place] }'
said=$(limit 5 dmesg | awk "$pick")
case $said in
*'begins [    0.0'*) ;;
*)
    # The buffer is not this user's to read (dmesg_restrict), or its beginning was overwritten.
    more=$(limit 10 journalctl -k -b -q --no-pager -o short-monotonic | awk "$pick")
    case $more in *begins*) said=$more ;; esac
    ;;
esac
printf '%s\n' "$said"
case $said in *begins*) end log/kernel 0 ;; *) end log/kernel denied ;; esac
