"""`branch: auto` and `modules: auto`: what the rule makes of them."""

from schema import compat
from schema.host import HostSpec
from schema.rules import architecture


def branch(spec: HostSpec) -> int | None:
    """The rule's branch for `branch: auto`; None where no driver is managed, no GPU known, or none suits."""
    driver = spec.managed_driver
    names = list(architecture.generations(spec))
    if driver is None or not names:
        return None
    cuda = spec.cuda if spec.cuda is not None and spec.cuda != "none" else None
    toolkits, policy = (cuda.toolkits, cuda.policy) if cuda is not None else ((), "minor-compatible")
    try:
        return compat.rule_branch(names, spec.ubuntu, toolkits, policy)
    except LookupError:
        return None


def flavour(spec: HostSpec) -> compat.Flavour | None:
    """The rule's module flavour for `modules: auto`, for the declared or the rule's branch."""
    number = architecture.branch_number(spec) or branch(spec)
    return None if number is None else compat.rule_modules(architecture.generations(spec), number)
