"""NVIDIA's repository on the host: its key by full fingerprint, its source, and the package lists."""

import base64
import binascii
import posixpath

from deploys import fetch, files, locks, look, packages, remote
from deploys.step import StepError, Work
from schema import apt, openpgp, repository
from schema.conda import CondaSpec
from schema.repository import OwnedFile

CERTIFICATES = "/usr/local/share/ca-certificates/"
PROXY = "/etc/apt/apt.conf.d/51gpufleet-proxy"
UNITS = "/etc/systemd/system/"
OUR_SOURCES = "/etc/apt/sources.list.d/gpufleet-*.sources"
# Our sources alone: Dir::Etc::SourceParts names a folder; without List-Cleanup=0 the lists of all others are deleted
# (apt.conf(5), apt-get(8)). Error-Mode=any makes a failed fetch an error (apt 2.1.16 and later, ignored before).
UPDATE_OURS = (
    "-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$parts -o APT::Get::List-Cleanup=0 "
    "-o APT::Update::Error-Mode=any"
)


def key_needed(work: Work) -> bool:
    """Whether the vendor's key is wanted and is not there with the right fingerprint.

    A mirror's key comes from the inventory and is one of gpufleet's own files.
    """
    key = repository.vendor_key(work.spec)
    if key is None or not any(change.concern == "repository" for change in work.shown.changes):
        return False
    there = next((item for item in work.seen.apt.keys if item.path == key.path), None)
    return there is None or there.fingerprints != (key.fingerprint,)


def key(work: Work) -> None:
    """Fetch the key on the host, compare its fingerprint here, and only then put it in place."""
    wanted = repository.vendor_key(work.spec)
    if wanted is None:
        return
    # A site's proxy and certificates are needed to fetch it; the source must not stand without its key.
    put(work, tuple(file for file in early(work) if file.path.startswith((CERTIFICATES, PROXY))))
    script = "\n".join(
        [
            fetch.environment(work.spec),
            "t=$(mktemp -d) && trap 'rm -rf \"$t\"' EXIT",
            f"{fetch.command(wanted.url, chr(34) + '$t/key' + chr(34))} || exit 1",
            'test "$(wc -c <"$t/key")" -lt 100000 && base64 <"$t/key"',
        ]
    )
    hint = "check the host's network, or declare proxy, ca_bundle or mirrors.cuda in the inventory"
    text = remote.checked(work.host, script, f"fetch {wanted.url}", code="RUN106", hint=hint)
    armoured = _trusted(text, wanted.fingerprint, wanted.url)
    files.write(work, (OwnedFile(path=wanted.path, content=armoured),))


def _trusted(encoded: str, fingerprint: str, url: str) -> str:
    """The key's text, if it holds exactly the key that is expected; raises StepError otherwise."""
    try:
        armoured = base64.b64decode(encoded, validate=False).decode("ascii")
        found = openpgp.fingerprints(armoured)
    except (binascii.Error, ValueError) as error:
        armoured, found = "", ()
        reason = str(error)
    else:
        reason = ", ".join(found)
    if found != (fingerprint,):
        raise StepError(
            "RUN105",
            "the repository's key is not the one that is expected",
            evidence=f"from {url}\nfound {reason}\nexpected {fingerprint}",
            state="the key was not installed and no source was added",
            hint="find out who changed it before anything else; a mirror's own key is declared in mirrors.cuda.keys",
        )
    return armoured


def early(work: Work) -> tuple[OwnedFile, ...]:
    """The files to write before apt works: all that differ but the pins, which are resolved later, and conda's own,
    whose folder must not exist before its installer runs.
    """
    prefix = f"{work.spec.conda.prefix}/" if isinstance(work.spec.conda, CondaSpec) else None
    return tuple(
        file
        for file in files.stale(work.seen, files.wanted(work))
        if not (packages.needed(work) and file.path == files.PREFERENCES)
        and not (prefix and file.path.startswith(prefix))
    )


def files_needed(work: Work) -> bool:
    """The plan decides; `early` is evaluated again when the step runs."""
    return any(change.item.startswith("/") for change in look.begun(work.shown)) and bool(early(work))


def write_files(work: Work) -> None:
    put(work, early(work))


def put(work: Work, todo: tuple[OwnedFile, ...]) -> None:
    """Write files, and tell the programs that keep what is in them elsewhere."""
    files.write(work, todo)
    if any(file.path.startswith(CERTIFICATES) for file in todo):
        remote.checked(work.host, "update-ca-certificates", "add the site's certificates")
    if any(file.path.startswith(UNITS) for file in todo):
        remote.checked(work.host, "systemctl daemon-reload", "reload systemd's units")
    for folder in sorted({posixpath.dirname(file.path) for file in todo if file.content is None}):
        work.host.log(f"removed files that are no longer declared from {folder}")


def update_script(seconds: int) -> str:
    """Read our own sources, whose failures are errors; then all, where others' failures are warnings on stderr."""
    return "\n".join(
        [
            packages.environment(),
            "parts=$(mktemp -d) && trap 'rm -rf \"$parts\"' EXIT",
            # apt's sandbox user reads the folder (apt.conf(5), APT::Sandbox::User).
            f'chmod 755 "$parts"; for f in {OUR_SOURCES}; do [ ! -f "$f" ] || cp "$f" "$parts/"; done',
            # The lists' lock has no timeout of its own: DPkg::Lock::Timeout is dpkg's (apt.conf(5)).
            'update() { n=0; while :; do out=$(apt-get update -o Acquire::Retries=3 "$@" 2>&1); rc=$?',
            'case $out in *"Could not get lock"*) ;; *) return "$rc" ;; esac',
            f'[ "$n" -lt {int(seconds)} ] || return 100; n=$((n+2)); sleep 2; done; }}',
            'refuse() { echo "$out" >&2; exit 1; }',
            f'ours=; set -- "$parts"/*; if [ -e "$1" ]; then update {UPDATE_OURS} || refuse; ours=1; fi',
            'update || [ -n "$ours" ] || refuse',
            'echo "$out" | grep -E "^[EW]:" || :',
        ]
    )


def update(work: Work) -> None:
    seconds = packages.lock_seconds(work)
    state = "no package was changed; gpufleet's source and key are in place"
    try:
        warnings = remote.checked(
            work.host,
            update_script(seconds),
            "read the package lists",
            code="RUN112",
            state=state,
            timeout_seconds=seconds + 900,
        )
    except StepError as error:
        known = apt.recognise(error.evidence) if error.code == "RUN112" else None
        if known is None:
            raise
        message = f"could not read the package lists: {known.message}"
        held = locks.holders(work) if known.code == "RUN102" else ""
        evidence = f"{held}\n{error.evidence}".strip()
        raise StepError(known.code, message, evidence=evidence, state=state, hint=known.hint) from error
    for line in warnings.splitlines():
        work.host.log(f"another source on this host: {line}")
