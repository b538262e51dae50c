"""`branch: auto` and `modules: auto`: what the rule makes of them, and GPUs that no driver suits together."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import architecture
from schema.rules.breach import Breach


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


def resolves(spec: HostSpec) -> list[Breach]:
    """Some branch must drive all GPUs and all toolkits; a mixture that has none is refused whatever is declared."""
    driver, rows = spec.managed_driver, architecture.generations(spec)
    if driver is None or not rows:
        return []
    try:
        compat.rule_branch(rows, spec.ubuntu)
    except LookupError as error:
        hint = "Put the GPUs into hosts of their own."
        severity = "error" if all(row.confirmed for row in rows.values()) else "warning"
        none = architecture.branch_number(spec) is None
        breach = Breach(code="CMP006", path="gpus", message=f"{error}.", hint=hint, undecided=none)
        return [breach.model_copy(update={"severity": severity})]
    if architecture.branch_number(spec) is not None or branch(spec) is not None:
        return []
    cuda = spec.cuda if spec.cuda is not None and spec.cuda != "none" else None
    names = ", ".join(cuda.toolkits) if cuda is not None else ""
    message = f"no driver branch drives these GPUs and fits CUDA {names} under policy {cuda.policy if cuda else ''}."
    return [Breach(code="CMP006", path="cuda.toolkits", message=message, hint=_way_out(spec), undecided=True)]


def _way_out(spec: HostSpec) -> str:
    """The newest toolkit whose own driver the GPUs can use and that can make code for them."""
    rows = architecture.generations(spec).values()
    branches = [row.last_branch for row in rows if row.last_branch is not None]
    newest = [version_key(row.last_cuda) for row in rows if row.last_cuda is not None]
    fitting = [
        version
        for version in compat.toolkits()
        if (toolkit := compat.toolkit(version)) is not None
        and toolkit.floor_full is not None
        and all(version_key(toolkit.floor_full)[0] <= branch for branch in branches)
        and all(version_key(version) <= limit for limit in newest)
    ]
    return f'Write "{fitting[-1]}", or cuda.policy: minor-compatible.' if fitting else "Write an older toolkit."
