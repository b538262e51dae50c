"""What goes together on a Jetson: its board, its release of L4T, Ubuntu, CUDA and PyTorch's wheels."""

from schema import compat
from schema.cuda import CudaSpec
from schema.environments import EnvironmentSpec, requirement_name
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import cards
from schema.rules.breach import Breach, severity

# From this L4T on Jetson and servers share one build of CUDA (CUDA 13.0 release notes).
SERVER_WHEELS_FROM = (38,)
PYTORCH = "download.pytorch.org"
NVIDIA_WHEELS = "https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/"


def boards(spec: HostSpec) -> list[Breach]:
    """A Jetson's GPU is that of its board, and a board's GPU is found in no other machine."""
    if spec.platform == "raspberry-pi":
        return []
    breaches = []
    for card in cards.of(spec):
        chip = _chip(card)
        if not card.models or (chip is not None) == (spec.platform == "jetson"):
            continue
        if chip is not None:
            message = f"{card.name} is a Jetson board, whose driver is part of L4T."
            hint = f'Write platform: jetson and l4t: "{_newest(chip)}", or what the board has.'
        else:
            message = f"{card.name} is no Jetson board."
            hint = f"Write one of: {', '.join(board for soc in compat.socs() for board in soc.boards)}."
        breaches.append(Breach(code="CMP054", path=f"gpus.{card.position}", message=message, hint=hint))
    return breaches


def known(spec: HostSpec) -> list[Breach]:
    """A release that the data does not know is a warning: nothing is checked against it."""
    if spec.platform != "jetson" or spec.l4t is None or compat.l4t(spec.l4t) is not None:
        return []
    message = f"L4T {spec.l4t} is not a release that gpufleet knows; nothing is checked against it."
    hint = f"Known for its boards: {', '.join(series(spec))}."
    return [Breach(code="CMP050", path="l4t", message=message, hint=hint, severity="warning")]


def ubuntu(spec: HostSpec) -> list[Breach]:
    """Each release of L4T is one release of Ubuntu."""
    row = _row(spec)
    if row is None or row.ubuntu == spec.ubuntu:
        return []
    others = [version for version in series(spec) if _at(version).ubuntu == spec.ubuntu]
    instead = f', or l4t: "{others[0]}", which is Ubuntu {spec.ubuntu}' if others else ""
    message = f"L4T {spec.l4t} (JetPack {row.jetpack}) is Ubuntu {row.ubuntu}, not {spec.ubuntu}."
    hint = f'Write ubuntu: "{row.ubuntu}"{instead}.'
    if row.ubuntu == "16.04":  # Not a release that can be declared.
        hint = f'Flash {others[0]} and write l4t: "{others[0]}".' if others else "gpufleet supports 18.04 and newer."
    return [Breach(code="CMP051", path="l4t", message=message, hint=hint, severity=severity(row.confirmed))]


def board(spec: HostSpec) -> list[Breach]:
    """A release of L4T exists for some boards only."""
    row = _row(spec)
    if row is None:
        return []
    breaches = []
    for card in cards.of(spec):
        chip = _chip(card)
        if chip is None or chip.soc in row.socs:
            continue
        span = [one.version for one in compat.l4ts() if one.confirmed and chip.soc in one.socs]
        span = span or [one.version for one in compat.l4ts() if chip.soc in one.socs]
        message = f"L4T {spec.l4t} does not run on {card.name}; {span[-1]} to {span[0]} do."
        hint = f'Write l4t: "{span[0]}", with ubuntu: "{_at(span[0]).ubuntu}".'
        level = severity(row.confirmed)
        breaches.append(Breach(code="CMP052", path="l4t", message=message, hint=hint, severity=level))
    return breaches


def toolkits(spec: HostSpec) -> list[Breach]:
    """A Jetson's driver does not move, so that its newest toolkit is settled; one older than JetPack's is a warning."""
    row = _row(spec)
    declared = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    if row is None:
        return []
    breaches = []
    for index, version in enumerate(declared):
        key = version_key(version)[:2]
        if version_key(row.cuda) <= key <= version_key(row.last_cuda):
            continue
        newer = key > version_key(row.last_cuda)
        can = f"{row.cuda} to {row.last_cuda}" if row.cuda != row.last_cuda else row.cuda
        message = f"CUDA {version} is not for L4T {spec.l4t} (JetPack {row.jetpack}), which can have {can}."
        level = severity(newer and row.confirmed)
        breach = Breach(code="CMP053", path=f"cuda.toolkits.{index}", message=message, hint=f'Write "{row.cuda}".')
        breaches.append(breach.model_copy(update={"severity": level}))
    return breaches


def wheels(spec: HostSpec) -> list[Breach]:
    """torch from PyPI or PyTorch's own index has no code for a Jetson's GPU before L4T 38: it would run on the CPU."""
    row = _row(spec)
    if row is None or version_key(row.version) >= SERVER_WHEELS_FROM:
        return []
    breaches = []
    for name, one in spec.environments.items():
        if not isinstance(one, EnvironmentSpec):
            continue
        served = [index for index in one.pip.indexes if "torch" in index.packages]
        if any(PYTORCH not in index.url for index in served):
            continue
        for place, text in enumerate(one.pip.packages):
            if requirement_name(text) == "torch":
                message = f"the aarch64 wheels that pip finds for {text!r} are for servers; a Jetson's GPU is not used."
                hint = f"Name an index with NVIDIA's wheels for JetPack {row.jetpack}: see {NVIDIA_WHEELS}."
                path = f"environments.{name}.pip.packages.{place}"
                breaches.append(Breach(code="CMP055", path=path, message=message, hint=hint, severity="warning"))
    return breaches


def series(spec: HostSpec) -> list[str]:
    """The releases that all declared boards can have, newest first."""
    chips = {chip.soc for card in cards.of(spec) if (chip := _chip(card)) is not None}
    return [row.version for row in compat.l4ts() if row.confirmed and chips <= set(row.socs)]


def _row(spec: HostSpec) -> compat.L4t | None:
    return compat.l4t(spec.l4t) if spec.platform == "jetson" and spec.l4t is not None else None


def _at(version: str) -> compat.L4t:
    return next(row for row in compat.l4ts() if row.version == version)


def _chip(card: cards.Card) -> compat.Soc | None:
    """The chip that every meaning of the name has."""
    chips = {chip.soc if (chip := compat.jetson(model.name)) else "": chip for model in card.models}
    return next(iter(chips.values())) if len(chips) == 1 else None


def _newest(chip: compat.Soc) -> str:
    return next(row.version for row in compat.l4ts() if row.confirmed and chip.soc in row.socs)
