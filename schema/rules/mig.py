"""MIG: declared on for boards that have none, or for a driver's branch that is older than MIG on them."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import cards
from schema.rules.breach import Breach, severity


def supported(spec: HostSpec) -> list[Breach]:
    """`mig: true` where no meaning of the GPU's name has MIG; information on the driver's floor."""
    found = []
    for index, gpu in enumerate(spec.gpus or ()):
        name = gpu.model or gpu.pci_id
        models = next((card.models for card in cards.of(spec) if card.name == name), ())
        if gpu.mig is not True or not models:
            continue
        rows = [row for model in models if (row := compat.mig(model)) is not None]
        path = f"gpus.{index}.mig"
        if not rows:
            message = f"{name} has no MIG: it cannot be divided."
            hint = f"Delete {path}. Boards that have it: {cards.joined(compat.mig_boards())}."
            certain = all(model.confirmed for model in models)
            found.append(Breach(code="CMP070", path=path, message=message, hint=hint, severity=severity(certain)))
        else:
            found += _driver(spec, str(name), rows)
    return found


def _driver(spec: HostSpec, name: str, rows: "list[compat.MigSupport]") -> list[Breach]:
    """A branch or version that is declared, and older than the first with MIG on every meaning of the name."""
    managed = spec.managed_driver
    if managed is None or managed.source == "external":
        return []
    floor = min((row.driver for row in rows), key=version_key)
    declared, path = (managed.version, "driver.version") if managed.version else (managed.branch, "driver.branch")
    if declared == "auto" or version_key(declared) >= version_key(floor)[: len(version_key(declared))]:
        return []
    message = f"MIG on {name} needs driver {floor}, and {declared} is declared."
    hint = f'Set driver.branch: "{version_key(floor)[0]}" or a newer one that drives it, or delete mig.'
    return [Breach(code="CMP071", path=path, message=message, hint=hint, severity="warning")]
