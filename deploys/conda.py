"""conda: one installer, checked by its hash before it runs, into one prefix that belongs to one owner."""

import posixpath
import re
from shlex import quote

from deploys import fetch, files, look, remote, task
from deploys.step import StepError, Work
from deploys.task import Result, Task
from schema import conda
from schema.conda import CondaSpec

# Exit codes of our own script: outside of what the installer and sha256sum use.
NOT_CONDA, WRONG_HASH, NO_OWNER, NO_DOWNLOAD = 65, 66, 67, 68
UNFINISHED = f"{task.FOLDER}/conda-unfinished"


def needed(work: Work) -> bool:
    return isinstance(work.spec.conda, CondaSpec) and any(c.concern == "conda" for c in look.begun(work.shown))


def run_as(owner: str, command: str) -> str:
    """Run as `owner` with that user's home: nothing that an owner can change is run as root (runuser(1))."""
    if owner == "root":
        return f"HOME=/root {command}"
    home = f'"$(getent passwd {quote(owner)} | cut -d: -f6)"'
    return f"runuser -u {quote(owner)} -- env HOME={home} {command}"


def terms(spec: CondaSpec) -> str:
    """Anaconda's terms are accepted only by the declared field (conda-anaconda-tos: plugins.auto_accept_tos)."""
    return "export CONDA_PLUGINS_AUTO_ACCEPT_TOS=yes" if spec.accept_anaconda_terms else ":"


def install_script(work: Work, spec: CondaSpec) -> str:
    """Download beside the prefix, check, install or upgrade in place, hand over, and record what was installed.

    A prefix that an earlier run of ours left half made is named in UNFINISHED and removed first; any other one that
    is not conda is left alone.
    """
    wanted = conda.wanted(work.spec)
    if wanted is None or wanted.sha256 is None:
        raise StepError("RUN107", "the installer has no known sha256", hint="declare conda.sha256 in the inventory")
    prefix, owner = quote(spec.prefix), quote(spec.owner)
    parent = quote(posixpath.dirname(spec.prefix))
    script = f'sh "$t/installer.sh" -b -p {prefix}'
    return "\n".join(
        [
            "set -e; umask 022",
            fetch.environment(work.spec),
            terms(spec),
            f'id -u {owner} >/dev/null 2>&1 || {{ echo "no user {spec.owner}"; exit {NO_OWNER}; }}',
            f'if [ "$(cat {UNFINISHED} 2>/dev/null)" = {prefix} ]; then rm -rf {prefix}; rm -f {UNFINISHED}; fi',
            f"if [ -e {prefix} ] && [ ! -e {prefix}/conda-meta/history ]; then ls -la {prefix}; exit {NOT_CONDA}; fi",
            f"mkdir -p {parent}; t=$(mktemp -d {parent}/.gpufleet-conda.XXXXXX); trap 'rm -rf \"$t\"' EXIT",
            'chmod 755 "$t"; echo "downloading the installer" >&3',
            f"({fetch.command(wanted.url, chr(34) + '$t/installer.sh' + chr(34))}) || exit {NO_DOWNLOAD}",
            "sum=$(sha256sum \"$t/installer.sh\" | cut -d' ' -f1)",
            f'[ "$sum" = {quote(wanted.sha256)} ] || {{ echo "sha256 $sum"; exit {WRONG_HASH}; }}',
            'echo "installing conda" >&3',
            f"if [ -e {prefix} ]; then {run_as(spec.owner, script + ' -u')}",
            f"else printf %s {prefix} > {UNFINISHED}; {script}; chown -R {owner}: {prefix}; fi",
            f"rm -f {prefix}/.gpufleet.new",
            f"printf '%s\\n' {quote(conda.installer_record(work.spec))} > {prefix}/.gpufleet.new",
            f"chown {owner}: {prefix} {prefix}/.gpufleet.new; chmod {quote(spec.mode)} {prefix}",
            f"mv {prefix}/.gpufleet.new {prefix}/.gpufleet; rm -f {UNFINISHED}",
        ]
    )


def install(work: Work) -> None:
    """Install or upgrade conda when its version or its health asks for it; owner, mode and files in any case."""
    spec = work.spec.conda
    if not isinstance(spec, CondaSpec):
        return
    if conda.needs_installer(work.spec, work.seen):
        result = task.run(work.host, Task("conda", install_script(work, spec), "install conda"))
        if result.exit_code != 0:
            raise failure(spec, result)
    else:
        hand_over = (
            f"chown -R {quote(spec.owner)}: {quote(spec.prefix)} && chmod {quote(spec.mode)} {quote(spec.prefix)}"
        )
        remote.checked(work.host, hand_over, "set the prefix's owner and mode", timeout_seconds=900)
    own = (item for item in files.wanted(work) if item.path.startswith(f"{spec.prefix}/"))
    files.write(work, files.stale(work.seen, tuple(own)))


def failure(spec: CondaSpec, result: Result) -> StepError:
    evidence = f"{remote.last_lines(result.log)}\nexit code {result.exit_code}"
    state = f"no conda in {spec.prefix} was changed; log on the host: {task.FOLDER}/conda/log"
    if result.exit_code == WRONG_HASH:
        found = re.search(r"sha256 ([0-9a-f]{64})", result.log)
        message = "the conda installer is not the one that is declared; it was not run and is removed"
        evidence = f"found    {found[1] if found else '?'}\nexpected {spec.sha256 or 'the sha256 that gpufleet knows'}"
        hint = "compare with the vendor's published sha256; declare conda.sha256 only if that one is right"
        return StepError("RUN107", message, evidence=evidence, state=state, hint=hint)
    if result.exit_code == NOT_CONDA:
        hint = f"move it away on the host (sudo mv {spec.prefix} {spec.prefix}.old), or declare another conda.prefix"
        message = f"{spec.prefix} exists and is not a conda installation"
        return StepError("RUN116", message, evidence=evidence, state=state, hint=hint)
    if result.exit_code == NO_OWNER:
        hint = f"add the user on the host, or declare another conda.owner than {spec.owner}"
        return StepError("RUN116", f"there is no user {spec.owner}", evidence=evidence, state=state, hint=hint)
    if result.exit_code == NO_DOWNLOAD:
        hint = "check the host's network, or declare proxy, ca_bundle or mirrors.installers"
        message = "the conda installer could not be downloaded"
        return StepError("RUN106", message, evidence=evidence, state=state, hint=hint)
    code, message, hint = "RUN116", "the conda installer failed", "run the same command again: it starts from nothing"
    if "No space left on device" in result.log:
        code, message, hint = "RUN110", "the host's disk is full", "free space (df -h), then run the same command again"
    state = f"a half made {spec.prefix} is removed by the next run; log on the host: {task.FOLDER}/conda/log"
    return StepError(code, message, evidence=evidence, state=state, hint=hint)
