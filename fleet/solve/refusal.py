"""Why an environment could not be solved, in the words and with the advice that a person can use."""

from collections.abc import Iterable, Sequence

from fleet.errors import RunError
from fleet.solve.network import Done, shortened
from fleet.solve.question import Answer, Package

NOISE = "Cannot solve the request because of: "


def conda(
    environment: str, answer: Answer, channels: Iterable[str], platform: str, known: Sequence[str] = ()
) -> RunError:
    """The error for a solver's refusal; `known` are lines about the host that the solver went by."""
    where = ", ".join(channels)
    text = shortened(answer.text.removeprefix(NOISE))
    name = answer.name
    if answer.error == "processor":
        return _processor(environment, answer, text, known)
    if answer.error == "channel":
        return _channel(environment, text, where)
    if answer.error == "spec":
        message = f"environment {environment}: conda does not understand {name!r}"
        return RunError("RUN356", message, evidence=text, hint="write it as NAME, NAME=VERSION or NAME=VERSION=BUILD")
    hint = "declare versions that go together, or leave out those that need not be exact; then: fleet lock"
    message = f"environment {environment} has no solution"
    if answer.error == "unknown":
        message = f"environment {environment}: no channel has a package {name!r}"
        hint = (
            f"write {answer.available}" if answer.available else "correct the name, or declare the channel that has it"
        )
    elif answer.error == "platform":
        message = f"environment {environment}: {name} is not built for {platform}, only for {answer.available}"
        hint = f"leave {name} out on this host, or declare a channel that has it for {platform}"
    elif answer.error == "priority":
        message = f"environment {environment}: {name} is only in a channel of lower priority"
        hint = f"put that channel first, or name it: CHANNEL::{name.split()[0]}"
    elif answer.error == "version":
        message = f"environment {environment}: no channel has {name} in what is asked for"
        hint = f"the newest there: {answer.available}"
    return RunError("RUN350", message, evidence="\n".join([text, *known, f"channels: {where}"]), hint=hint)


def _processor(environment: str, answer: Answer, text: str, known: Sequence[str]) -> RunError:
    name = answer.name
    message = f"environment {environment}: {name} would be a build without CUDA ({answer.chosen}) on a host with GPUs"
    needs = f", which need a driver with CUDA {answer.needs}" if answer.needs else ""
    lines = [f"builds for CUDA: {answer.available}{needs}", *known, text]
    hint = (
        f"declare what lets a build for CUDA in (see why with {name}=*={answer.spelled}), such as another version or a "
        f"newer driver branch; or accept the processor alone: {name}=*={answer.processor}"
    )
    return RunError("RUN351", message, evidence="\n".join(lines), hint=hint)


def _channel(environment: str, text: str, where: str) -> RunError:
    hint = "look at the address and the network (mirrors.conda, proxy, ca_bundle), then run the same command again"
    if "certificate" in text.lower() or "UnknownIssuer" in text:
        hint = (
            "the server's certificate is not trusted: declare ca_bundle, or correct it; then run the same command again"
        )
    message = f"environment {environment}: a channel could not be read"
    return RunError("RUN352", message, evidence=f"{text}\nchannels: {where}", hint=hint)


def late(code: str, environment: str, seconds: float, where: Iterable[str]) -> RunError:
    message = f"environment {environment}: no answer within {seconds:.0f} s"
    hint = "declare more exact versions, or look at the speed of the server; then run the same command again"
    return RunError(code, message, evidence=f"asked: {', '.join(where)}", hint=hint)


def broken(environment: str, solver: str, done: Done) -> RunError:
    message = f"environment {environment}: {solver} ended without an answer (exit code {done.code})"
    return RunError("RUN357", message, evidence=shortened(done.errors[-2000:]), hint="run make install, then try again")


def elsewhere(environment: str, item: Package, channels: Iterable[str]) -> RunError:
    message = f"environment {environment}: the channel gives an address for {item.name} that is not in it"
    hint = "declare the channel that really has the package, or have the mirror's index mended"
    evidence = f"{item.url}\nchannels: {', '.join(channels)}"
    return RunError("RUN355", message, evidence=evidence, hint=hint)


def unhashed(environment: str, item: Package) -> RunError:
    message = f"environment {environment}: the channel gives no sha256 for {item.name} {item.version}"
    kind = "only an md5, which anybody can forge" if item.md5 else "no hash at all"
    hint = "have the channel indexed anew (conda index, rattler-index), or declare one with sha256; then: fleet lock"
    return RunError("RUN354", message, evidence=f"{item.url} has {kind}", hint=hint)
