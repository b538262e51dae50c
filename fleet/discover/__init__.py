"""A host file from a machine that exists: what a look at it shows, as YAML that declares it and can be edited."""

from collections.abc import Mapping
from typing import get_args

from fleet.discover import conda, cuda, gpu, site
from fleet.discover.draft import Draft, plain, quoted
from schema.discovery import Discovery
from schema.host import Ubuntu
from schema.snapshot import Snapshot

NOTHING = Discovery()


def host_file(snapshot: Snapshot, connection: Mapping[str, object], found: Discovery = NOTHING) -> str:
    """The text of a host file; `connection` is its section of that name, `{"local": True}` for this machine.

    Raises ValueError, with what was found and what is possible, for a host that is not an Ubuntu we manage.
    """
    return "\n".join(draft(snapshot, connection, found).lines()) + "\n"


def draft(
    snapshot: Snapshot, connection: Mapping[str, object], found: Discovery = NOTHING, external: bool = False
) -> Draft:
    """The same in sections. `external`: the host is only checked, so that whatever is there can be declared."""
    releases = get_args(Ubuntu)
    if snapshot.release.id != "ubuntu" or snapshot.release.version not in releases:
        name = snapshot.release.name or snapshot.release.id or "nothing that could be read"
        raise ValueError(f"found {plain(name)}; gpufleet manages Ubuntu {', '.join(releases)}")
    if snapshot.architecture not in {"x86_64", "aarch64", ""}:
        raise ValueError(f"found a processor of the kind {plain(snapshot.architecture)}; possible: x86_64 and aarch64")
    made = Draft()
    title = f"# {plain(snapshot.hostname)}: {plain(snapshot.release.name)}, {snapshot.memory_mib // 1024} GiB"
    unseen = f"# Not seen, so perhaps missing below: {', '.join(sorted(snapshot.not_seen))}."
    made.add("#title", [title, unseen] if snapshot.not_seen else [title])
    made.add("connection", _connection(connection))
    made.add("ubuntu", [f"ubuntu: {quoted(snapshot.release.version)}"])
    generic = snapshot.platform == "generic"
    made.add("platform", [] if generic else [f"platform: {snapshot.platform}"])
    made.add("l4t", [f"l4t: {quoted(snapshot.l4t)}"] if snapshot.l4t is not None else [])
    made.add("arch", ["arch: aarch64"] if generic and snapshot.architecture == "aarch64" else [])
    made.add("external", ["external: true"] if external else [])
    made.add("gpus", gpu.gpus(snapshot))
    made.add("#driver", gpu.comments(snapshot))
    made.add("driver", gpu.driver(snapshot) if generic else [])
    made.add("cuda", cuda.toolkits(snapshot, path=not external))
    made.add("cudnn", cuda.cudnn(snapshot))
    if not external:
        site.declare(made, snapshot)
    conda.declare(made, snapshot, found, external)
    return made


def _connection(connection: Mapping[str, object]) -> list[str]:
    if connection.get("local"):
        return ["connection: local"]
    return ["connection:", *(f"  {key}: {quoted(value)}" for key, value in connection.items())] if connection else []
