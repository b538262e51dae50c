# A GPU through the default toolkit's own compiler: kernel.cu made into a program for that GPU, run, compared.
import shutil
import stat
import tempfile

COMPILE_SECONDS, RUN_SECONDS = 120, 30
# nvcc's own temporary files and a program with the static runtime take less than 10 MB.
FREE_BYTES = 64 << 20


def workplace():
    """A folder of our own where programs may be run; None where there is none."""
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        with contextlib.suppress(OSError):
            found = os.statvfs(folder)
            if found.f_flag & os.ST_NOEXEC or found.f_bavail * found.f_frsize < FREE_BYTES:
                continue
            return tempfile.mkdtemp(prefix="gpufleet-", dir=folder)
    return None


def unsafe(path):
    """Whether root should not run this program: others than root may have written it."""
    found = os.stat(path)
    return os.geteuid() == 0 and (found.st_uid != 0 or bool(found.st_mode & stat.S_IWOTH))


def program(nvcc, source, capability, folder, left):
    """Compile for one capability: the program's path, or an answer that says why not."""
    number = capability.replace(".", "")
    made = os.path.join(folder, "smoke-" + number)
    if os.path.exists(made):
        return made, None
    file = os.path.join(folder, "kernel.cu")
    with open(file, "w") as stream:
        stream.write(source)
    target = "arch=compute_%s,code=sm_%s" % (number, number)
    code, said = run([nvcc, "-O1", "-gencode", target, "-o", made, file], min(left, COMPILE_SECONDS))
    if code == 0 and os.path.exists(made):
        return made, None
    text = "nvcc gave no answer within %d s" % min(left, COMPILE_SECONDS) if code is None else short(said, 6)
    return None, {"outcome": "failed", "reason": "compile", "text": text or "nvcc ended with %d" % code}


def result(made, uuid):
    """Run the program on one device, and read its line."""
    environment = "CUDA_VISIBLE_DEVICES=" + uuid
    words = ["env", environment, "CUDA_CACHE_DISABLE=1", "CUDA_MPS_PIPE_DIRECTORY=/dev/null", made]
    code, said = run(words, RUN_SECONDS)
    last = short(said, 1, 400)
    word, _, rest = last.partition(" ")
    if code is None:
        return {"outcome": "failed", "reason": "hang", "text": "no end within %d s" % RUN_SECONDS}
    if code == 0 and word == "passed":
        return {"outcome": "passed"}
    if word == "wrong":
        return {"outcome": "failed", "reason": "wrong", "text": rest}
    number = re.match("[0-9]+", rest)
    if word == "cuda" and number:
        return {"outcome": "failed", "reason": "cuda", "number": int(number.group()), "text": rest.partition(" ")[2]}
    return {"outcome": "failed", "reason": "died", "text": "the program ended with %d: %s" % (code, last)}


def toolkit(nvcc, source, wanted, end):
    """Yields (uuid, answer) for each of `wanted` ({uuid: capability}), until `end`; the folder is gone afterwards."""
    try:
        distrusted = unsafe(nvcc)
    except OSError as error:
        yield from ((uuid, {"outcome": "not-seen", "text": str(error)}) for uuid in wanted)
        return
    folder = None if distrusted else workplace()
    if folder is None:
        text = "%s is not root's alone, so root does not run it" % nvcc
        if not distrusted:
            text = "no folder of /tmp, /var/tmp and /dev/shm has room and lets programs run"
        yield from ((uuid, {"outcome": "not-seen", "text": text}) for uuid in wanted)
        return
    try:
        os.environ["TMPDIR"] = folder
        for uuid, capability in wanted.items():
            begun = time.monotonic()
            if begun + RUN_SECONDS > end:
                yield uuid, {"outcome": "not-seen", "text": "no time was left for it"}
                continue
            made, answer = program(nvcc, source, capability, folder, end - RUN_SECONDS - begun)
            answer = answer or result(made, uuid)
            yield uuid, dict(answer, capability=capability, seconds=round(time.monotonic() - begun, 3))
    finally:
        os.environ.pop("TMPDIR", None)
        shutil.rmtree(folder, ignore_errors=True)
