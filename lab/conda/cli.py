"""The stand-in's command line: conda's verbs and flags, as far as people and gpufleet type them."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab.conda import condarc, configure, context, envfile, environment, listing, shell, tos
from lab.conda.errors import CondaError

if TYPE_CHECKING:
    # argparse's own type takes no parameter at run time.
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]
MARKER = Path("/etc/gpufleet-lab")


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--name")
    parser.add_argument("-p", "--prefix")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("-v", "--verbose", action="count")


def _transaction(parser: argparse.ArgumentParser, files: bool = True) -> None:
    _common(parser)
    parser.add_argument("-y", "--yes", action="store_true")
    parser.add_argument("-d", "--dry-run", action="store_true")
    parser.add_argument("-c", "--channel", action="append", default=[])
    parser.add_argument("-O", "--override-channels", action="store_true")
    parser.add_argument("--solver")
    for flag in ("--strict-channel-priority", "--no-default-packages", "--freeze-installed", "--download-only", "-S"):
        parser.add_argument(flag, action="store_true")
    if files:
        parser.add_argument("-f", "--file", action="append", default=[])
        parser.add_argument("packages", nargs="*")


def _environment_verbs(verbs: "Verbs") -> None:
    for name, function in (
        ("create", environment.create),
        ("install", environment.install),
        ("update", environment.update),
    ):
        verb = verbs.add_parser(name, aliases=["upgrade"] if name == "update" else [])
        _transaction(verb)
        verb.add_argument("--all", action="store_true")
        verb.set_defaults(function=function, verb=name)
    verb = verbs.add_parser("remove", aliases=["uninstall"])
    _transaction(verb)
    verb.add_argument("--all", action="store_true")
    verb.set_defaults(function=environment.remove, verb="remove")
    verb = verbs.add_parser("env")
    verb.add_argument("action", choices=("create", "update", "export", "remove", "list"))
    _transaction(verb, files=False)
    verb.add_argument("-f", "--file", default="environment.yml")
    for flag in ("--prune", "--from-history", "--no-builds"):
        verb.add_argument(flag, action="store_true")
    verb.set_defaults(function=envfile.command)


def _reading_verbs(verbs: "Verbs") -> None:
    verb = verbs.add_parser("list")
    _common(verb)
    for flag in ("--explicit", "--md5", "--sha256"):
        verb.add_argument(flag, action="store_true")
    verb.add_argument("regex", nargs="?")
    verb.set_defaults(function=listing.packages)
    verb = verbs.add_parser("info")
    _common(verb)
    verb.add_argument("-e", "--envs", action="store_true")
    verb.add_argument("--base", action="store_true")
    verb.set_defaults(function=listing.info)
    verb = verbs.add_parser("run")
    verb.add_argument("-n", "--name")
    verb.add_argument("-p", "--prefix")
    verb.add_argument("--cwd")
    for flag in ("--no-capture-output", "--live-stream"):
        verb.add_argument(flag, action="store_true")
    verb.add_argument("command", nargs=argparse.REMAINDER)
    verb.set_defaults(function=shell.run)


def _setting_verbs(verbs: "Verbs") -> None:
    verb = verbs.add_parser("config")
    for flag in ("--system", "--env", "--json", "--show-sources"):
        verb.add_argument(flag, action="store_true")
    verb.add_argument("--file", dest="config_file")
    for flag in ("--set", "--add", "--append", "--prepend", "--remove"):
        verb.add_argument(flag, nargs=2, action="append")
    verb.add_argument("--remove-key", action="append")
    verb.add_argument("--show", nargs="*")
    verb.add_argument("--get", nargs="*")
    verb.set_defaults(function=configure.command)
    verb = verbs.add_parser("tos")
    verb.add_argument("action", nargs="?", default="view", choices=("accept", "reject", "view"))
    verb.add_argument("-c", "--channel", action="append", default=[])
    verb.add_argument("-O", "--override-channels", action="store_true")
    for place in ("user", "system", "site"):
        verb.add_argument(f"--{place}", dest="location", action="store_const", const=place, default="user")
    verb.set_defaults(function=tos.command)
    verb = verbs.add_parser("init")
    verb.add_argument("--system", action="store_true")
    verb.add_argument("shells", nargs="*")
    verb.set_defaults(function=shell.init)
    for name in ("shell.posix", "shell.bash"):
        verb = verbs.add_parser(name)
        verb.add_argument("action", choices=("activate", "deactivate", "reactivate", "hook"))
        verb.add_argument("target", nargs="?")
        verb.set_defaults(function=shell.posix)


def _parser(here: context.Context) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conda", description="A stand-in of the gpufleet lab for conda, over py-rattler."
    )
    parser.add_argument("-V", "--version", action="version", version=f"conda {listing.version(here)}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    _environment_verbs(verbs)
    _reading_verbs(verbs)
    _setting_verbs(verbs)
    return parser


def main() -> int:
    if not MARKER.exists():
        print(
            f"conda: a stand-in of the gpufleet lab; it works on lab hosts only ({MARKER} is missing)", file=sys.stderr
        )
        return 1
    as_json = "--json" in sys.argv
    try:
        here = context.current()
        options = _parser(here).parse_args()
        condarc.apply_network(here.settings, here.root / "ssl/cacert.pem")
        return int(options.function(here, options))
    except CondaError as problem:
        if as_json:
            print(
                json.dumps(
                    {"error": str(problem), "exception_name": problem.kind, "message": problem.args[0]}, indent=2
                )
            )
        else:
            print(f"\n{problem}\n", file=sys.stderr)
        return problem.code


def run() -> None:
    """Run a command and leave at once: py-rattler's threads may still use the interpreter while Python takes it down.

    Without this one transaction in thirteen ended with a segmentation fault (py-rattler 0.28 under Python 3.13).
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
