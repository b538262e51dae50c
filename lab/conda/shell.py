"""What a shell needs: the text that `conda activate` evaluates, conda run, and conda init."""

import argparse
import os
import shlex
import subprocess
from pathlib import Path

from lab.conda import condarc, context
from lab.conda.errors import CondaError


def activate(here: context.Context, name: str) -> str:
    """Shell text that makes the environment the active one, after taking an active one back."""
    named = "/" in name
    prefix = context.prefix_of(here, None if named else name, name if named else None)
    if not (prefix / "conda-meta").is_dir():
        raise CondaError("EnvironmentLocationNotFound", f"Not a conda environment: {prefix}")
    level = int(os.environ.get("CONDA_SHLVL") or 0)
    old = os.environ.get("CONDA_PREFIX") if level else None
    shown = "base" if prefix == here.root else prefix.name if prefix.parent in here.envs_dirs else str(prefix)
    lines = _scripts(Path(old), "deactivate.d") if old else []
    lines += [f"export {key}={shlex.quote(value)}" for key, value in _variables(here, prefix, shown, old).items()]
    if old and level:
        lines.append(f"export CONDA_PREFIX_{level}={shlex.quote(old)}")
    lines.append(f"export CONDA_SHLVL={level + 1}")
    return "\n".join([*lines, *_scripts(prefix, "activate.d")]) + "\n"


def _variables(here: context.Context, prefix: Path, shown: str, old: str | None) -> dict[str, str]:
    prompt = os.environ.get("PS1", "")
    bare = prompt.removeprefix(os.environ.get("CONDA_PROMPT_MODIFIER", ""))
    values = {
        "PATH": os.pathsep.join([str(prefix / "bin"), *_path_without(old)]),
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": shown,
        "CONDA_PROMPT_MODIFIER": f"({shown}) ",
        "CONDA_EXE": str(here.root / "bin/conda"),
        "CONDA_PYTHON_EXE": str(here.root / "bin/python"),
    }
    return values | ({"PS1": f"({shown}) {bare}"} if "PS1" in os.environ else {})


def _path_without(prefix: str | None) -> list[str]:
    parts = os.environ.get("PATH", "").split(os.pathsep)
    return [part for part in parts if not prefix or part != f"{prefix}/bin"]


def _scripts(prefix: Path, folder: str) -> list[str]:
    return [f". {shlex.quote(str(path))}" for path in sorted((prefix / "etc/conda" / folder).glob("*.sh"))]


def deactivate(here: context.Context) -> str:
    """Shell text that goes back to the environment below, or to none."""
    level, old = int(os.environ.get("CONDA_SHLVL") or 0), os.environ.get("CONDA_PREFIX")
    if not old or level < 1:
        return ""
    below = os.environ.get(f"CONDA_PREFIX_{level - 1}") if level > 1 else None
    lines = _scripts(Path(old), "deactivate.d")
    if below:
        shown = "base" if Path(below) == here.root else Path(below).name
        lines += [
            f"export {key}={shlex.quote(value)}" for key, value in _variables(here, Path(below), shown, old).items()
        ]
        return "\n".join([*lines, f"unset CONDA_PREFIX_{level - 1}", f"export CONDA_SHLVL={level - 1}"]) + "\n"
    lines += [f"export PATH={shlex.quote(os.pathsep.join(_path_without(old)))}", "export CONDA_SHLVL=0"]
    return "\n".join([*lines, "unset CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_PROMPT_MODIFIER"]) + "\n"


def posix(here: context.Context, options: argparse.Namespace) -> int:
    """conda shell.posix activate NAME | deactivate | reactivate | hook."""
    if options.action == "hook":
        print((here.root / "etc/profile.d/conda.sh").read_text())
        if here.settings.get("auto_activate", here.settings.get("auto_activate_base", True)):
            print("conda activate base")
    elif options.action == "activate":
        print(activate(here, options.target or "base"), end="")
    elif options.action == "deactivate":
        print(deactivate(here), end="")
    return 0


def run(here: context.Context, options: argparse.Namespace) -> int:
    """conda run [-n NAME | -p PREFIX] COMMAND…: its exit status is the command's."""
    prefix = context.prefix_of(here, options.name, options.prefix)
    context.require_environment(prefix)
    script = f"{activate(here, str(prefix))}\nexec {shlex.join(options.command)}\n"
    return subprocess.run(
        ["/bin/bash", "-c", script], cwd=options.cwd, env=condarc.STARTED_WITH, check=False
    ).returncode


def init(here: context.Context, options: argparse.Namespace) -> int:
    """conda init bash: the block between conda's own markers in ~/.bashrc, or /etc/profile.d/conda.sh with --system."""
    if options.system:
        link = Path("/etc/profile.d/conda.sh")
        link.write_text((here.root / "etc/profile.d/conda.sh").read_text())
        print(f"modified      {link}")
        return 0
    target = Path.home() / ".bashrc"
    block = (
        "\n# >>> conda initialize >>>\n# !! Contents within this block are managed by 'conda init' !!\n"
        f"eval \"$('{here.root}/bin/conda' 'shell.bash' 'hook' 2> /dev/null)\"\n# <<< conda initialize <<<\n"
    )
    before = target.read_text() if target.is_file() else ""
    changed = "# >>> conda initialize >>>" not in before
    if changed:
        target.write_text(before + block)
    print(f"{'modified      ' if changed else 'no change     '}{target}")
    return 0
