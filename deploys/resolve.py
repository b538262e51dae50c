"""Which exact versions one transaction installs: resolved by the host's own apt, in a copy of its preferences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import quote

from deploys import files, locked, look, remote
from deploys.step import StepError, Work
from schema import apt, cuda, cudnn, driver, kernel, pins
from schema.apt import Action, Candidate
from schema.wanted import Wanted, present, upstream

# A copy of /etc/apt/preferences.d with our file replaced: apt.conf(5), Dir::Etc::PreferencesParts. Simulations use
# it, so that a host which is refused afterwards was not changed.
TRIAL = "/var/lib/gpufleet/preferences.d"
APT = "LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get"
ROUNDS = 4


@dataclass(frozen=True)
class Resolution:
    """What apt is asked for (`versions` by name, `removals`), all it would then do, and the pins of the whole set."""

    versions: dict[str, str]
    removals: tuple[str, ...]
    actions: tuple[Action, ...]
    pins: dict[str, str]


def wanted(work: Work) -> tuple[Wanted, ...]:
    """The packages to ask for; without the driver's where its changes are blocked."""
    own = () if work.shown.blocked else (*driver.wanted(work.spec, work.seen), *kernel.wanted(work.spec, work.seen))
    return (*own, *cuda.wanted(work.spec, work.seen), *cudnn.wanted(work.spec, work.seen))


def removals(work: Work) -> tuple[str, ...]:
    own = () if work.shown.blocked else driver.removals(work.spec, work.seen)
    return (*own, *cuda.removals(work.spec, work.seen), *cudnn.removals(work.spec, work.seen))


def trial_script(preferences: str) -> str:
    return "\n".join(
        [
            f"set -e; rm -rf {TRIAL}; mkdir -p {TRIAL}; trap 'rm -rf {TRIAL}' EXIT",
            "for f in /etc/apt/preferences.d/*; do",
            f'[ ! -f "$f" ] || [ "$f" = {files.PREFERENCES} ] || cp -p "$f" {TRIAL}/; done',
            f"printf %s {quote(preferences)} > {TRIAL}/gpufleet",
        ]
    )


def tables(work: Work, names: Iterable[str]) -> dict[str, tuple[Candidate, ...]]:
    """Every version of each package that the host's sources have, under our rules of origin but none of our pins."""
    arguments = " ".join(quote(name) for name in sorted(set(names)))
    script = f"{trial_script(pins.preferences({}, work.spec))}\n"
    script += f"LC_ALL=C apt-cache -o Dir::Etc::PreferencesParts={TRIAL} policy {arguments}"
    return apt.policy(remote.checked(work.host, script, "read the version tables"))


def choose(work: Work, package: Wanted, table: tuple[Candidate, ...], pinned: Mapping[str, str]) -> str:
    """The lock's version; else the installed reference while it is within what is declared; else the newest within."""
    exact = locked.version(work, package, table)
    if exact is not None:
        return exact
    fitting = [row for row in table if row.priority >= 0 and package.admits(row.version)]
    reference = pinned.get(package.name)
    if reference is not None and any(row.version == reference for row in fitting):
        return reference
    if fitting:
        return fitting[0].version
    there = ", ".join(row.version for row in table[:8]) or "no version at all"
    sources = sorted({source for row in table for source in row.sources if "://" in source})
    raise StepError(
        "RUN108",
        f"{package.name} {package.limit or ''} is not in the host's repositories".replace("  ", " "),
        evidence=f"{package.name}: {there}" + (f"\nfrom {', '.join(sources)}" if sources else ""),
        state="no package was changed; gpufleet's source and key are in place",
        hint=f"declare a version that is there, or a mirror that has it; on the host: apt-cache madison {package.name}",
    )


def rough_pins(versions: Mapping[str, str]) -> str:
    """Pins by pattern, for the first simulation only: apt would take the newest of each dependency without them.

    A pattern without a matching version pins nothing (apt_preferences(5)), so other packages are left alone.
    """
    leads = {upstream(version) for name, version in versions.items() if driver.family(name)}
    stanzas = [f"Package: /nvidia/ /^cuda-drivers/ /^libxnvctrl/\nPin: version {lead}*" for lead in sorted(leads)]
    for name, version in versions.items():
        if name.startswith("libcudnn"):
            tail = name.rsplit("-cuda-", 1)[-1] if "-cuda-" in name else ""
            stanzas.append(f"Package: /^libcudnn.*{tail}$/\nPin: version {upstream(version)}*")
    return "".join(f"{stanza}\nPin-Priority: 1001\n\n" for stanza in stanzas)


def simulate(work: Work, preferences: str, versions: Mapping[str, str], gone: tuple[str, ...]) -> tuple[Action, ...]:
    script = f"{trial_script(preferences)}\n{APT} --simulate -o Dir::Etc::PreferencesParts={TRIAL} "
    script += request(versions, gone)
    try:
        return apt.simulation(remote.checked(work.host, script, "simulate the transaction", code="RUN113"))
    except StepError as error:
        known = apt.recognise(error.evidence)
        if known is None or error.code != "RUN113":
            raise
        state = "no package was changed"
        raise StepError(known.code, known.message, evidence=error.evidence, state=state, hint=known.hint) from error


def request(versions: Mapping[str, str], gone: tuple[str, ...]) -> str:
    """The one call's arguments, the same for simulation and transaction. A trailing "-" removes (apt-get(8))."""
    asked = [f"{name}={version}" for name, version in sorted(versions.items())] + [f"{name}-" for name in sorted(gone)]
    options = "-y --fix-broken --allow-downgrades install"
    return " ".join([options, *(quote(argument) for argument in asked)])


def in_set(name: str) -> bool:
    return driver.family(name) or cuda.family(name) or cudnn.family(name)


def pins_after(work: Work, actions: tuple[Action, ...]) -> dict[str, str]:
    """The version of every package of the set once `actions` were carried out."""
    # A simulation has no Inst line for what is unpacked and only waits for its configuration.
    listed, there = work.spec.locked_versions, work.seen.apt.packages.items()
    after = {name: item.version for name, item in there if present(item) and (in_set(name) or name in listed)}
    for action in actions:
        if action.new is None:
            after.pop(action.name, None)
        elif in_set(action.name) or action.name in listed:
            after[action.name] = action.new
    return after


def judge(work: Work, actions: tuple[Action, ...], gone: tuple[str, ...]) -> None:
    """Raise StepError when a removal lies outside the matched set and is not declared."""
    foreign = [
        action
        for action in actions
        if action.new is None and action.name not in gone and (work.shown.blocked or not driver.family(action.name))
    ]
    if foreign:
        raise StepError(
            "RUN109",
            f"the transaction would remove packages that are not part of it: {', '.join(a.name for a in foreign)}",
            evidence="\n".join(f"Remv {action.name} [{action.old}]" for action in foreign),
            state="no package was changed",
            hint="remove them yourself if they are not needed, or declare versions that can stand beside them",
        )


def resolve(work: Work) -> Resolution:
    """Ask apt for the declared packages until its answer and our pins agree. Raises StepError; changes nothing."""
    asked, gone = wanted(work), removals(work)
    reference = pins.pins(work.spec, work.seen)
    asked = (*asked, *locked.moves(work, reference, {*gone, *(package.name for package in asked)}))
    rows = tables(work, (package.name for package in asked))
    versions = {package.name: choose(work, package, rows.get(package.name, ()), reference) for package in asked}
    # The rules of origin come first: the first record that matches a version gives its priority (apt_preferences(5)).
    # What the lock names is pinned to its version there and then, before the rules of origin.
    first = f"{pins.preferences(work.spec.locked_versions, work.spec)}\n{rough_pins(versions)}"
    actions = simulate(work, first, versions, gone)
    for _ in range(ROUNDS):
        pinned = pins_after(work, actions)
        again = simulate(work, pins.preferences(pinned, work.spec), versions, gone)
        if sorted(again, key=repr) == sorted(actions, key=repr):
            judge(work, again, gone)
            locked.judge(work, again)
            return Resolution(versions=versions, removals=gone, actions=again, pins=pinned)
        actions = again
    raise StepError(
        "RUN113",
        "apt's answer does not settle under our pins",
        evidence=look.text(work.shown.findings[:3]) or "see apt-get --simulate on the host",
        state="no package was changed",
        hint="look for other preferences of these packages: apt-cache policy; then run the same command again",
    )
