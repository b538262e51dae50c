"""conda environments: made, mended and removed by conda and pip themselves, as the environment's owner."""

import json
import posixpath
from collections.abc import Iterable
from shlex import quote

from deploys import explicit, fetch, files, look, pinned, pip, remote, task
from deploys.conda import run_as, terms
from deploys.step import StepError, Work
from deploys.task import Result, Task
from schema.conda import CondaSpec, EnvironmentState
from schema.environments import EnvironmentSpec, obey, requirement_name
from schema.plan import Change
from schema.repository import OwnedFile

# Jupyter reads this folder for every user (jupyter_core, SYSTEM_JUPYTER_PATH).
KERNELS = "/usr/local/share/jupyter/kernels"
# How conda (conda/exceptions.py) and pip say that a file is not the one that was asked for, and that it is not there.
OTHER_CONTENT = ("ChecksumMismatchError", "DO NOT MATCH THE HASHES", "mismatch between the expected content")
GONE = ("HTTP 404 NOT FOUND", "404 Client Error", "No matching distribution found")


def needed(work: Work) -> bool:
    return any(change.concern == "environments" for change in look.begun(work.shown))


def by_name(work: Work) -> dict[str, list[Change]]:
    """The environments' changes by environment name, in the plan's order."""
    found: dict[str, list[Change]] = {}
    for change in look.begun(work.shown):
        if change.concern == "environments":
            found.setdefault(change.item.split("/", 1)[0], []).append(change)
    return found


def ensure(work: Work) -> None:
    """Bring each environment of the plan up, one task each."""
    spec = work.spec.conda
    if not isinstance(spec, CondaSpec):
        return
    for name, changes in by_name(work).items():
        declared = obey.of(work.spec, name)
        if isinstance(declared, EnvironmentSpec):
            work.host.log(f"environment {name}: differences to mend: {len(changes)}")
            if explicit.anew(declared, state_of(work, name)):
                work.host.log(f"environment {name}: its lock has another Python, so it is made anew")
            files.write(work, lock_files(work, name, declared, changes))
            script, doing = script_for(work, spec, name, declared, changes), f"bring environment {name} up"
        else:
            script, doing = removal_script(spec, name), f"remove environment {name}"
        result = task.run(work.host, Task("conda", script, doing))
        if result.exit_code != 0:
            raise failure(name, doing, result, locked=isinstance(declared, EnvironmentSpec) and bool(declared.explicit))
        register_kernel(work, spec, name, declared)


def prefix_of(spec: CondaSpec, name: str) -> str:
    return f"{spec.prefix}/envs/{name}"


def header(work: Work, spec: CondaSpec) -> list[str]:
    """CONDA_NO_PLUGINS is not set: the solver is a plugin. pip asks nothing and reads no user's site-packages."""
    quiet = "export PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONNOUSERSITE=1 CONDA_ALWAYS_YES=true"
    return ["set -e; umask 022; cd /", fetch.environment(work.spec), terms(spec), quiet]


def channels(work: Work, channels: Iterable[str]) -> str:
    """`--override-channels` keeps a user's own condarc out; a mirror takes the place of conda.anaconda.org."""
    mirror = work.spec.mirrors.conda
    addresses = [
        item if "://" in item or mirror is None else f"{mirror.rstrip('/')}/{item}"
        for item in channels
        if item != "nodefaults"
    ]
    return " ".join(["--override-channels", *(f"-c {quote(item)}" for item in addresses)])


def script_for(work: Work, spec: CondaSpec, name: str, declared: EnvironmentSpec, changes: list[Change]) -> str:
    """Create what is missing, else install what differs; then pip; then hand over."""
    prefix, owner = prefix_of(spec, name), declared.owner or spec.owner
    fresh = is_fresh(work, name, declared)
    conda = f"{quote(spec.prefix)}/bin/conda"
    verb = "create" if fresh else "install"
    lines = header(work, spec)
    if fresh:
        # An environment with another Python; its owner cannot remove it from conda's own folder.
        lines += [f"rm -rf {quote(prefix)}"] if state_of(work, name) is not None else []
        lines.append(f"install -d -o {quote(owner)} -m 0755 {quote(prefix)}")
    else:
        # A run that was killed may have left an environment that conda does not take for one.
        history = quote(f"{prefix}/conda-meta/history")
        lines.append(f"[ -e {history} ] || {run_as(owner, f'touch {history}')}")
    specs = conda_specs(declared, [] if fresh else changes)
    if declared.explicit:
        needed = explicit.needed(declared, changes, fresh=fresh)
        lines += explicit.lines(name, spec.prefix, prefix, owner, verb) if needed else []
    elif specs or fresh:
        arguments = f"{channels(work, declared.channels)} {' '.join(quote(item) for item in specs)}"
        lines.append(run_as(owner, f"{conda} {verb} -y -p {quote(prefix)} {arguments}"))
    lines += extras(work, name, conda, prefix, owner, [] if fresh else changes)
    if declared.pinned is not None:
        lines += pinned.lines(work, name, declared, prefix, owner, changes, fresh=fresh)
    else:
        lines += pip.lines(work, name, declared, prefix, owner, [] if fresh else changes)
    lines.append(f"chown -R {quote(owner)}: {quote(prefix)}")
    lines.append(f"rm -rf {quote(explicit.folder(name))}")
    return "\n".join(lines)


def is_fresh(work: Work, name: str, declared: EnvironmentSpec) -> bool:
    """Whether the environment is made from nothing: it is not there, or its lock has another Python."""
    state = state_of(work, name)
    return state is None or explicit.anew(declared, state)


def lock_files(work: Work, name: str, declared: EnvironmentSpec, changes: list[Change]) -> tuple[OwnedFile, ...]:
    """What the script reads: files of their own, since a script must fit into one argument, and pip reads hashes from
    files only.
    """
    fresh = is_fresh(work, name, declared)
    packages = explicit.needed(declared, changes, fresh=fresh)
    found = (explicit.file(name, packages),) if packages else ()
    if declared.pinned is None:
        return found + pip.files(name, declared, [] if fresh else changes)
    return found + pinned.files(name, declared, changes, fresh=fresh)


def state_of(work: Work, name: str) -> EnvironmentState | None:
    conda = work.seen.conda
    return next((item for item in conda.environments if item.name == name), None) if conda is not None else None


def conda_specs(declared: EnvironmentSpec, changes: list[Change]) -> list[str]:
    """What conda is asked for: the declaration; for a package that moved from a plain version, that version.

    The plan's versions are used only where they look like versions: a record on the host cannot bring commands.
    """
    python = [f"python={declared.python}"] if declared.python else []
    needed = [name for name, use in (("ipykernel", declared.kernel), ("pip", declared.pip.wanted)) if use]
    specs = {requirement_name(item): item for item in [*needed, *python, *declared.packages]}
    by_pip = {requirement_name(item) for item in declared.pip.wanted}
    for package, version in pip.plain_versions(changes).items():
        # Undeclared ones are in the plan only where `exact` makes the whole set the declaration.
        if package in specs or (declared.exact and package not in by_pip):
            specs[package] = f"{package}={version}"
    return list(specs.values())


def extras(work: Work, name: str, conda: str, prefix: str, owner: str, changes: list[Change]) -> list[str]:
    """Remove what `exact: true` does not want: by the program that installed it."""
    state = state_of(work, name)
    managers = {package.name: package.manager for package in state.packages} if state is not None else {}
    gone = [change.item.partition("/")[2] for change in changes if change.desired is None and "/" in change.item]
    by_pip = [item for item in gone if managers.get(item) == "pip"]
    other = [item for item in gone if managers.get(item) == "conda"]
    lines = []
    if by_pip:
        names = " ".join(quote(item) for item in by_pip)
        lines.append(run_as(owner, f"{quote(prefix)}/bin/python -m pip uninstall -y {names}"))
    if other:
        names = " ".join(quote(item) for item in other)
        lines.append(run_as(owner, f"{conda} remove -y -p {quote(prefix)} {names}"))
    return lines


def removal_script(spec: CondaSpec, name: str) -> str:
    """Remove the environment, and its Jupyter kernel where that one leads into it."""
    prefix, kernel = prefix_of(spec, name), f"{KERNELS}/{name}"
    return "\n".join(
        [
            "set -e; cd /",
            run_as(spec.owner, f"{quote(spec.prefix)}/bin/conda remove -y --all -p {quote(prefix)}") + " || :",
            f"rm -rf {quote(prefix)} {quote(explicit.folder(name))}",
            f"! grep -qs {quote(prefix + '/')} {quote(kernel)}/kernel.json || rm -rf {quote(kernel)}",
        ]
    )


def register_kernel(work: Work, spec: CondaSpec, name: str, declared: object) -> None:
    """Write the kernel's description as `ipykernel install` does, without running an owner's code as root
    (jupyter_client, "Kernel specs").
    """
    if not isinstance(declared, EnvironmentSpec) or not declared.kernel:
        return
    argv = [f"{prefix_of(spec, name)}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    text = json.dumps({"argv": argv, "display_name": f"Python ({name})", "language": "python"}, indent=1)
    files.write(work, (OwnedFile(path=posixpath.join(KERNELS, name, "kernel.json"), content=text + "\n"),))


def failure(name: str, doing: str, result: Result, *, locked: bool = False) -> StepError:
    state = f"environment {name} may be half made; the next run goes on; log on the host: {task.FOLDER}/conda/log"
    evidence = f"{remote.last_lines(result.log)}\nexit code {result.exit_code}"
    if "No space left on device" in result.log:
        hint = "free space (df -h), then run the same command again"
        return StepError("RUN110", "the host's disk is full", evidence=evidence, state=state, hint=hint)
    if locked and any(word in result.log for word in OTHER_CONTENT):
        hint = "find out why the mirror's file changed; if that was meant, lock anew: fleet lock --update"
        message = f"what was downloaded for environment {name} is not what the lock names"
        return StepError("RUN370", message, evidence=evidence, state=state, hint=hint)
    if locked and any(word in result.log for word in GONE):
        hint = "lock anew (fleet lock --update), or declare a mirror that keeps old versions"
        message = f"a package that the lock of environment {name} names is no longer there"
        return StepError("RUN371", message, evidence=evidence, state=state, hint=hint)
    if "Terms of Service" in result.log:
        hint = "read Anaconda's terms; declare conda.accept_anaconda_terms: true, or channels: [conda-forge]"
        return StepError("RUN118", "a channel's terms were not accepted", evidence=evidence, state=state, hint=hint)
    hint = "declare versions that go together and exist in the channels, then run the same command again"
    return StepError("RUN117", f"could not {doing}", evidence=evidence, state=state, hint=hint)
