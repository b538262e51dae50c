"""conda's match specifications against a package's version and build, as conda itself reads them.

Source: conda's documentation, "Package match specifications", and conda/models/version.py (VersionOrder).
"""

import fnmatch
import functools
import itertools
import re

# How a part of a version sorts: "dev" before other letters, letters before numbers, "post" after them.
Part = tuple[int, int, str]
ZERO: Part = (0, 0, "")
OPERATORS = re.compile(r"^(==|!=|>=|<=|~=|=|>|<)?\s*(.+)$")


def parts(version: str) -> list[list[Part]]:
    """A version's components, each divided into its numbers and words: "1.1.1w" gives 1, 1, (1, "w")."""
    epoch, _, rest = version.lower().rpartition("!")
    return [_component(epoch or "0"), *(_component(item) for item in re.split(r"[._+-]", rest))]


def _component(text: str) -> list[Part]:
    found = [_part(item) for item in re.findall(r"\d+|[a-z]+", text)]
    return [ZERO, *found] if found and found[0][0] != 0 else found or [ZERO]


def _part(text: str) -> Part:
    if text.isdigit():
        return (0, int(text[:99]), "")
    return {"post": (1, 0, ""), "dev": (-2, 0, "")}.get(text, (-1, 0, text))


def compare(one: str, other: str) -> int:
    """-1, 0 or 1; a missing part counts as 0, so that 1.1 is 1.1.0 and newer than 1.1a1."""
    for left, right in itertools.zip_longest(parts(one), parts(other), fillvalue=[ZERO]):
        for first, second in itertools.zip_longest(left, right, fillvalue=ZERO):
            if first != second:
                return -1 if first < second else 1
    return 0


def begins(version: str, prefix: str) -> bool:
    """Whether `version` is `prefix` or a refinement of it: 2.1.3 begins with 2.1, 2.10 does not."""
    wanted = prefix.rstrip("*").rstrip(".")
    return compare(version, wanted) == 0 or version.lower().startswith((f"{wanted}.".lower(), f"{wanted}_".lower()))


def satisfies(version: str, constraint: str) -> bool:
    """Whether a version fits ">=2,<3|4.*", "=2.1", "2.1.*" or "2.1"; a form that is not known fits."""
    alternatives = [item.strip() for item in constraint.split("|")]
    return any(all(_single(version, item.strip()) for item in one.split(",") if item.strip()) for one in alternatives)


def _single(version: str, constraint: str) -> bool:
    found = OPERATORS.match(constraint)
    if found is None or constraint == "*" or re.search(r"[()^$\[\]]", constraint):
        return True
    operator, wanted = found[1], found[2].strip()
    if operator in {"=", None} and (operator or "*" in wanted):
        return begins(version, wanted) if "*" not in wanted.rstrip("*") else fnmatch.fnmatchcase(version, wanted)
    if operator == "~=":
        return compare(version, wanted) >= 0 and begins(version, wanted.rpartition(".")[0] or wanted)
    if "*" in wanted:
        return begins(version, wanted) is (operator != "!=")
    order = compare(version, wanted)
    results = {"==": order == 0, "!=": order != 0, ">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0}
    return results.get(operator or "==", True)


def constraint(requirement: str) -> tuple[str, str]:
    """Version and build constraint, "" where there is none: "=2.1" and "py311*" of "numpy=2.1=py311*"."""
    bare = requirement.rsplit("::", 1)[-1].strip()
    bracket = re.search(r"\[(.*)\]$", bare)
    rest = re.sub(r"\[.*\]$", "", bare)
    rest = re.sub(r"^[A-Za-z0-9_][A-Za-z0-9._-]*", "", rest).strip()
    keys: dict[str, str] = dict(re.findall(r"(\w+)\s*=\s*['\"]?([^'\",\]]+)", bracket[1])) if bracket else {}
    exact = re.fullmatch(r"(==?[^=\s|,]+|[^=<>!~|,\s]+)(?:=|\s+)([^=<>!~|,\s]+)", rest)
    version, build = (exact[1], exact[2]) if exact else (rest, "")
    return keys.get("version", version), keys.get("build", build)


@functools.lru_cache(4096)
def fits(requirement: str, version: str, build: str | None) -> bool:
    """Whether a package of this version and build satisfies a requirement that has its name."""
    wanted, wanted_build = constraint(requirement)
    if wanted and not satisfies(version, wanted):
        return False
    return not wanted_build or build is None or fnmatch.fnmatchcase(build, wanted_build)
