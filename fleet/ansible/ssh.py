"""Arguments of ssh(1) as inventories hold them: what of them our connection can say, and what is left."""

import re
import shlex
from dataclasses import dataclass, field

# ssh(1): options that take a value, in the same word or in the next.
WITH_VALUE = "BbcDEeFIiJLlmOopPQRSWw"
# Options that change nothing about where a connection goes or whom it trusts.
HARMLESS = frozenset(
    {
        "addkeystoagent",
        "batchmode",
        "compression",
        "connectionattempts",
        "controlmaster",
        "controlpath",
        "controlpersist",
        "forwardagent",
        "gssapiauthentication",
        "identitiesonly",
        "kbdinteractiveauthentication",
        "loglevel",
        "passwordauthentication",
        "preferredauthentications",
        "pubkeyauthentication",
        "serveralivecountmax",
        "serveraliveinterval",
        "tcpkeepalive",
    }
)


@dataclass(frozen=True)
class Jump:
    """A host to go through, as it was written."""

    host: str
    user: str | None = None
    port: int | None = None
    key: str | None = None


@dataclass
class Arguments:
    """`options` by their ssh_config(5) name in lower case; `left`: what was not understood, without values."""

    options: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


# shlex needs time by the square of a word's length: minutes for a mebibyte.
LONGEST = 1 << 16
LETTERS = {"J": "proxyjump", "i": "identityfile", "p": "port", "l": "user", "F": "configfile", "W": "forward"}


def parse(text: str) -> Arguments:
    """The options in a command line; the first value of an option holds (ssh_config(5)). Raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError("too long to be a command line")
    found, words = Arguments(), shlex.split(text)
    while words:
        word = words.pop(0)
        if not re.match(r"-[A-Za-z0-9]", word):
            found.words.append(word)
        elif word[1] in WITH_VALUE:
            value = word[2:] or (words.pop(0) if words else "")
            _option(found, word[1], value)
        # The others are switches, and several may stand in one word: -qTC.
    return found


def _option(found: Arguments, letter: str, value: str) -> None:
    key = LETTERS.get(letter, "")
    if letter == "o":
        parts = re.fullmatch(r"\s*(\w+)\s*[=\s]\s*(.*)", value, re.DOTALL)
        key, value = (parts[1].lower(), parts[2].strip().strip('"')) if parts else ("", "")
    if key:
        found.options.setdefault(key, value)
    else:
        found.left.append(f"-{letter}")


def jumps(options: dict[str, str]) -> list[Jump] | None:
    """The hosts to go through, the first one first; [] for none, None for a proxy of another kind."""
    proxy, command = options.get("proxyjump", ""), options.get("proxycommand", "")
    if proxy.lower() == "none" or (not proxy and command.lower() in {"", "none"}):
        return []
    if proxy:
        found = [_jump(part) for part in proxy.split(",")]
        return None if None in found else [one for one in found if one is not None]
    return _through(command)


def _jump(text: str) -> Jump | None:
    """[user@]host[:port], or ssh://..., as -J takes them."""
    found = re.fullmatch(
        r"(?:ssh://)?(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:]+(?:%\w+)?)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::([0-9]{1,5}))?/?",
        text.strip(),
    )
    return Jump(found[2] or found[3], found[1], int(found[4]) if found[4] else None) if found else None


def _through(command: str) -> list[Jump] | None:
    """`ssh [options] -W %h:%p bastion`, or `ssh [options] bastion nc %h %p`."""
    try:
        found = parse(command)
    except ValueError:
        return None
    words = found.words[1:] if found.words[:1] == ["exec"] else found.words
    if not words or words[0].rpartition("/")[2] != "ssh" or len(words) < 2:
        return None
    relays = [word.rpartition("/")[2] for word in words[2:3]]
    if found.options.get("forward", "").strip("[]").replace("]", "") != "%h:%p" and relays not in (
        ["nc"],
        ["netcat"],
        ["ncat"],
    ):
        return None
    last = _jump(words[1])
    before = jumps({key: value for key, value in found.options.items() if key.startswith("proxy")})
    if last is None or before is None:
        return None
    port = found.options.get("port", "")
    user, key = last.user or found.options.get("user"), found.options.get("identityfile")
    return [*before, Jump(last.host, user, last.port or (int(port) if port.isdigit() else None), key)]
