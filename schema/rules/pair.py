"""torchvision and torchaudio belong to one release of torch each."""

from schema import compat
from schema.environments import EnvironmentSpec, requirement_name
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import wheels
from schema.rules.breach import Breach, severity

# From 0.4 on torchvision asks for one release of torch (its setup.py); before, for any.
FIRST_EXACT = (0, 4)
# torchaudio has torch's own number from 2.0 on, and 0.N for 1.N before (https://pytorch.org/audio, compatibility
# matrix); 2.11 is the last and goes with later releases too.
AUDIO_LAST = (2, 11)


def pairs(spec: HostSpec) -> list[Breach]:
    """Pinned versions that exclude one another."""
    breaches = []
    for name, one in spec.environments.items():
        if not isinstance(one, EnvironmentSpec):
            continue
        pins = {
            requirement_name(text): (path, version)
            for path, text in wheels.requirements(one, name)
            if (version := wheels.exactly(text)) is not None
        }
        row = compat.torch(pins["torch"][1]) if "torch" in pins else None
        if row is not None:
            breaches += [
                _breach(other, *pins[other], row, wanted)
                for other, wanted in (("torchvision", _vision(row)), ("torchaudio", _audio(row)))
                if other in pins and wanted is not None and not _goes(other, pins[other][1], wanted, row)
            ]
    return breaches


def _vision(row: compat.Torch) -> str | None:
    return row.torchvision


def _audio(row: compat.Torch) -> str | None:
    key = version_key(row.version)
    if key[:1] == (1,) and key >= (1, 7):
        return f"0.{key[1]}"
    return ".".join(map(str, min(key, AUDIO_LAST))) if key >= (2, 0) else None


def _goes(name: str, version: str, wanted: str, row: compat.Torch) -> bool:
    own = version_key(version)[:2]
    if own == version_key(wanted)[:2]:
        return True
    if name == "torchvision":
        return own < FIRST_EXACT and version_key(wanted)[:2] < FIRST_EXACT
    return own > AUDIO_LAST or (own == AUDIO_LAST and version_key(row.version) >= AUDIO_LAST)


def _breach(name: str, path: str, version: str, row: compat.Torch, wanted: str) -> Breach:
    own = version_key(version)[:2]
    mine = [one.version for one in compat.torches() if version_key(one.torchvision or "") == own]
    its = f", {version} with PyTorch {mine[0]}" if name == "torchvision" and mine else ""
    message = f"{name} {version} does not go with PyTorch {row.version}: that goes with {name} {wanted}{its}."
    hint = f'Write "{name}=={wanted}.*".'
    level, quotes = severity(row.confirmed), wheels.quotes(path, f"{name}=={version}")
    return Breach(code="CMP037", path=path, message=message, hint=hint, severity=level, quotes=quotes)
