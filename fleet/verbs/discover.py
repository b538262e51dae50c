"""fleet discover: host files from machines that exist, new ones or completed."""

from pathlib import Path

import click

from fleet import log, machine, options, output, prompt, targets
from fleet.discover import folder, look, report, work
from fleet.errors import RunError
from schema import load, ranges
from schema.fleet import Fleet
from schema.host import HostSpec


@click.command()
@click.argument("machines", nargs=-1, metavar="[[USER@]HOST...|local|NAME...]")
@click.option(
    "--into", "-i", "into", required=True, type=click.Path(path_type=Path, file_okay=False), help="Inventory folder."
)
@options.limit
@click.option("--key", metavar="FILE", help="Private key; without it ssh_config, the agent and the usual keys.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the SSH server.")
@click.option("--accept-new-host-keys", is_flag=True, help="Trust the key of a host seen for the first time.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@options.ask_sudo
@options.form
@options.file
def command(
    machines: tuple[str, ...],
    into: Path,
    limit: tuple[str, ...],
    key: str | None,
    port: int | None,
    accept_new_host_keys: bool,
    force: bool,
    ask_sudo: bool,
    form: str,
    file: Path | None,
) -> int:
    """Look at machines and write DIR/hosts/NAME.yaml for each; nothing is changed on them.

    A NAME of a host in DIR, or no name at all, completes files that are there: what is missing is added below, and no
    line of theirs is changed. Exit code: 0 all written, 1 not all.

    \b
    fleet discover local --into my-fleet
    fleet discover ubuntu@10.0.0.11 ubuntu@10.0.0.12 --into my-fleet
    fleet discover -i my-fleet           the hosts that lack their release or GPUs, as after an import
    """
    return describe(
        machines, into.expanduser(), limit, (key, port, accept_new_host_keys), (force, ask_sudo), (form, file)
    )


Given = tuple[str | None, int | None, bool]


def describe(
    machines: tuple[str, ...],
    into: Path,
    limit: tuple[str, ...],
    given: Given,
    how: tuple[bool, bool],
    to: tuple[str, Path | None],
) -> int:
    """Look, write, report; the exit code. `given`: key, port, accept new host keys; `how`: force, ask for sudo."""
    known = _with(folder.read(into), *given)
    if machines and limit:
        raise RunError("RUN294", "--limit chooses hosts of the folder, and machines are named", hint="leave one out")
    chosen = _named(machines, known, given) if machines else _incomplete(into, known, limit)
    chosen = [_here(one) for one in chosen]
    jobs = [one for one in chosen if isinstance(one, work.Job)]
    log.start("discover", progress=False)
    names = [job.spec.name for job in jobs]
    fleet = Fleet(
        **{**known.fleet.__dict__, "hosts": {**known.fleet.hosts, **{job.spec.name: job.spec for job in jobs}}}
    )
    told = output.counter(names)
    seen, found = look.machines(fleet, names, known.prefixes, asked=prompt.sudo_password(how[1]), told=told)
    output.progress_end()
    results = [one for one in chosen if isinstance(one, work.Result)]
    results += work.write_all(into, known, jobs, (seen, found), force=how[0])
    problems = load.read(into).problems if any(result.file for result in results) else ()
    if to[0] == "json":
        output.emit(output.dumps(report.document(results, problems, into)), to[1])
    else:
        report.tell(results, problems, into, to[1])
    return 1 if any(result.error for result in results) else 0


Chosen = list[work.Job | work.Result]


def _here(one: work.Job | work.Result) -> work.Job | work.Result:
    """This machine is asked at once whether it is an Ubuntu; that it is none does not keep the others waiting."""
    if isinstance(one, work.Job) and one.spec.connection.local:
        try:
            machine.check_ubuntu()
        except RunError as error:
            return work.Result(one.name, "failed", error=error)
    return one


def _named(machines: tuple[str, ...], known: folder.Known, given: Given) -> Chosen:
    """Each machine once: a host of the folder by its name, or a target of its own."""
    jobs: dict[str, work.Job | work.Result] = {}
    for text in machines:
        if text in known.files and text != targets.LOCAL:
            jobs[text] = _known(text, known)
        else:
            target = targets.parse(text, *given)
            jobs[target.spec.name] = work.Job(target.name, target.spec, target)
    return list(jobs.values())


def _with(known: folder.Known, key: str | None, port: int | None, accept_new: bool) -> folder.Known:
    """The folder's hosts with the options of this run, where they do not say that themselves."""
    given: dict[str, object] = {"key": key, "port": port, "host_keys": "accept-new" if accept_new else None}

    def one(spec: HostSpec) -> HostSpec:
        unsaid = {
            name: value for name, value in given.items() if value and name not in spec.connection.model_fields_set
        }
        connection = spec.connection.model_copy(update=unsaid)
        return spec if spec.connection.local else spec.model_copy(update={"connection": connection})

    hosts = {name: one(spec) for name, spec in known.fleet.hosts.items()}
    return known._replace(fleet=Fleet(**{**known.fleet.__dict__, "hosts": hosts}))


def _known(name: str, known: folder.Known) -> work.Job | work.Result:
    """A host of the folder, or why it cannot be looked at; the others are not kept waiting for its mending."""
    spec = known.fleet.hosts.get(name)
    if spec is None:
        message = f"{known.files[name]} does not say how {name} is reached"
        hint = f"mend it: fleet validate {known.fleet.root}"
        return work.Result(name, "failed", error=RunError("RUN295", message, state="not connected to", hint=hint))
    return work.Job(name, spec, None)


def _incomplete(into: Path, known: folder.Known, limit: tuple[str, ...]) -> Chosen:
    """The hosts of the folder that lack their release or GPUs."""
    if not known.fleet.names:
        hint = "name machines: fleet discover [USER@]HOST --into DIR, or local for this one"
        raise RunError("RUN293", f"no machine was named, and {into} has no hosts", hint=hint)
    names = set(known.incomplete())
    patterns = [part for text in limit for part in ranges.split(text)]
    if patterns:
        chosen, unmatched = known.fleet.select(patterns)
        if unmatched:
            raise RunError("RUN294", f"the limit {unmatched[0]!r} matches no host", hint="see them: fleet validate")
        names &= set(chosen)
    if not names:
        hint = "name a host to have its file completed with all that is there: fleet discover NAME -i DIR"
        raise RunError("RUN294", f"every host of {into} says its release and its GPUs", state="unchanged", hint=hint)
    return [_known(name, known) for name in known.fleet.names if name in names]
