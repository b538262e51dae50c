# What an environment's own Python is asked: does its PyTorch see the GPUs, is it built for them, does it reckon right.
# REQUEST holds the devices to work on ({name: uuid}) and the seconds for each.
import warnings

SIZE = 128


def whole(chance, torch):
    rows = [[float(chance.randrange(-8, 8)) for _ in range(SIZE)] for _ in range(SIZE)]
    return torch.tensor(rows)


def survey(torch):
    """What it says of itself, with all devices in sight; no memory of a GPU is taken."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ready = torch.cuda.is_available()
        count = torch.cuda.device_count()
        built = list(torch.cuda.get_arch_list()) if ready else []
    text = "\n".join(str(item.message) for item in said)
    return {"outcome": "passed" if ready else "failed", "count": count, "built": built, "text": short(text, 4, 400)}


def multiply(torch, uuid):
    """A matrix product on one device, in a process that sees no other, against the same on the CPU."""
    import random

    os.environ["CUDA_VISIBLE_DEVICES"] = uuid
    begun = time.monotonic()
    chance = random.Random(5)
    a, b = whole(chance, torch), whole(chance, torch)
    wanted = torch.mm(a, b)
    try:
        made = torch.mm(a.to("cuda"), b.to("cuda")).cpu()
    except (RuntimeError, AssertionError, ValueError) as error:
        return {"outcome": "failed", "reason": "torch", "text": short(str(error), 6, 400)}
    answer = {"outcome": "passed", "seconds": round(time.monotonic() - begun, 3)}
    if not torch.equal(made, wanted):
        places = [(i, j) for i in range(SIZE) for j in range(SIZE) if float(made[i][j]) != float(wanted[i][j])]
        i, j = places[0] if places else (0, 0)
        answer.update(outcome="failed", reason="wrong")
        answer["text"] = "matrix product: %d of %d values differ, the first in row %d, column %d: %r instead of %r" % (
            len(places),
            SIZE * SIZE,
            i,
            j,
            float(made[i][j]),
            float(wanted[i][j]),
        )
    return answer


def main():
    os.environ.update(CUDA_CACHE_DISABLE="1", CUDA_MPS_PIPE_DIRECTORY="/dev/null")
    try:
        import torch
    except Exception as error:
        tell({"import": "%s: %s" % (type(error).__name__, short(str(error), 6, 400))})
        return
    cuda = getattr(torch.version, "cuda", None)
    tell({"version": str(torch.__version__), "cuda": cuda, "rocm": getattr(torch.version, "hip", None)})
    if not cuda:
        return
    # CUDA cannot be used in the child of a process that has begun to use it, so none begins here.
    for _, answer in together({"": lambda: survey(torch)}, REQUEST["seconds"]):
        tell(dict(answer, survey=True))
        if answer.get("outcome") != "passed":
            return
    jobs = {uuid: lambda uuid=uuid: multiply(torch, uuid) for uuid in REQUEST["devices"]}
    for uuid, answer in together(jobs, REQUEST["seconds"]):
        tell(dict(answer, device=uuid))


main()
