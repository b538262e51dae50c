"""The C library that PyTorch's wheels need against the Ubuntu release's: pip passes over wheels for a newer one."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import wheels
from schema.rules.breach import Breach, severity


def reaches(spec: HostSpec) -> list[Breach]:
    """Some release of torch that is asked for must have wheels for the host's glibc."""
    release = compat.release(spec.ubuntu)
    if release is None:
        return []
    breaches = []
    for asked in wheels.torch(spec):
        if wheels.chosen(spec, asked) is None or any(_runs(row, release) for row in asked.rows):
            continue
        row = asked.rows[0]
        message = (
            f"PyTorch {row.version}'s wheels need glibc {row.glibc}, and Ubuntu {release.version} has {release.glibc}."
        )
        level = severity(all(one.confirmed for one in asked.rows))
        hint = _hint(asked, release)
        breach = Breach(code="CMP056", path=asked.path, message=message, hint=hint, severity=level)
        breaches.append(breach.model_copy(update={"quotes": asked.quotes}))
    return breaches


def _runs(row: compat.Torch, release: compat.UbuntuRelease) -> bool:
    return version_key(row.glibc) <= version_key(release.glibc)


def _hint(asked: wheels.Asked, release: compat.UbuntuRelease) -> str:
    """The newest release for this glibc, and the first Ubuntu that has the one that is needed."""
    fitting = [row for row in compat.torches() if row.confirmed and _runs(row, release)]
    own = [row for row in fitting if asked.python is None or asked.python in row.pythons]
    row = (own or fitting)[0]
    python = "" if own else f' with python: "{row.pythons[-1]}"'
    return f'Write "torch=={row.version}.*"{python}, or use a newer Ubuntu.'
