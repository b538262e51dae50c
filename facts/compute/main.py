# The order of the test: who is there, each GPU by its driver, then by the toolkit, then by each environment's PyTorch.
# REQUEST: "seconds" in all and for "each" GPU, "ptx", "cu", "nvcc" (a path or null), "torch" (the text for an
# environment's Python) and "environments" ([{"name", "prefix"}]).
import pwd

IMPORT_SECONDS = 90
# nvidia-smi says why a GPU is slow: sections of nvidia-smi(1), -d.
SLOW = 0.1


def stop(*_):
    # Turned into an exception, so that the temporary folder is removed on the way out.
    sys.exit(1)


def slowness(uuid):
    """The clocks and what holds them down, while the GPU is still warm from the test."""
    code, said = run([SMI, "-q", "-d", "CLOCK,PERFORMANCE,TEMPERATURE", "-i", uuid], 20)
    wanted = re.compile(r"^\s*(SM|Performance State|GPU Current Temp|.* Slowdown|.* Cap|.* Idle)\s+: ")
    lines = [" ".join(line.split()) for line in said.splitlines() if wanted.match(line) and "Not Active" not in line]
    return "\n".join(lines[:12]) if code == 0 else ""


def owner(prefix, python):
    """Whose Python an environment is: the first part of it that is not root's, and then it runs as that user; as nobody
    where others may write what is root's. None: as who we are."""
    if os.geteuid() != 0:
        return None
    real = os.path.realpath(python)
    for path in (prefix, os.path.join(prefix, "bin"), os.path.dirname(real), real, *packages(prefix)):
        found = os.stat(path)
        if found.st_uid != 0:
            return found.st_uid, found.st_gid
        if found.st_mode & 0o022 and not os.path.islink(path):
            return 65534, 65534
    return None


def packages(prefix):
    """The folders that PyTorch would be imported from."""
    library = os.path.join(prefix, "lib")
    folders = [name for name in os.listdir(library) if re.match(r"python[0-9.]+$", name)]
    places = [os.path.join(library, name, "site-packages") for name in folders]
    places += [os.path.join(place, "torch") for place in places]
    return [place for place in places if os.path.isdir(place)]


def become(user):
    """What a child does to be another user for good, with that user's groups: the GPUs' devices may be of one."""
    if user is None:
        return None

    def change():
        uid, gid = user
        try:
            entry = pwd.getpwuid(uid)
            os.initgroups(entry.pw_name, entry.pw_gid)
            gid = entry.pw_gid
        except KeyError:
            os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)

    return change


def environment(name, prefix, wanted, left):
    """Everything that one environment's Python answers, in one record."""
    python = os.path.join(prefix, "bin", "python")
    try:
        user = owner(prefix, python)
    except OSError as error:
        return {"outcome": "not-seen", "text": str(error)}
    request = {"devices": wanted, "seconds": REQUEST["each"]}
    text = "REQUEST = %r\n%s" % (request, REQUEST["torch"])
    code, said = run([python, "-I", "-B", "-"], min(left, IMPORT_SECONDS + 2 * REQUEST["each"]), text, become(user))
    answer = {"devices": {}, "code": code}
    for line in said.splitlines():
        with contextlib.suppress(ValueError, TypeError):
            if line.startswith("@@compute "):
                row = json.loads(line[10:])
                device = row.pop("device", None)
                answer["devices"].update({device: row} if device else {})
                answer.update({} if device else row)
    if "version" not in answer and "import" not in answer:
        answer["text"] = "no end within the time" if code is None else short(said, 6)
    return answer


def main():
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    end = time.monotonic() + REQUEST["seconds"]
    found, why = look()
    tell({"gpufleet": 1, "devices": found, "text": why})
    free = {row["uuid"]: row for row in found if row["uuid"] and not row["busy"]}
    able = {}
    jobs = {uuid: lambda uuid=uuid, row=row: test(uuid, REQUEST["ptx"], row["light"]) for uuid, row in free.items()}
    for uuid, answer in together(jobs, REQUEST["each"]):
        if answer.get("rate") and answer.get("peak") and answer["rate"] < SLOW * answer["peak"]:
            answer["slow"] = slowness(uuid)
        tell(dict(answer, way="driver", device=uuid))
        if answer["outcome"] == "passed":
            able[uuid] = answer["capability"]
    if REQUEST["nvcc"] and able and time.monotonic() < end:
        for uuid, answer in toolkit(REQUEST["nvcc"], REQUEST["cu"], able, end):
            tell(dict(answer, way="nvcc", device=uuid))
    for one in REQUEST["environments"]:
        left = end - time.monotonic()
        if left < 10:
            tell({"way": "torch", "environment": one["name"], "outcome": "not-seen", "text": "no time was left for it"})
            continue
        tell(dict(environment(one["name"], one["prefix"], list(able), left), way="torch", environment=one["name"]))
    tell({"end": True})


main()
