"""Why the Python packages of an environment could not be resolved, and what to type."""

import re
from collections.abc import Iterable, Mapping

from fleet.errors import RunError
from fleet.solve import project
from fleet.solve.network import Done, shortened
from schema.environments import PinnedPackage, PipIndex

CREDENTIALS = re.compile(r"//[^/@\s]+@")
NO_WHEEL = ("has no wheels", "no usable wheels", "have no wheels", "have no usable wheels", "is not built", "disabled")
NETWORK = (
    "Failed to fetch",
    "error sending request",
    "Request failed",
    "HTTP status",
    "certificate",
    "Could not connect",
)
AGAIN = "then run the same command again"


def refused(
    environment: str, done: Done, main: str | None, indexes: Iterable[PipIndex], conda: Mapping[str, str]
) -> RunError:
    """The error for uv's own: no solution, or an index that did not answer as it must."""
    text = readable(done.errors)
    evidence = f"{text}\nindexes: {', '.join(addresses(main, indexes))}"
    # An index that wants credentials is, for uv, one that has nothing; only a hint says otherwise.
    silent = "could not be queried" in done.errors or "403 Forbidden" in done.errors
    if "No solution found" in done.errors and not silent:
        return _unsolvable(environment, text, evidence, conda)
    if silent or any(word in done.errors for word in NETWORK):
        hint = f"look at the address and the network (mirrors.pypi, pip.indexes, proxy, ca_bundle), {AGAIN}"
        return RunError(
            "RUN361", f"environment {environment}: an index could not be read", evidence=evidence, hint=hint
        )
    message = f"environment {environment}: uv could not resolve the Python packages (exit code {done.code})"
    return RunError("RUN360", message, evidence=evidence, hint="correct what is named above; then: fleet lock")


def _unsolvable(environment: str, text: str, evidence: str, conda: Mapping[str, str]) -> RunError:
    brought = [
        name for name, version in conda.items() if re.search(rf"\b{re.escape(name)}=={re.escape(version)}", text)
    ]
    if brought:
        known = {other: name for name, other in project.OTHER_NAMES.items()}
        names = ", ".join(f"{known.get(name, name)} {conda[name]}" for name in brought)
        first = known.get(brought[0], brought[0])
        message = f"environment {environment}: pip's packages need other versions than conda brings ({names})"
        hint = f"ask conda for a version that fits, under packages: (such as {first}>=...), or pip for another one"
        return RunError("RUN365", message, evidence=evidence, hint=hint)
    if any(word in text for word in NO_WHEEL):
        message = f"environment {environment}: there is no wheel of a package for this host"
        hint = "ask for a version that has one, or for conda's package; a source distribution is not built"
        return RunError("RUN362", message, evidence=evidence, hint=hint)
    message = f"environment {environment}: pip's packages have no solution"
    hint = "declare versions that exist for this Python and go together; then: fleet lock"
    if "not found in the package registry" in text:
        hint = "correct the name; if it is on an index of its own, list it in that index's packages; then: fleet lock"
    return RunError("RUN360", message, evidence=evidence, hint=hint)


def readable(text: str) -> str:
    """uv's explanation without its frame, without credentials, and with "you" for the project that it was told of."""
    lines = [re.sub(r"^\s*(error|cause|warning): ", "", line) for line in text.splitlines()]
    kept = [line for line in lines if line.strip() and not line.startswith("No solution found")]
    plain = "\n".join(kept).replace("the-declaration depends on", "you ask for").replace("the-declaration", "you")
    return shortened(CREDENTIALS.sub("//***@", plain), width=600)


def addresses(main: str | None, indexes: Iterable[PipIndex]) -> list[str]:
    return [CREDENTIALS.sub("//***@", item) for item in (main or "PyPI", *(index.url for index in indexes))]


def late(environment: str, seconds: float, main: str | None, indexes: Iterable[PipIndex]) -> RunError:
    message = f"environment {environment}: no answer for pip's packages within {seconds:.0f} s"
    hint = f"declare more exact versions, or look at the speed of the index, {AGAIN}"
    return RunError("RUN363", message, evidence=f"asked: {', '.join(addresses(main, indexes))}", hint=hint)


def no_uv(environment: str) -> RunError:
    message = f"environment {environment}: uv is not installed, which resolves pip's packages"
    return RunError("RUN364", message, hint="run make install in the checkout")


def unhashed(environment: str, name: str, version: str) -> RunError:
    message = f"environment {environment}: the index gives no sha256, or no wheel, for {name} {version}"
    hint = "declare an index that gives hashes (the simple repository API), such as PyPI or a mirror of it"
    return RunError("RUN366", message, hint=hint)


def other_hash(environment: str, item: PinnedPackage) -> RunError:
    message = f"environment {environment}: {item.name} {item.version} has none of the hashes that its requirement names"
    evidence = "\n".join(f"sha256:{digest}" for digest in item.hashes)
    hint = "compare the hashes with their source; name the version they belong to, or correct them"
    return RunError("RUN367", message, evidence=evidence, hint=hint)


def unreadable(environment: str, text: str) -> RunError:
    message = f"environment {environment}: uv's answer cannot be read"
    return RunError("RUN357", message, evidence=shortened(text), hint="run make install, then try again")
