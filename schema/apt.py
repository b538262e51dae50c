"""What apt prints: simulations, version tables, progress and errors, as values."""

import re

from schema.model import Model


class Action(Model):
    """One line of a simulation (apt-get(8), --simulate): `old` None for a new package, `new` None for a removal."""

    name: str
    old: str | None
    new: str | None


class Candidate(Model):
    """One row of `apt-cache policy`'s version table: the best priority of its sources, and their addresses."""

    version: str
    priority: int
    sources: tuple[str, ...] = ()


class Failure(Model):
    """A failure that apt's or dpkg's own words give away."""

    code: str
    message: str
    hint: str


INSTALL = re.compile(r"^Inst (?P<name>[^\s:]+)(?::\S+)? (?:\[(?P<old>[^\]]+)\] )?\((?P<new>\S+)")
REMOVE = re.compile(r"^(?:Remv|Purg) (?P<name>[^\s:]+)(?::\S+)? \[(?P<old>[^\]]+)\]")


def simulation(text: str) -> tuple[Action, ...]:
    """What `apt-get --simulate` would install, change and remove, in its order; other lines are passed over."""
    actions = []
    for line in text.splitlines():
        if install := INSTALL.match(line):
            actions.append(Action(name=install["name"], old=install["old"], new=install["new"]))
        elif remove := REMOVE.match(line):
            actions.append(Action(name=remove["name"], old=remove["old"], new=None))
    return tuple(actions)


def policy(text: str) -> dict[str, tuple[Candidate, ...]]:
    """`apt-cache policy NAME...` by package name; apt's order, newest first.

    The installed version is among them, with "/var/lib/dpkg/status" as a source. A package that apt does not know
    is not in the result.
    """
    tables: dict[str, list[Candidate]] = {}
    rows: list[Candidate] = []
    for line in text.splitlines():
        if name := re.match(r"^(\S+):$", line):
            rows = tables.setdefault(name[1].split(":")[0], [])
        elif row := re.match(r"^ (?:\*\*\*|   ) (\S+) (-?\d+)$", line):
            rows.append(Candidate(version=row[1], priority=int(row[2])))
        elif (source := re.match(r"^ {5,}(-?\d+) (\S+)", line)) and rows:
            rows[-1] = rows[-1].model_copy(update={"sources": (*rows[-1].sources, source[2])})
    return {name: tuple(table) for name, table in tables.items()}


def progress(line: str) -> str:
    """A line of APT::Status-Fd in words: "installing 45 %: Unpacking libnvidia-compute-580 (amd64)"; "" for others.

    Source: README.progress-reporting in apt's sources ("pmstatus:PACKAGE:PERCENT:DESCRIPTION").
    """
    parts = line.split(":", 3)
    verbs = {"dlstatus": "downloading", "pmstatus": "installing"}
    if len(parts) < 4 or parts[0] not in verbs or not re.fullmatch(r"\d+(\.\d+)?", parts[2]):
        return ""
    return f"{verbs[parts[0]]} {float(parts[2]):.0f} %: {parts[3]}"


# The words are apt's and dpkg's own, with LC_ALL=C (apt 2.4 to 3.0: apt-pkg/deb/debsystem.cc, cmdline, acquire).
AGAIN = "then run the same command again: it repairs what is half done and goes on"
KNOWN: tuple[tuple[str, str, str, str], ...] = (
    (
        r"No space left on device|You don't have enough free space",
        "RUN110",
        "the host's disk is full",
        f"free space (df -h; sudo apt-get clean), {AGAIN}",
    ),
    (
        r"Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock|locked by another process",
        "RUN102",
        "another program holds apt's lock",
        f"wait for it, or end it (see the process above), {AGAIN}",
    ),
    (
        r"Held packages were changed|held broken packages",
        "RUN111",
        "packages that are held stand in the way",
        "see them: apt-mark showhold; release yours with sudo apt-mark unhold NAME, then run the same command again",
    ),
    (
        r"Bad return status for module build|Error! Your kernel headers|dkms.*[Ee]rror",
        "RUN114",
        "the kernel module could not be built",
        f"see /var/lib/dkms/nvidia/*/build/make.log on the host; install the running kernel's headers, {AGAIN}",
    ),
    (
        r"Version '[^']*' for '[^']*' was not found|Unable to locate package|has no installation candidate",
        "RUN108",
        "a package version is not in the repository",
        "declare a version that the repository has (apt-cache madison NAME on the host), then run the same command",
    ),
    (
        r"Failed to fetch|Could not resolve|Connection failed|Could not connect|Connection timed out|Unable to fetch",
        "RUN106",
        "the repository could not be reached",
        "check the address, proxy and certificates in the inventory (mirrors, proxy, ca_bundle), then run it again",
    ),
    (
        r"NO_PUBKEY|is not signed|signatures were invalid|EXPKEYSIG|couldn't be verified|sqv returned an error",
        "RUN112",
        "the repository's signature could not be verified",
        "check the key declared for the repository (mirrors.cuda.keys), then run the same command again",
    ),
    (
        r"Conflicting values set for option Signed-By",
        "RUN112",
        "another source on the host names the same repository with another key",
        "remove that source (see the file names above; sudo rm FILE), then run the same command again",
    ),
)


def recognise(text: str) -> Failure | None:
    """The first known failure in apt's or dpkg's output, or None."""
    for pattern, code, message, hint in KNOWN:
        if re.search(pattern, text):
            return Failure(code=code, message=message, hint=hint)
    return None
