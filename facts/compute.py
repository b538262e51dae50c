"""The smoke test of a host's GPUs: one command, run by a Python of the host, and what it answered taken apart."""

import functools
import json
import shlex
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from schema.compute.answer import Answer
from schema.compute.model import Request

FOLDER = Path(__file__).parent / "compute"
MARK, BEGIN = "@@compute ", "@@begin"
# All of it on one host; each GPU and each environment has a limit of its own within it (facts/compute/main.py).
SECONDS = 270
# The first context on eight GPUs that nobody keeps awake takes some twenty seconds.
EACH_SECONDS = 60
# Beyond SECONDS: reading the GPUs, ending what hangs, and the way back.
LIMIT_SECONDS = SECONDS + 60
# What the host may answer: a line for each GPU and way.
LARGEST, LONGEST = 1_000_000, 40_000

# The script comes by standard input: its fifty thousand characters are in no process list and no log of sudo's.
# What stands before it there is a password that sudo did not ask for: it is read and dropped.
# `head` alone holds the answer's pipe, so that what no signal ends cannot keep it open.
COMMAND = (
    f"while read -r line; do [ \"$line\" != '{BEGIN}' ] || break; done; "
    f"timeout -k 5 {LIMIT_SECONDS} sh 2>/dev/null | iconv -c -f UTF-8 -t UTF-8 2>/dev/null | head -c {LARGEST}; exit 0"
)
# The host's own Python, else conda's; root runs none that is another's. The environment is empty but for these, so
# that neither a user's variables nor sudo's decide what is found (LD_LIBRARY_PATH, CUDA_VISIBLE_DEVICES).
FRAME = """{begin}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
cd /
test='import ctypes, json, pwd, select, subprocess, sys; sys.exit(sys.version_info < (3, 6))'
for python in /usr/bin/python3 {prefix}/bin/python ''; do
    [ -x "$python" ] || continue
    as=''
    owner=$(stat -Lc %u "$python" "${{python%/bin/*}}" | sort -n | tail -n 1)
    if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
        as="setpriv --reuid=$owner --regid=$(stat -Lc %g "$python") --init-groups"
    fi
    $as timeout 20 "$python" -I -c "$test" </dev/null && break
done
if [ -z "$python" ]; then
    printf '%s\\n' '{mark}{{"python": false}}'
    exit 0
fi
exec $as env -i PATH="$PATH" LC_ALL=C HOME=/nonexistent "$python" -I -B - <<'@@python' 2>&1
{program}
@@python
"""


def text(name: str) -> str:
    """A part of the test without its comments: they are for readers, and would cross the network with every run."""
    lines = (FOLDER / name).read_text(encoding="ascii").splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith(("# ", "//")))


@functools.cache
def parts() -> dict[str, str]:
    """What each run carries, whatever the host: the texts by their names in the request."""
    return {
        "ptx": text("kernel.ptx"),
        "cu": (FOLDER / "kernel.cu").read_text(encoding="ascii"),
        "torch": f"{text('begin.py')}\n{text('torch.py')}",
    }


def script(request: Request, each: int = EACH_SECONDS) -> str:
    """The standard input of COMMAND for one host: what `request` asks for."""
    wanted = {
        **parts(),
        "seconds": SECONDS,
        "each": each,
        "nvcc": request.nvcc,
        "environments": [{"name": one.name, "prefix": one.prefix} for one in request.environments],
    }
    if request.nvcc is None:
        del wanted["cu"]
    if not request.environments:
        del wanted["torch"]
    names = ("begin.py", "gpus.py", "driver.py", "toolkit.py", "main.py")
    program = "\n".join([f"REQUEST = {wanted!r}", *map(text, names)])
    prefix = shlex.quote(request.prefix)
    return FRAME.format(begin=BEGIN, prefix=prefix, mark=MARK, program=program)


def parse(output: Iterable[str]) -> tuple[Answer, ...]:
    """The answers of one run, in their order; what is none is left out, but for what Python itself complained of."""
    found, other = list[Answer](), list[str]()
    for line in output:
        if not line.startswith(MARK):
            other.append(line)
            continue
        try:
            found.append(Answer.model_validate(json.loads(line[len(MARK) : LONGEST])))
        except (ValueError, ValidationError, RecursionError):
            continue
    said = "\n".join(line[:300] for line in other if line.strip())
    return (*found, Answer(said=said[-2000:])) if said else tuple(found)
