"""conda's installer and terms, and where the packages of an environment come from."""

from schema import compat
from schema.conda import CondaSpec
from schema.environments import EnvironmentSpec
from schema.host import HostSpec
from schema.rules.breach import Breach

RESERVED = frozenset({"base", "root"})


def conda(spec: HostSpec) -> list[Breach]:
    """An installer is run only with a known sha256, and Anaconda's only when its terms are accepted."""
    one = spec.conda
    # No installer is run on a host that something else keeps.
    if not isinstance(one, CondaSpec) or spec.external:
        return []
    breaches = []
    installer = compat.installer(one.distribution, one.version, spec.arch)
    if one.sha256 is None and installer.sha256 is None:
        message = f"the sha256 of {installer.file} is not known to gpufleet."
        hint = f"Add conda.sha256, as published beside {installer.url}{_known(one.distribution, spec.arch)}."
        breaches.append(Breach(code="INV034", path="conda.version", message=message, hint=hint))
    # A mirror may hold a site's own build of an installer; the vendor's own file has one hash only.
    vendors = spec.mirrors.installers is None
    if vendors and one.sha256 is not None and installer.sha256 is not None and one.sha256 != installer.sha256:
        message = f"the sha256 differs from the known one of {installer.file}, {installer.sha256}."
        hint = "Delete conda.sha256, or check where it came from."
        breaches.append(Breach(code="INV034", path="conda.sha256", message=message, hint=hint, severity="warning"))
    if one.distribution != "miniforge" and not one.accept_anaconda_terms:
        message = f"{one.distribution} is used under Anaconda's terms of service, which you have to accept yourself."
        hint = "Read https://www.anaconda.com/legal, then set conda.accept_anaconda_terms: true, or use miniforge."
        breaches.append(Breach(code="INV035", path="conda.distribution", message=message, hint=hint))
    return breaches


def _known(distribution: str, arch: str) -> str:
    versions = compat.installer_versions(distribution, arch)
    return f", or use a version whose sha256 is known: {', '.join(versions)}" if versions else ""


def needs_conda(spec: HostSpec) -> list[Breach]:
    breaches = []
    for name in spec.environments:
        if name in RESERVED:
            message = f"{name!r} is conda's own name for its installation."
            hint = "Give the environment another name."
            breaches.append(Breach(code="INV030", path=f"environments.{name}", message=message, hint=hint))
    wanted = [name for name, one in spec.environments.items() if one != "absent"]
    if wanted and not isinstance(spec.conda, CondaSpec):
        message = f"the environment {wanted[0]!r} needs conda, which is not declared."
        hint = "Add conda: {version: 25.3.1-0}."
        breaches.append(Breach(code="INV033", path=f"environments.{wanted[0]}", message=message, hint=hint))
    return breaches


def one_source(spec: HostSpec) -> list[Breach]:
    """The packages of an environment come from its keys, or from a file, or from a lock; indexes go with each."""
    breaches = []
    for name, one in spec.environments.items():
        if not isinstance(one, EnvironmentSpec):
            continue
        pip = [f"pip.{key}" for key in ("packages", "requirements") if getattr(one.pip, key)]
        own = [key for key in ("python", "packages") if getattr(one, key)] + pip
        files = [key for key in ("file", "lock") if getattr(one, key) is not None]
        path = f"environments.{name}"
        if files and (own or len(files) > 1):
            both = [*files, *own][:2]
            message = f"{both[0]} and {both[1]} exclude one another: the packages have one source."
            hint = f"Keep one of {both[0]} and {both[1]}."
            breaches.append(Breach(code="INV030", path=f"{path}.{both[1]}", message=message, hint=hint))
        if not own and not files:
            message = f"the environment {name!r} names no packages."
            hint = 'Write python: "3.11" or packages: [numpy].'
            breaches.append(Breach(code="INV030", path=path, message=message, hint=hint))
    return breaches
