"""Why a question has no solution: a build for CUDA that does not go with the rest, an unknown name, or a conflict."""

from collections.abc import Mapping, Sequence

import rattler

from fleet.solve import question, variant
from fleet.solve.channels import Channels, Refusal, built
from fleet.solve.question import Question


async def refusal(
    asked: Question,
    channels: Channels,
    text: str,
    wanted: Sequence[variant.Asked],
    constraints: Mapping[str, str],
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
