"""The channels of one question as py-rattler reads them, and what is made of their packages."""

from collections.abc import Sequence
from pathlib import Path

import rattler
from rattler.repo_data.package_record import PackageRecord

from fleet.solve import question
from fleet.solve.question import Answer, Package, Question
from fleet.solve.variant import Build


class Refusal(Exception):  # noqa: N818 - an answer, not a fault.
    def __init__(self, kind: question.Kind, text: str, **more: str) -> None:
        super().__init__(text)
        self.answer = Answer(error=kind, text=text, **more)


class Channels:
    """The channels of one question, and what was read of them so far."""

    def __init__(self, asked: Question, *, plain: bool) -> None:
        config = rattler.SourceConfig(zstd_enabled=not plain, bz2_enabled=not plain, sharded_enabled=not plain)
        client = rattler.Client.default_client(max_retries=2, timeout=asked.request_seconds)
        self.gateway = rattler.Gateway(cache_dir=Path(asked.cache), client=client, default_config=config)
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


def ordered(records: Sequence[rattler.RepoDataRecord]) -> tuple[Package, ...]:
    """In the order of installation: each package after those that it depends on. pip comes after Python, whatever
    Python says of it.
    """
    by_name = {record.name.normalized: record for record in sorted(records, key=lambda one: one.name.normalized)}
    order: dict[str, Package] = {}
    waiting: set[str] = set()

    def visit(name: str) -> None:
        if name in waiting or name not in by_name:
            return
        waiting.add(name)
        for needed in sorted({item.split()[0] for item in by_name[name].depends if item.split()}):
            if (name, needed) != ("python", "pip"):
                visit(needed)
        order[name] = _package(by_name[name])

    for name in by_name:
        visit(name)
    return tuple(order.values())


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
