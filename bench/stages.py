"""python -m bench.stages WAY FOLDER: load once in this fresh process, one way; seconds of CPU and wall as JSON.

`load` is what every verb does. `stages` is the same with a clock around each step, `yaml` a plain `CSafeLoader` on the
same files, and `pydantic` the validation alone of what they say, already read and merged.
"""

import functools
import json
import operator
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

# The steps of `schema.load`, by the module and the function that is called for each host.
STEPS = (
    ("read", "schema.folder.Files", "read"),
    ("parse", "schema.document", "parse"),
    ("merge", "schema.groups", "resolved"),
    ("spell", "schema.spelling", "written_out"),
    ("build", "schema.build", "host"),
    ("rules", "schema.rules", "broken"),
    ("rules", "schema.rules", "whole"),
    ("content", "schema.content", "filled"),
)


def clocked(step: str, inner: Callable[..., object], spent: dict[str, float]) -> Callable[..., object]:
    """`inner` with its CPU time added to `spent`; the clock itself costs about a microsecond a call."""

    @functools.wraps(inner)
    def outer(*values: object, **names: object) -> object:
        begun = time.process_time()
        try:
            return inner(*values, **names)
        finally:
            spent[step] = spent.get(step, 0.0) + time.process_time() - begun

    return outer


def load(folder: Path, *, stages: bool) -> dict[str, float]:
    started = time.process_time()
    from schema import load as loader

    spent = {"import": time.process_time() - started}
    for step, module, name in STEPS if stages else ():
        owner = operator.attrgetter(module.partition(".")[2])(sys.modules["schema"])
        setattr(owner, name, clocked(step, getattr(owner, name), spent))
    begun, wall = time.process_time(), time.monotonic()
    found = loader.read(folder)
    spent |= {"total": time.process_time() - begun, "wall": time.monotonic() - wall}
    errors = {problem.host for problem in found.problems if problem.severity == "error"}
    warned = {problem.host for problem in found.problems if problem.severity == "warning"}
    return spent | {"hosts": len(found.names), "errors": len(errors), "warned": len(warned)}


def plain(folder: Path) -> dict[str, float]:
    """What reading the same bytes as YAML costs without places, checks and merging, as most programs do."""
    import yaml

    begun, wall = time.process_time(), time.monotonic()
    kept = [yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) for file in sorted(folder.rglob("*.yaml"))]
    spent = {"total": time.process_time() - begun, "wall": time.monotonic() - wall}
    return spent | {"hosts": len(kept) - 1}


def validation(folder: Path) -> dict[str, float]:
    """What pydantic alone costs for the same hosts, given as plain values."""
    from schema import load as loader
    from schema.host import HostSpec

    given = [spec.model_dump(mode="json") for spec in loader.read(folder).hosts.values()]
    begun, wall = time.process_time(), time.monotonic()
    kept = [HostSpec.model_validate(values) for values in given]
    spent = {"total": time.process_time() - begun, "wall": time.monotonic() - wall}
    return spent | {"hosts": len(kept)}


WAYS: dict[str, Callable[[Path], dict[str, float]]] = {
    "load": functools.partial(load, stages=False),
    "stages": functools.partial(load, stages=True),
    "yaml": plain,
    "pydantic": validation,
}

if __name__ == "__main__":
    measured = WAYS[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write(json.dumps(measured | {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
