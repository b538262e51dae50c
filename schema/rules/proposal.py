"""What to type instead of a torch that does not fit: another index, another Python, or a newer release."""

from schema import compat
from schema.choose import indexes
from schema.host import HostSpec
from schema.rules import cards, wheels
from schema.rules.wheels import COMPANIONS, Asked

# The Python to write where a release has none of the environment's: the one that most packages have wheels for.
PYTHON = "3.12"


def index(spec: HostSpec, tag: str) -> str:
    """The key to write for the wheels of a tag."""
    return f"indexes: [{{url: {indexes.url(spec, tag)}, packages: [{', '.join(COMPANIONS)}]}}]"


def other_build(spec: HostSpec, asked: Asked, row: compat.Torch) -> str | None:
    """The same release from another index; None where no build of it suits, or has a wheel for the Python."""
    tag = wheels.best(spec, row)
    if tag is None or (asked.python is not None and asked.python not in row.pythons):
        return None
    pin = f'"torch=={(asked.exact or "").partition("+")[0]}+{tag}" and ' if asked.local else ""
    return f"Write {pin}{index(spec, tag)}."


def modern(spec: HostSpec, asked: Asked) -> str:
    """The newest release for these GPUs and this driver, with its index and, where needed, a Python."""
    rows = [one for one in compat.torches() if one.confirmed and wheels.best(spec, one) is not None]
    if not rows:
        return "No release that is known has a build for this host; without a GPU, write the index of cpu."
    row, tag = rows[0], wheels.best(spec, rows[0]) or "cpu"
    python = "" if asked.python is None or asked.python in row.pythons else f'python: "{_python(row)}", '
    return f'Write {python}"torch=={row.version}.*" and {index(spec, tag)}; the other packages can stay.'


def _python(row: compat.Torch) -> str:
    return PYTHON if PYTHON in row.pythons else row.pythons[-1]


def pythons(spec: HostSpec, asked: Asked, row: compat.Torch) -> str:
    """Another Python for the same release, where a build of it suits; or a newer release."""
    if wheels.best(spec, row) is None:
        return modern(spec, asked)
    newer = modern(spec, asked)
    return f'Set python: "{row.pythons[-1]}" ({cards.joined(row.pythons, "or")}). Or {newer[0].lower()}{newer[1:]}'
