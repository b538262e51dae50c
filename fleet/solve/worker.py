"""The conda solver's own process: a question as JSON on standard input, the answer as JSON on standard output.

py-rattler works in threads that gevent's patches do not reach, may wait for a server without end, and has been seen to
end with a segmentation fault while Python shuts down (0.28): so it is asked in a process that is ended from outside.
"""

import asyncio
import datetime
import json
import os
import sys
from collections.abc import Sequence

import rattler
from rattler import exceptions

from fleet.solve import unsolved, variant
from fleet.solve.channels import Channels, Refusal, built, ordered, parsed
from fleet.solve.question import Answer, Question
from fleet.solve.variant import Build

ROUNDS = 6


async def solved(
    asked: Question,
    channels: Channels,
    specs: list[rattler.MatchSpec],
    keep: Sequence[rattler.RepoDataRecord],
    more: Sequence[str],
) -> list[rattler.RepoDataRecord]:
    """One solve, as conda with strict channel priority does it. `channel_relations` of a channel are not followed: they
    would bring packages of channels that nobody declared (CEP 42).
    """
    return await rattler.solve(
        channels.urls,
        specs,
        gateway=channels.gateway,
        platforms=channels.platforms,
        locked_packages=list(keep),
        virtual_packages=[
            rattler.GenericVirtualPackage(
                rattler.PackageName(item.name), rattler.Version(item.version), rattler.BuildString(item.build)
            )
            for item in asked.virtual
        ],
        channel_priority=rattler.ChannelPriority.Strict,
        timeout=datetime.timedelta(seconds=asked.seconds),
        constraints=[rattler.MatchSpec(text) for text in (*asked.limits, *more)],
        channel_relations="disabled",
        # As conda does by default (add_pip_as_python_dependency), where a channel has pip at all.
        add_pip_as_python_dependency=bool(await channels.records(["pip"])),
    )


async def answer(asked: Question, *, plain: bool = False) -> Answer:
    """Solve; where the host has a driver, again with builds for CUDA alone where one for the processor slipped in.

    `plain`: read repodata.json and none of its compressed or divided forms.
    """
    channels = Channels(asked, plain=plain)
    specs = [parsed(text) for text in asked.specs]
    wanted = [variant.Asked(item.name.normalized, str(item.build or "")) for item in specs if item.name is not None]
    kept = set(asked.keep)
    keep = [one for one in await channels.records(asked.kept_names) if one.url in kept] if kept else []
    constraints: dict[str, str] = {}
    notes: list[str] = []
    for _ in range(ROUNDS):
        try:
            records = await solved(asked, channels, specs, keep, list(constraints.values()))
        except exceptions.SolverError as error:
            raise await unsolved.refusal(asked, channels, str(error), wanted, constraints, notes) from None
        found = await _slipped_in(asked, channels, records, wanted) if asked.cuda else {}
        if not found:
            await _in_order(channels, specs, records)
            return Answer(packages=ordered(records), notes=tuple(_kept_notes(notes, records)))
        for chosen, siblings in found.values():
            constraints[chosen.name] = variant.exactly(chosen.name, (item.build for item in siblings))
            notes.append(f"{chosen.name}: a build for CUDA instead of {chosen.label}")
    raise Refusal("unsolvable", f"no set of builds for CUDA was found in {ROUNDS} rounds: {', '.join(constraints)}")


async def _in_order(
    channels: Channels, specs: Sequence[rattler.MatchSpec], records: Sequence[rattler.RepoDataRecord]
) -> None:
    """Raise where a requested package comes from a later channel although an earlier one has the name.

    py-rattler (0.28) takes the first channel with a version that fits; conda's strict priority, and the protection of a
    site's own names, ask for the first channel that has the package at all.
    """
    asked = {item.name.normalized: str(item) for item in specs if item.name is not None and item.channel is None}
    chosen = {record.name.normalized: record for record in records}
    first: dict[str, str] = {}
    for record in sorted(await channels.records(list(asked)), key=channels.rank) if asked else ():
        first.setdefault(record.name.normalized, str(record.channel))
    for name, place in first.items():
        if str(chosen[name].channel) != place:
            text = f"{place} comes first and has other versions of it; {chosen[name].url} is in a later channel"
            raise Refusal("priority", text, name=asked[name])


async def _slipped_in(
    asked: Question, channels: Channels, records: Sequence[rattler.RepoDataRecord], wanted: Sequence[variant.Asked]
) -> dict[str, tuple[Build, list[Build]]]:
    """The builds for the processor alone that nobody asked for, by name, each with its channel's builds for CUDA."""
    builds = {record.name.normalized: (built(record), record.channel) for record in records}
    meant = variant.chosen_by_name(wanted, [build for build, _ in builds.values()])
    names = frozenset(item.name for item in wanted)
    look = [name for name, (build, _) in builds.items() if name not in meant and variant.watched(build, names)]
    siblings: dict[str, list[Build]] = {}
    for record in await channels.records(look) if look else ():
        if record.channel == builds[record.name.normalized][1]:
            siblings.setdefault(record.name.normalized, []).append(built(record))
    return {
        name: (builds[name][0], [item for item in found if variant.for_cuda(item)])
        for name, found in siblings.items()
        if variant.slipped_in(builds[name][0], found)
    }


def _kept_notes(notes: Sequence[str], records: Sequence[rattler.RepoDataRecord]) -> list[str]:
    """What was said on the way about packages that are in the end result, each with what came of it."""
    labels = {record.name.normalized: built(record).label for record in records}
    pairs = ((note, note.partition(":")[0]) for note in dict.fromkeys(notes))
    return [f"{note}: {labels[name]}" for note, name in pairs if name in labels]


def attempt(asked: Question, *, plain: bool) -> Answer:
    try:
        return asyncio.run(answer(asked, plain=plain))
    except Refusal as refusal:
        return refusal.answer
    except (exceptions.GatewayError, exceptions.FetchRepoDataError, exceptions.IoError) as error:
        return Answer(error="channel", text=str(error))
    except exceptions.SolverError as error:
        return Answer(error="unsolvable", text=str(error))


def main() -> None:
    """Answer one question and leave at once, before py-rattler's threads meet an interpreter that shuts down."""
    asked = Question.model_validate_json(sys.stdin.read())
    said = attempt(asked, plain=False)
    # Some mirrors answer 200 and a page of their own for a file that they do not have, such as a form of the index.
    if said.error == "channel" and "error sending request" not in said.text and "HTTP status" not in said.text:
        said = attempt(asked, plain=True)
    sys.stdout.write(json.dumps(said.to_json()))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
