"""No value of an inventory becomes a command: what a shell could misread is refused, or arrives in one piece.

Every text of a sound inventory is replaced by hostile ones. What validation lets through goes into the scripts of a
whole apply; a real shell runs them, without privileges, where each command does nothing but one, the canary.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml
from pydantic import ValidationError
from pyinfra.api.host import Host

from bench import sample
from deploys import apply, compute, confirm, environments, reboot, remote, task
from deploys.step import StepError, Work
from facts.snapshot import HostSnapshot
from schema import document, load, merge, plan
from schema.conda import CondaSpec
from schema.host import HostSpec
from schema.snapshot import Snapshot
from tests.property import model

# What looks at a host, of which there is none here.
LOOKS = {confirm.unchanged, reboot.reboot, confirm.confirm, compute.test}
SHELL = [
    "; canary ;",
    "$(canary)",
    "`canary`",
    "| canary",
    "&& canary",
    "& canary &",
    "> canary",
    "< canary",
    "\ncanary\n",
]
SHELL += [
    "'; canary; '",
    '"; canary; "',
    "' canary '",
    '" canary "',
    "(canary)",
    "{canary,}",
    "\\",
    "${IFS}canary",
    "!canary",
]
WORDS = [
    "*",
    "?",
    "[a]",
    "~",
    "~root",
    "#",
    "%",
    "^",
    "\t",
    "\r",
    "\x00",
    "\x1b[2J",
    "\u2028",
    "\u202e",
    "\uff41",
    "\u00e9",
    "\u0430",
]
PATHS = [
    "../..",
    "/../../etc/passwd",
    "//etc",
    "/./x",
    "-rf",
    "--",
    " -o ProxyCommand=canary",
    "@canary",
    ":canary",
    "%h%r",
]
COMPACT = [
    ";canary;",
    "|canary",
    ">canary",
    "<canary",
    "&canary&",
    "'canary'",
    '"canary"',
    ";canary",
    "a" * 3000,
    "$",
    "=",
    ",",
]
PAYLOADS = (*SHELL, *WORDS, *PATHS, *COMPACT)
# Words of a command of the controller, from a list; only shown; and texts of files, which are sent as base64.
NO_SHELL = frozenset({"connection.sudo_password.command", "accept.reason", "ca_pem", "mirrors.cuda.keys.armoured"})
COMMANDS = """
base64 cat chmod chown conda cp curl cut env getent grep id install ls mkdir mktemp mv readlink rm runuser sha256sum
sort stat sync systemctl tail tr wc wget apt-cache apt-get systemd-run update-alternatives
"""
# A function where the shell allows the name, which is quicker, and a program where it does not, or where none is looked
# for. Both note that the canary was struck; mktemp answers as it does.
ACT = """case $me in canary) : > "$SANDBOX/struck" ;; mktemp) echo "$SANDBOX/scratch" ;; esac"""
PROGRAM = f"#!/bin/sh\nme=${{0##*/}}\n{ACT}\n"
FUNCTIONS = "\n".join(f"{name}() {{ me={name}; {ACT}; }}" for name in (*COMMANDS.split(), "canary") if "-" not in name)
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> HostSpec:
    folder = tmp_path_factory.mktemp("values") / "site"
    sample.write(folder, sample.files())
    spec = load.fleet(folder).hosts["node"]
    return spec.model_copy(update={"gpus": (spec.gpus or ())[:1]})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Path]:
    """A folder that the unprivileged user may write to, with the stubs in bin/ and an empty here/ to work in."""
    made = Path(tempfile.mkdtemp(prefix="gpufleet-canary-"))
    for name in ("bin", "here", "scratch"):
        (made / name).mkdir()
    for name in (*COMMANDS.split(), "canary"):
        (made / "bin" / name).write_text(PROGRAM)
        (made / "bin" / name).chmod(0o755)
    for path in (made, *made.rglob("*")):
        os.chown(path, *((65534, 65534) if os.geteuid() == 0 else (-1, -1)))
    yield made
    shutil.rmtree(made)


def texts(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in a dumped spec with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*place, key))


def replaced(value: object, place: Place, text: str) -> object:
    if not place:
        return text
    copied = dict(value) if isinstance(value, dict) else list(cast("list[object]", value))
    copied[place[0]] = replaced(copied[place[0]], place[1:], text)  # type: ignore[index]
    return copied


def accepted(dumped: object) -> HostSpec | None:
    try:
        return HostSpec.model_validate(dumped)
    except ValidationError:
        return None


def dotted(place: Place) -> str:
    return ".".join(str(part) for part in place if not isinstance(part, int))


def hostile(sound: HostSpec, payload: str, form: str) -> tuple[HostSpec, dict[str, str]]:
    """The sound spec with the payload at every place that takes it, and the values by place."""
    dumped: object = sound.model_dump(mode="json")
    taken: dict[str, str] = {}
    for place, text in list(texts(dumped)):
        value = form.replace("TEXT", text).replace("PAYLOAD", payload)
        if dotted(place) in {"name", *NO_SHELL}:
            continue
        changed = replaced(dumped, place, value)
        if accepted(changed) is not None:
            dumped = changed
            taken[dotted(place)] = value
    spec = accepted(dumped)
    assert spec is not None
    return spec, taken


def scripts(spec: HostSpec, seen: Snapshot, patch: pytest.MonkeyPatch) -> list[str]:
    """Every script that the steps of an apply would send for `spec` to a host that looks like `seen`."""
    found: list[str] = []

    def checked(host: Host, script: str, doing: str, **more: object) -> str:
        found.append(script)
        return ""

    def run(host: Host, one: task.Task, describe: object = None) -> task.Result:
        found.extend([one.script, task.start_script(one).partition("cat >")[0]])
        return task.Result(0, "")

    patch.setattr(remote, "checked", checked)
    patch.setattr(task, "run", run)
    silent = {"log": lambda *_: None, "log_styled": lambda *_, **__: None}
    host = cast("Host", SimpleNamespace(data={}, connector_data={}, name=spec.name, **silent))
    work = Work(host=host, spec=spec, shown=plan.diff(spec, seen), seen=seen, force=True)
    for step in apply.STEPS:
        if step.function in LOOKS:
            continue
        try:
            step.function(work)
        except StepError:
            continue
    if isinstance(spec.conda, CondaSpec):
        found += [environments.removal_script(spec.conda, name) for name in spec.environments]
        found.append(HostSnapshot().command(spec.conda.prefix))
    return found


def execute(script: str, sandbox: Path) -> None:
    """Run it without its ends, so that every line is reached, where all that it can call is a stub."""
    whole = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True)
    assert whole.returncode == 0, whole.stderr + script
    tamed = re.sub(r"\bexit\b", ":", re.sub(r"\bset -e\b", "set +e", re.sub(r"\bcd /(?=\s|;|$)", "cd .", script)))
    lowered = {"user": 65534, "group": 65534, "extra_groups": ()} if os.geteuid() == 0 else {}
    clean = {"PATH": str(sandbox / "bin"), "SANDBOX": str(sandbox)}
    subprocess.run(
        ["/bin/sh", "-c", f"{FUNCTIONS}\n{tamed}"],
        cwd=sandbox / "here",
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        **lowered,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("form", ["TEXTPAYLOAD", "PAYLOAD", "PAYLOADTEXT"])
def test_what_a_shell_could_misread_is_refused_or_arrives_in_one_piece(
    sound: HostSpec, sandbox: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = set()
    for payload in PAYLOADS:
        spec, taken = hostile(sound, payload, form)
        assert all(value.isprintable() for value in taken.values()), taken
        if not taken:
            continue
        for seen in (model.bare(sound), model.as_observed(sound)):
            for script in scripts(spec, seen, monkeypatch):
                if script not in ran:
                    execute(script, sandbox)
                ran.add(script)
        assert not (sandbox / "struck").exists(), taken
        assert not list((sandbox / "here").iterdir()), taken
    assert len(ran) > 50


def written(tree: object) -> str:
    """YAML in which every text is quoted, so that none is a null or a boolean."""
    return yaml.safe_dump(tree, default_style='"', allow_unicode=False, width=10_000).replace("!!str ", "")


@pytest.mark.parametrize("payload", ["$(canary)", "\n", " -rf", "`", "\x1b[2J", "\u202e", '"', "\\", "a" * 9000])
def test_a_hostile_text_is_refused_at_its_place(tmp_path: Path, payload: str) -> None:
    sample.write(tmp_path / "site", sample.files())
    tree, _ = document.parse(sample.files()["hosts/node.yaml"], "node.yaml")
    assert tree is not None
    plain, refused = merge.plain(tree), 0
    for place, text in texts(plain):
        if dotted(place) in {*NO_SHELL, "requires"}:
            continue
        (tmp_path / "site" / "hosts" / "node.yaml").write_text(written(replaced(plain, place, text + payload)))
        found = load.read(tmp_path / "site")
        for problem in found.problems:
            assert problem.line is not None
            assert problem.text().isprintable()
        refused += not found.hosts
    assert refused > 40


@pytest.mark.parametrize(
    "package",
    [
        "https://mirror.example/x-1-0.conda",
        "http://h/c/linux-64::file://x",
        "x-1-0.conda",
        "dir/x.tar.bz2",
        "x.conda[md5=0]",
    ],
)
def test_a_package_without_a_hash_is_no_package_of_an_environment(sound: HostSpec, package: str) -> None:
    place: Place = ("environments", "pip", "packages", 0)
    assert accepted(replaced(sound.model_dump(mode="json"), place, package)) is None


@pytest.mark.parametrize(
    "package", ["conda-forge::numpy=2", "https://mirror.example/c::numpy", "conda-package-handling"]
)
def test_a_package_of_a_channel_is_one(sound: HostSpec, package: str) -> None:
    place: Place = ("environments", "pip", "packages", 0)
    assert accepted(replaced(sound.model_dump(mode="json"), place, package)) is not None
