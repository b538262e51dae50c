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
from pathlib import Path

import rattler
from rattler import exceptions
from rattler.repo_data.package_record import PackageRecord

from fleet.solve import question, variant
from fleet.solve.question import Answer, Package, Question
from fleet.solve.variant import Build

ROUNDS = 6


class Refusal(Exception):  # noqa: N818 - an answer, not a fault.
    def __init__(self, kind: question.Kind, text: str, **more: str) -> None:
        super().__init__(text)
        self.answer = Answer(error=kind, text=text, **more)


class Channels:
    """The channels of one question, and what was read of them so far."""

    def __init__(self, asked: Question) -> None:
        client = rattler.Client.default_client(max_retries=2, timeout=asked.request_seconds)
        self.gateway = rattler.Gateway(cache_dir=Path(asked.cache), client=client)
        self.urls = list(asked.channels)
        self.platforms = [rattler.Subdir(asked.platform), rattler.Subdir("noarch")]

    def rank(self, record: rattler.RepoDataRecord) -> int:
        """The place of a record's channel in the order of priority."""
        return next((place for place, url in enumerate(self.urls) if record.url.startswith(f"{url}/")), len(self.urls))

    async def records(
        self, names: Sequence[str], platforms: Sequence[rattler.Subdir] | None = None
    ) -> list[rattler.RepoDataRecord]:
        """Every package of these names in all channels."""
        found = await self.gateway.query(
            sources=self.urls,
            platforms=list(platforms or self.platforms),
            specs=[rattler.MatchSpec(name) for name in names],
            recursive=False,
            channel_relations="disabled",
        )
        return [record for part in found for record in part]


def parsed(text: str) -> rattler.MatchSpec:
    """A specification as conda reads it: "pytorch=2.8=cuda*" too, which the strict form does not know."""
    try:
        return rattler.MatchSpec(text, strict=False)
    except Exception as error:  # py-rattler raises one class per way in which a specification can be wrong.
        raise Refusal("spec", str(error).splitlines()[0], name=text) from None


def built(record: PackageRecord) -> Build:
    return Build(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        depends=tuple(record.depends),
        features=bool(record.track_features),
    )


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
        constraints=[rattler.MatchSpec(text) for text in more],
        channel_relations="disabled",
    )


async def answer(asked: Question) -> Answer:
    """Solve; where the host has a driver, again with builds for CUDA alone where one for the processor slipped in."""
    channels = Channels(asked)
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
            raise await _unsolved(asked, channels, str(error), wanted, constraints, notes) from None
        found = await _slipped_in(asked, channels, records, wanted) if asked.cuda else {}
        if not found:
            await _in_order(channels, specs, records)
            return Answer(packages=_ordered(records), notes=tuple(_kept_notes(notes, records)))
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


async def _unsolved(
    asked: Question,
    channels: Channels,
    text: str,
    wanted: Sequence[variant.Asked],
    constraints: dict[str, str],
    notes: Sequence[str],
) -> Refusal:
    """Why there is no solution: a build for CUDA that does not go with the rest, an unknown name, or a conflict."""
    if constraints:
        name = next(iter(constraints))
        every = [built(record) for record in await channels.records([name])]
        cuda = [item for item in every if variant.for_cuda(item)]
        label = next(note for note in notes if note.startswith(f"{name}:")).rpartition(" instead of ")[2]
        same = [item for item in cuda if item.version == label.split()[0]] or cuda
        return Refusal(
            "processor",
            text,
            name=name,
            chosen=label,
            available=variant.kinds(same),
            needs=", ".join(variant.floors(same)),
            spelled=variant.spelled(item.build for item in cuda),
            processor=variant.spelled_processor(label.split()[1]),
        )
    for item in wanted:
        if f"No candidates were found for {item.name} " in f"{text.rstrip('.')} ":
            return await _not_found(asked, channels, text, item.name)
    return Refusal("unsolvable", text)


async def _not_found(asked: Question, channels: Channels, text: str, name: str) -> Refusal:
    """A requested package without candidates: with other versions, built for another platform, or unknown."""
    here = await channels.records([name])
    if here:
        versions = sorted({record.version for record in here}, reverse=True)
        return Refusal("version", text, name=name, available=", ".join(str(item) for item in versions[:8]))
    other = [item for item in ("linux-64", "linux-aarch64") if item != asked.platform]
    elsewhere = await channels.records([name], [rattler.Subdir(item) for item in other])
    if elsewhere:
        return Refusal("platform", text, name=name, available=", ".join(other))
    known = await channels.gateway.names(sources=channels.urls, platforms=channels.platforms)
    return Refusal("unknown", text, name=name, available=question.nearest(name, [item.normalized for item in known]))


def _ordered(records: Sequence[rattler.RepoDataRecord]) -> tuple[Package, ...]:
    """In the order of installation: each package after those that it depends on."""
    by_name = {record.name.normalized: record for record in records}
    order = [item.name.normalized for item in PackageRecord.sort_topologically(list(records))]
    return tuple(_package(by_name[name]) for name in order)


def _package(record: rattler.RepoDataRecord) -> Package:
    needs = {item.split()[0] for item in record.depends if item.split()}
    return Package(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        url=record.url,
        sha256=record.sha256.hex() if record.sha256 else None,
        md5=record.md5.hex() if record.md5 else None,
        size=record.size,
        subdir=record.subdir,
        python=bool(needs & {"python", "python_abi"}) or bool(record.noarch.python),
    )


def main() -> None:
    """Answer one question and leave at once, before py-rattler's threads meet an interpreter that shuts down."""
    asked = Question.model_validate_json(sys.stdin.read())
    try:
        said = asyncio.run(answer(asked))
    except Refusal as refusal:
        said = refusal.answer
    except (exceptions.GatewayError, exceptions.FetchRepoDataError, exceptions.IoError) as error:
        said = Answer(error="channel", text=str(error))
    except exceptions.SolverError as error:
        said = Answer(error="unsolvable", text=str(error))
    sys.stdout.write(json.dumps(said.to_json()))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
