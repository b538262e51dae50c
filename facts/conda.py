"""conda: what stands in its prefix."""

import re

from facts import environments, probe, text
from facts.fact import FactBase
from schema.conda import CondaState


class Conda(FactBase[CondaState | None]):
    """conda and its environments; null where the prefix is not there.

    `{"prefix": "/opt/conda", "version": "25.3.1", "installer": "miniforge 25.3.1-0", "owner": "root", "mode": "0755",
    "environments": [...]}` (an environment's shape: `facts.environments.Environments`). `prefix` is the argument, else
    the host's declared one, else /opt/conda.
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(("conda", "environments"), probe.prefix(prefix))

    def process(self, output: list[str]) -> CondaState | None:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> CondaState | None:
    """The prefix of one run of the probe; None where it is absent or could not be looked into."""
    owners = environments.owners(found)
    if found.status.get("conda/prefix") != "0" or not owners:
        return None
    prefix, (mode, owner) = next(iter(owners.items()))
    version = text.first(r"\bconda-([0-9][^-]*)-[^-]+\.json", found.value("conda/prefix", "conda") or "")
    # gpufleet writes "miniforge 25.3.1-0 SHA256"; the hash is not part of what the host shows.
    installer = re.match(r"\S+ \S+", found.value("conda/prefix", "installer") or "")
    return CondaState(
        prefix=prefix,
        version=version,
        installer=installer.group() if installer else None,
        owner=owner,
        mode=mode,
        environments=environments.parse(found),
    )
