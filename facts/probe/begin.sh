# Only these folders: a user's own PATH must not choose which program the probe runs, as root perhaps.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
# The host's own zone: one that a session has set would give logs in local time another meaning.
unset CDPATH TZ
cd /
# A marker that no file on the host can imitate, because it is drawn anew by each run.
read -r mark </proc/sys/kernel/random/uuid || mark=$$
printf '@@gpufleet 1 %s\n' "$mark"

# end NAME STATUS closes a section: STATUS is 0, an exit code (124: out of time), or a word such as "denied".
end() { printf '\n@@%s %s %s\n' "$mark" "$1" "$2"; }

# limit SECONDS COMMAND...: timeout(1), which kills what ignores its first signal. It is for what may wait for a
# device, a service or another machine; it costs as much as a small command, and local files are bounded by the minute
# that the whole has.
limit() { timeout -k 1 "$@"; }

# texts NAME OPTION FILE...: a section with the lines of those files that exist, each line after "PATH:".
# OPTION chooses the lines (grep). A file this user may not read is named in a line "denied PATH".
texts() {
    name=$1 option=$2 rc=0
    shift 2
    for file; do
        shift
        [ -f "$file" ] || continue
        if [ -r "$file" ]; then set -- "$@" "$file"; else printf 'denied %s\n' "$file"; fi
    done
    if [ $# -gt 0 ]; then
        grep -aHs "$option" -- "$@"
        rc=$?
        # grep(1): 1 says that no line was selected.
        [ $rc -ne 1 ] || rc=0
        # A file that has gone meanwhile, such as that of a session that ended, is no failure to read.
        [ $rc -ne 2 ] || for file; do [ -e "$file" ] || rc=0; done
    fi
    end "$name" "$rc"
}
all=--regexp=
code='-ve^[[:space:]]*\(//\|#\)'
