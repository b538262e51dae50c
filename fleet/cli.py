"""The `fleet` command: verbs loaded by name when they are called, and the exit codes of every way to end."""

import importlib
import keyword
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

# One line each, so that `fleet --help` loads none of them.
VERBS = {
    "init": "a new inventory folder with one commented host file",
    "discover": "host files from machines that exist",
    "import": "an inventory of another tool as ours",
    "validate": "check the inventory without connecting",
    "show": "a host as it is declared, each value with its origin",
    "plan": "what an apply would do",
    "apply": "bring hosts to the declared state",
    "drift": "observed against desired, and health",
    "lock": "resolve exact versions and hashes, and write fleet.lock",
    "explain": "what a code means and how to mend it",
    "schema": "JSON Schema of a host file, for editors",
    "lab": "real hosts on this machine",
}
# Verbs that talk to hosts: without gevent's patches pyinfra's API works on one host after the other.
NETWORKED = frozenset({"discover", "plan", "apply", "drift"})
USAGE = 64  # EX_USAGE of sysexits.h: an unknown verb or flag, and nothing else.
INTERRUPTED = 130  # 128 + SIGINT, as shells have it.


def release() -> str:
    try:
        return version("gpufleet")
    except PackageNotFoundError:
        return "unknown (not installed: make install)"


def module(verb: str) -> str:
    """The name of a verb's module: no module can be called `import`."""
    return f"{verb}_" if keyword.iskeyword(verb) else verb


class Verbs(click.Group):
    """Finds a verb in fleet/verbs/NAME.py when it is named: a start loads one verb's modules and no other's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        folder = Path(__file__).parent / "verbs"
        return [name for name in VERBS if (folder / f"{module(name)}.py").exists()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"fleet.verbs.{module(cmd_name)}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, VERBS[name]) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            raise UnknownVerb(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


class UnknownVerb(click.UsageError):
    """Raised for a verb that there is not; names the nearest."""

    def __init__(self, name: str, known: list[str], ctx: click.Context) -> None:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Verbs are {', '.join(known)}."
        super().__init__(f"No such verb {name!r}. {hint}", ctx)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]}, epilog="Codes: fleet explain CODE.")
@click.version_option(release(), "--version", prog_name="fleet", message="%(prog)s %(version)s")
def cli() -> None:
    """GPU hosts as declared in a folder of YAML: driver, CUDA, cuDNN, conda, checked and kept.

    \b
    fleet validate inventory          is the inventory right?
    fleet plan inventory              what would an apply do?
    fleet apply inventory             make it so
    fleet drift inventory             is it still so?
    """


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one verb and give its exit code. A user's mistake ends in one message, never in a traceback."""
    if NETWORKED.intersection(arguments[:1]):
        from fleet import start

        start.networked()
    try:
        code = cli.main(arguments, prog_name="fleet", standalone_mode=False)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, UnknownVerb | click.NoSuchOption) else 1
    except BrokenPipeError:
        # The reader of our output has gone (`fleet drift | head`); Python would complain again at exit.
        sys.stderr.close()
        return 1
    except Exception as error:
        return failed(error)
    return code if isinstance(code, int) else 0


def failed(error: Exception) -> int:
    """Say what is wrong: known errors in their own words, unexpected ones in one line and a log."""
    from fleet import log, problems, terminal
    from fleet.errors import RunError
    from schema.errors import InvalidInventory

    if isinstance(error, InvalidInventory):
        look = terminal.of(sys.stderr)
        click.echo(problems.refused(error, look), err=True, color=look.colours or None)
    elif isinstance(error, RunError):
        click.echo(error.text(), err=True)
    else:
        log.unexpected(error, None)
    return 1
