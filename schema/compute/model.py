"""What a smoke test asks of a host, and what came of it: one result for each GPU and way."""

from typing import Literal

from pydantic import Field

from schema.model import Model, Prefix

Way = Literal["driver", "nvcc", "torch"]
Outcome = Literal["passed", "failed", "skipped", "not-seen"]
# What went wrong: a number of CUDA's (`number` has it), a wrong value, no end, an end without an answer, no library to
# load, an error in Python; nvcc could not compile; and of PyTorch: not importable, not built for CUDA, CUDA not
# available, other GPUs than there are, not built for the GPU, an error of its own.
Reason = Literal[
    "cuda",
    "wrong",
    "hang",
    "died",
    "library",
    "exception",
    "compile",
    "import",
    "cpu-only",
    "unavailable",
    "count",
    "architecture",
    "torch",
]
# Below this part of the peak a GPU is told to be slow. The kernel's inner loop is to 88 % multiply-adds (64 of 73
# instructions for sm_80, ptxas 12.9), so that a sound GPU is far above, also with waits for memory and a clock under
# its highest; a tenth is left by one that stays at its idle clock, or whose power or heat is held down hard.
SLOW = 0.1


class Torch(Model):
    """An environment to test: its name in the inventory and its prefix; `cpu`: it asks for a build without CUDA."""

    name: str
    prefix: Prefix
    cpu: bool = False


class Request(Model):
    """What to test on a host beside its GPUs' driver. `nvcc` is the default toolkit's compiler, None without one.

    `prefix` is where a Python is looked for when the host has none of its own.
    """

    nvcc: str | None = None
    environments: tuple[Torch, ...] = ()
    prefix: Prefix = "/opt/conda"


class Result(Model):
    """One GPU or MIG device in one way; without `uuid`, an environment as a whole.

    `device` is its title for people ("GPU 0 NVIDIA H100 80GB HBM3 0000:1e:00.0"). `rate_tflops` is what a matrix
    product in FP32 reached, `peak_tflops` what multiprocessors, lanes and the highest clock come to. `known_tflops` is
    the vendor's figure where our data has it. `seconds`: how long this test took on the host.
    """

    way: Way
    outcome: Outcome
    uuid: str | None = None
    device: str = ""
    environment: str | None = None
    reason: Reason | None = None
    number: int | None = None
    text: str = Field(default="", description="in words: the error, who uses the GPU, or why it was not seen")
    capability: str | None = None
    rate_tflops: float | None = None
    peak_tflops: float | None = None
    known_tflops: float | None = None
    seconds: float | None = None

    @property
    def share(self) -> float | None:
        """The rate as a part of the peak, None where one of them is not known."""
        if self.rate_tflops is None or not self.peak_tflops:
            return None
        return self.rate_tflops / self.peak_tflops


class Compute(Model):
    """The smoke test of one host. `why` says why it was not run, or could not be seen, "" where it was.

    `ran` is False where nothing was computed: no GPU, no driver, a reboot that waits, or nothing seen.
    """

    ran: bool
    why: str = ""
    seen: bool = True
    results: tuple[Result, ...] = ()

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.outcome == outcome)
