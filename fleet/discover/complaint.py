"""What is wrong with a draft, by the section that it is about: what validate refuses, and what drift would tell."""

import re

from fleet.discover.check import Verdict

# Without these there is no file of this machine; an error in them is shown, and not commented out.
FIXED = frozenset({"ubuntu", "connection", "groups", "gpus", "arch", "external", "platform", "l4t"})
SAID = (("CUDA ", "cuda"), ("/usr/local/cuda:", "cuda"), ("cuDNN ", "cudnn"), ("/", "conda"))


def complaints(verdict: Verdict) -> list[tuple[str, str]]:
    """Path and words, the first to be met first."""
    errors = [(problem.path or "", problem.message) for problem in verdict.errors]
    found = [(path, words) for path, words in errors if path and path.split(".")[0] not in FIXED]
    return found or _differences(verdict)


def _differences(verdict: Verdict) -> list[tuple[str, str]]:
    """What a drift check would tell of a host that is not changed; of another, when its environments alone differ."""
    if verdict.plan is None:
        return []
    lines = [line for one in verdict.plan.findings if one.code == "GPU190" for line in one.evidence.splitlines()]
    found = [(_path(line), line) for line in lines]
    changes = verdict.plan.changes
    if changes and all(change.concern == "environments" for change in changes):
        found += [(_path(change.item), f"a run would change {change.item}") for change in changes]
    return found


def _path(line: str) -> str:
    """The section of "CUDA 12.9: ...", "/opt/conda: ..." or "ds/numpy: ..."."""
    known = next((key for start, key in SAID if line.startswith(start)), None)
    return known or f"environments.{re.split(r'/|: ', line)[0]}"


def live(sections: dict[str, list[str]], path: str) -> str | None:
    """The key of the section that a path lies in, None where there is none or it is commented out already."""
    keys = [key for key in sections if path == key or path.startswith(f"{key}.")]
    key = max(keys, key=len, default=None)
    return key if key is not None and not sections[key][0].startswith("# Not declared") else None
