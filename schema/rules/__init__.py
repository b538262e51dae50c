"""The rules of what can go together. Each is a function of one spec; all run, none knows of another."""

from collections.abc import Callable, Mapping
from datetime import date

from schema.document import Node
from schema.errors import Problem
from schema.host import HostSpec
from schema.rules import (
    accept,
    architecture,
    auto,
    board,
    branch,
    code,
    cudnn,
    environment,
    flavour,
    fleet,
    index,
    jetson,
    libc,
    mig,
    pair,
    platform,
    runtime,
    shape,
    support,
    toolkit,
    version,
    wheel,
)
from schema.rules.breach import Breach

Rule = Callable[[HostSpec], list[Breach]]

# Each rule with the keys it reads: it is passed over where one of them has a problem of its own.
RULES: tuple[tuple[Rule, frozenset[str]], ...] = (
    (architecture.known_gpus, frozenset({"gpus"})),
    (shape.gpus, frozenset({"gpus"})),
    (shape.driver, frozenset({"driver"})),
    (shape.cuda, frozenset({"cuda"})),
    (shape.cudnn, frozenset({"cuda", "cudnn"})),
    (shape.mirrors, frozenset({"mirrors"})),
    (shape.secret, frozenset({"connection"})),
    (environment.conda, frozenset({"conda", "arch"})),
    (environment.needs_conda, frozenset({"conda", "environments"})),
    (environment.one_source, frozenset({"environments"})),
    (platform.release, frozenset({"l4t", "gpus"})),
    (platform.processor, frozenset({"arch"})),
    (platform.no_gpus, frozenset({"gpus"})),
    (jetson.boards, frozenset({"gpus"})),
    (jetson.known, frozenset({"l4t", "gpus"})),
    (jetson.ubuntu, frozenset({"l4t", "ubuntu", "gpus"})),
    (jetson.board, frozenset({"l4t", "gpus"})),
    (jetson.toolkits, frozenset({"l4t", "cuda"})),
    (jetson.wheels, frozenset({"l4t", "environments"})),
    (auto.toolkit, frozenset({"gpus", "driver", "cuda", "ubuntu", "l4t"})),
    (auto.cudnn, frozenset({"gpus", "driver", "cuda", "cudnn", "ubuntu", "l4t"})),
    (support.supported, frozenset()),
)

# Those about drivers and packages of NVIDIA's and Ubuntu's repositories, which other platforms do not take them from.
GENERIC: tuple[tuple[Rule, frozenset[str]], ...] = (
    (branch.mixture, frozenset({"gpus", "driver"})),
    (branch.drives, frozenset({"gpus", "driver"})),
    (branch.known, frozenset({"driver"})),
    (flavour.drives, frozenset({"gpus", "driver"})),
    (flavour.published, frozenset({"gpus", "driver"})),
    (version.exact, frozenset({"driver"})),
    (version.carried, frozenset({"gpus", "driver", "cuda"})),
    (board.fabric_manager, frozenset({"gpus", "driver"})),
    (board.fabric_variant, frozenset({"driver"})),
    (board.architecture, frozenset({"gpus", "arch"})),
    (mig.supported, frozenset({"gpus", "driver"})),
    (code.runs, frozenset({"gpus", "cuda"})),
    (toolkit.known, frozenset({"cuda"})),
    (toolkit.driver, frozenset({"gpus", "driver", "cuda"})),
    (toolkit.auto_driver, frozenset({"gpus", "driver", "cuda"})),
    (toolkit.release, frozenset({"cuda", "ubuntu"})),
    (cudnn.known, frozenset({"cuda", "cudnn"})),
    (cudnn.built, frozenset({"gpus", "cuda", "cudnn"})),
    (cudnn.runs, frozenset({"gpus", "cuda", "cudnn"})),
    (cudnn.driver, frozenset({"gpus", "driver", "cuda", "cudnn"})),
    (cudnn.release, frozenset({"gpus", "cuda", "cudnn", "ubuntu"})),
    (auto.driver, frozenset({"gpus", "driver", "cuda", "ubuntu"})),
    (auto.vague, frozenset({"gpus", "driver", "cuda", "ubuntu"})),
    (auto.carried, frozenset({"gpus", "driver", "cuda", "ubuntu", "mirrors"})),
)


def broken(spec: HostSpec, own: Node, failed: frozenset[str], today: date) -> list[Breach]:
    """Every rule that `spec` breaks, marked where it accepts that.

    `own` is the host's own file, `failed` the keys that have problems already.
    """
    rules = RULES + GENERIC if spec.platform == "generic" else RULES
    found = [breach for rule, keys in rules if not keys & failed for breach in rule(spec)]
    found = [*found, *shape.cpu_only(spec, own), *platform.driver(spec, own)]
    return accept.excused(spec, found, today) + accept.entries(spec, today)


# Those that need what the host's files say: requirements, environments.
WHOLE: tuple[tuple[Rule, frozenset[str]], ...] = (
    (auto.index, frozenset({"gpus", "driver", "cuda", "environments", "mirrors"})),
    (libc.reaches, frozenset({"environments", "ubuntu"})),
    (wheel.known, frozenset({"environments"})),
    (wheel.python, frozenset({"gpus", "driver", "environments"})),
    (wheel.built, frozenset({"gpus", "driver", "environments", "mirrors"})),
    (wheel.architecture, frozenset({"arch", "gpus", "driver", "environments", "mirrors"})),
    (wheel.runs, frozenset({"arch", "gpus", "driver", "environments", "mirrors"})),
    (wheel.driver, frozenset({"arch", "gpus", "driver", "cuda", "environments", "mirrors"})),
    (index.served, frozenset({"arch", "gpus", "driver", "environments", "mirrors"})),
    (pair.pairs, frozenset({"environments"})),
    (runtime.fits, frozenset({"gpus", "driver", "cuda", "environments"})),
)


def whole(spec: HostSpec, failed: frozenset[str], today: date) -> list[Breach]:
    """The rules about a host with the content of every file that it names; those that it accepts are marked."""
    found = [breach for rule, keys in WHOLE if not keys & failed for breach in rule(spec)]
    return accept.excused(spec, found, today)


def across(hosts: Mapping[str, HostSpec], trees: Mapping[str, Node]) -> list[Problem]:
    """The rules that are about several hosts."""
    return fleet.one_local(hosts, trees) + fleet.jumps(hosts, trees)
