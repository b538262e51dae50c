#!/bin/sh
# @PRODUCT@ @VERSION@: a STAND-IN from the gpufleet lab. It has the vendor's file name, flags, messages and exit codes
# (https://github.com/conda/constructor, header.sh), and none of the vendor's software. It refuses to run elsewhere than on a lab host.

PREFIX="$HOME/@DEFAULT@"
BATCH=0; FORCE=0; UPDATE=0; TEST=0; KEEP_PKGS=1; SKIP_SCRIPTS=0; INIT_CONDA=0
USAGE="
usage: $0 [options]

Installs @PRODUCT@ @VERSION@ (a stand-in of the gpufleet lab)

-b           run install in batch mode (without manual intervention),
             it is expected the license terms (if any) are agreed upon
-f           no error if install prefix already exists
-h           print this help message and exit
-k           do not clear the package cache after installation
-m           disable the creation of menu items / shortcuts
-p PREFIX    install prefix, defaults to $PREFIX, must not contain spaces.
-s           skip running pre/post-link/install scripts
-c           run 'conda init' after installation (only applies to batch mode)
-u           update an existing installation
-t           run package tests after installation (may install conda-build)
"

while getopts "bifhkp:sctum" x; do
    case "$x" in
        h) printf "%s\n" "$USAGE"; exit 2 ;;
        b) BATCH=1 ;;
        i) BATCH=0 ;;
        f) FORCE=1 ;;
        k) KEEP_PKGS=1 ;;
        m) ;;
        p) PREFIX="$OPTARG" ;;
        s) SKIP_SCRIPTS=1 ;;
        c) INIT_CONDA=1 ;;
        t) TEST=1 ;;
        u) FORCE=1; UPDATE=1 ;;
        ?) printf "ERROR: did not recognize option '%s', please try -h\n" "$x" >&2; exit 1 ;;
    esac
done

if [ ! -e /etc/gpufleet-lab ]; then
    printf "ERROR: this is a stand-in of the gpufleet lab, not @PRODUCT@; it installs on lab hosts only\n" >&2
    exit 1
fi
if [ "$(uname -m)" != "x86_64" ]; then
    printf "ERROR:\n    This installer is for x86_64, this machine is %s\n" "$(uname -m)" >&2
    exit 1
fi
if [ "$BATCH" = 0 ]; then
    printf "\nWelcome to @PRODUCT@ @VERSION@\n\nDo you accept the license terms? [yes|no]\n>>> "
    read -r ans || ans=no
    case "$ans" in
        [Yy]|[Yy][Ee][Ss]) ;;
        *) printf "The license agreement wasn't approved, aborting installation.\n"; exit 2 ;;
    esac
fi
case "$PREFIX" in
    *\ *) printf "ERROR: Cannot install into directories with spaces\n" >&2; exit 1 ;;
esac
if [ "$FORCE" = 0 ] && [ -e "$PREFIX" ]; then
    printf "ERROR: File or directory already exists: '%s'\n" "$PREFIX" >&2
    printf "If you want to update an existing installation, use the -u option.\n" >&2
    exit 1
elif [ "$FORCE" = 1 ] && [ -e "$PREFIX" ] && [ "$UPDATE" = 0 ]; then
    REINSTALL=1
fi
if ! mkdir -p "$PREFIX"; then
    printf "ERROR: Could not create directory: '%s'\n" "$PREFIX" >&2
    exit 1
fi
PREFIX=$(cd "$PREFIX" && pwd)
printf "PREFIX=%s\n" "$PREFIX"

# The payload is an uncompressed tar archive behind the last line of this script; its size and md5 are checked as constructor's are.
LINES_OF_HEADER=@LINES@
MD5=@MD5@
found=$(tail -n +$((LINES_OF_HEADER + 1)) "$0" | md5sum | cut -d' ' -f1)
if [ "$found" != "$MD5" ]; then
    printf "WARNING: md5sum mismatch of tar archive\nexpected: %s\n     got: %s\n" "$MD5" "$found" >&2
fi

printf "Unpacking payload ...\n"
for name in @NAMES@; do
    # An update replaces the base's packages and leaves envs/ and everything else alone.
    for old in "$PREFIX/conda-meta/$name-"[0-9]*.json; do
        [ -e "$old" ] || continue
        awk '/^  "files": \[/ {on = 1; next} on && /^  \]/ {exit} on {gsub(/^ *"|",?$/, ""); print}' "$old" |
            (cd "$PREFIX" && while read -r file; do rm -f "$file" && rmdir -p "${file%/*}" 2>/dev/null; done)
        rm -f "$old"
    done
done
if [ "$UPDATE" = 1 ]; then
    rm -rf "$PREFIX"/lib/python3.*/site-packages/conda "$PREFIX"/lib/python3.*/site-packages/lab
    # The user's own settings in the prefix stay.
    [ -e "$PREFIX/.condarc" ] && cp -p "$PREFIX/.condarc" "$PREFIX/.condarc.kept"
fi
if ! tail -n +$((LINES_OF_HEADER + 1)) "$0" | tar -xf - -C "$PREFIX" --no-same-owner; then
    printf "ERROR: could not extract the payload into '%s'\n" "$PREFIX" >&2
    exit 1
fi
[ -e "$PREFIX/.condarc.kept" ] && mv -f "$PREFIX/.condarc.kept" "$PREFIX/.condarc"
printf "\nInstalling base environment...\n\n"
while read -r path; do
    sed -i "s|@PLACEHOLDER@|$PREFIX|g" "$PREFIX/$path" || exit 1
done < "$PREFIX/.placeholders"
rm -f "$PREFIX/.placeholders"
cat "$PREFIX/conda-meta/.history-block" >> "$PREFIX/conda-meta/history" && rm -f "$PREFIX/conda-meta/.history-block"
mkdir -p "$PREFIX/envs" "$PREFIX/pkgs"
touch "$PREFIX/pkgs/urls.txt" "$PREFIX/envs/.conda_envs_dir_test"
printf "installation finished.\n"
if [ "$BATCH" = 1 ] && [ "$INIT_CONDA" = 1 ]; then
    "$PREFIX/bin/conda" init bash
fi
exit 0
