# A GPU through the driver's own library alone: allocate, run a kernel, copy back, compare; then a matrix product, for
# its result and for its rate. https://docs.nvidia.com/cuda/cuda-driver-api/ has the functions and their numbers.
import ctypes
import operator
import random
from array import array

LIBRARY = "libcuda.so.1"
# FP32 lanes of a multiprocessor by compute capability, from the table "Arithmetic Instructions" of the CUDA C++
# Programming Guide (results per cycle of 32-bit multiply-add).
LANES = {
    "3": 192,
    "5": 128,
    "6.0": 64,
    "6": 128,
    "7": 64,
    "8.0": 64,
    "8": 128,
    "9": 128,
    "10": 128,
    "11": 128,
    "12": 128,
}
COUNT = 1 << 16
SIZE, LAYERS = 512, 32
ROUND_SECONDS, ROUNDS = 0.1, 6
MULTIPROCESSORS, CLOCK_KHZ, MAJOR, MINOR = 16, 13, 75, 76
JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES = 5, 6
LOG_BYTES = 4096
BLOCKING_SYNC = 4


class CudaError(Exception):
    def __init__(self, lib, number, call, text=""):
        name, said = ctypes.c_char_p(), ctypes.c_char_p()
        with contextlib.suppress(AttributeError):
            lib.cuGetErrorName(number, ctypes.byref(name))
            lib.cuGetErrorString(number, ctypes.byref(said))
        words = [part.decode("ascii", "replace") for part in (name.value, said.value) if part]
        self.number = number
        self.text = "%s: error %d %s%s" % (call, number, ": ".join(words), "\n" + text if text else "")
        Exception.__init__(self, self.text)


class WrongError(Exception):
    pass


class Driver:
    """libcuda with each call checked; addresses on the device are 64-bit numbers."""

    def __init__(self):
        self.lib = ctypes.CDLL(LIBRARY)

    def __getattr__(self, name):
        function = getattr(self.lib, name)

        def checked(*arguments):
            number = function(*arguments)
            if number:
                raise CudaError(self.lib, number, name)

        return checked

    def number(self, attribute, device):
        value = ctypes.c_int()
        self.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        return value.value

    def allocate(self, size):
        address = ctypes.c_uint64()
        self.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(size))
        # What an earlier program left there must not pass for a result.
        self.cuMemsetD8_v2(address, ctypes.c_ubyte(0xFF), ctypes.c_size_t(size))
        return address

    def put(self, values):
        address = self.allocate(len(values) * values.itemsize)
        data = (ctypes.c_char * (len(values) * values.itemsize)).from_buffer(values)
        self.cuMemcpyHtoD_v2(address, data, ctypes.c_size_t(ctypes.sizeof(data)))
        return address

    def get(self, address, kind, count):
        values = array(kind, bytes(count * array(kind).itemsize))
        data = (ctypes.c_char * (count * values.itemsize)).from_buffer(values)
        self.cuMemcpyDtoH_v2(data, address, ctypes.c_size_t(ctypes.sizeof(data)))
        return values

    def module(self, ptx):
        log = ctypes.create_string_buffer(LOG_BYTES)
        options = (ctypes.c_int * 2)(JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES)
        values = (ctypes.c_void_p * 2)(ctypes.addressof(log), LOG_BYTES)
        found = ctypes.c_void_p()
        number = self.lib.cuModuleLoadDataEx(ctypes.byref(found), ctypes.c_char_p(ptx.encode()), 2, options, values)
        if number:
            raise CudaError(self.lib, number, "cuModuleLoadDataEx", short(log.value.decode("ascii", "replace"), 4))
        return found

    def launch(self, module, name, blocks, threads, *values):
        function = ctypes.c_void_p()
        self.cuModuleGetFunction(ctypes.byref(function), module, ctypes.c_char_p(name))

        def start():
            places = (ctypes.c_void_p * len(values))(*[ctypes.addressof(value) for value in values])
            self.cuLaunchKernel(
                function, *[ctypes.c_uint(part) for part in blocks + (threads, 1, 1, 0)], None, places, None
            )

        return start

    def seconds(self, start, times):
        """How long `times` runs of a kernel take, by the GPU's own clock."""
        begin, end, found = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_float()
        self.cuEventCreate(ctypes.byref(begin), 0)
        self.cuEventCreate(ctypes.byref(end), 0)
        self.cuEventRecord(begin, None)
        for _ in range(times):
            start()
        self.cuEventRecord(end, None)
        self.cuEventSynchronize(end)
        self.cuEventElapsedTime(ctypes.byref(found), begin, end)
        return found.value / 1000


def lanes(capability):
    return LANES.get(capability) or LANES.get(capability.split(".")[0], 0)


def mixed(place, value):
    """What gpufleet_mix makes of one number; kernel.cu has the same in C."""
    x = value ^ (place * 2654435761 & 0xFFFFFFFF)
    x ^= x >> 16
    x = x * 0x85EBCA6B & 0xFFFFFFFF
    x ^= x >> 13
    x = x * 0xC2B2AE35 & 0xFFFFFFFF
    return x ^ x >> 16


def check_mix(driver, module):
    chance = random.Random(1)
    given = array("I", [chance.getrandbits(32) for _ in range(COUNT)])
    to = driver.allocate(4 * COUNT)
    driver.launch(module, b"gpufleet_mix", (COUNT // 256, 1, 1), 256, driver.put(given), to, ctypes.c_uint(COUNT))()
    driver.cuCtxSynchronize()
    wrong = [
        (place, value, mixed(place, given[place]))
        for place, value in enumerate(driver.get(to, "I", COUNT))
        if value != mixed(place, given[place])
    ]
    if wrong:
        raise WrongError(
            "integers: %d of %d differ, the first at %d: %#010x instead of %#010x" % ((len(wrong), COUNT) + wrong[0])
        )


def small(seed, count):
    """Whole numbers from -8 to 7: sums of their products are exact in FP32, in whatever order they are made."""
    return array(
        "f", [(byte & 15) - 8 for byte in random.Random(seed).getrandbits(8 * count).to_bytes(count, "little")]
    )


def rows(values):
    return [values[place : place + SIZE] for place in range(0, SIZE * SIZE, SIZE)]


def dot(row, column):
    return sum(map(operator.mul, row, column))


def compare(a, b, c):
    """Whether c is the product of a and b, by Freivalds: c r = a (b r) for a random r, in whole numbers. A wrong value
    passes with a chance of one in a million. Raises WrongError with the first place that differs."""
    chance = random.Random(4)
    r = [chance.randrange(1, 1000003) for _ in range(SIZE)]
    between = [dot(row, r) for row in rows(b)]
    wrong = [number for number, (one, made) in enumerate(zip(rows(a), rows(c))) if dot(one, between) != dot(made, r)]
    if wrong:
        row = rows(a)[wrong[0]]
        wanted = [dot(row, b[column::SIZE]) for column in range(SIZE)]
        got = rows(c)[wrong[0]]
        column = next((place for place in range(SIZE) if got[place] != wanted[place]), 0)
        raise WrongError(
            "matrix product: %d of %d rows differ, the first in row %d, column %d: %r instead of %r"
            % (len(wrong), SIZE, wrong[0], column, got[column], wanted[column])
        )


def check_product(driver, module, short_test):
    """Compare the product, and give the rate in FLOP/s; the best of some rounds, for an idle GPU speeds up first."""
    layers = 1 if short_test else LAYERS
    a, b = small(2, SIZE * SIZE), small(3, SIZE * SIZE)
    to = driver.allocate(4 * SIZE * SIZE * layers)
    start = driver.launch(
        module,
        b"gpufleet_product",
        (SIZE // 128, SIZE // 128, layers),
        256,
        driver.put(a),
        driver.put(b),
        to,
        ctypes.c_uint(SIZE),
    )
    start()
    driver.cuCtxSynchronize()
    work = 2.0 * SIZE * SIZE * SIZE * layers
    once = max(driver.seconds(start, 1), 1e-6)
    times = max(1, min(1000, int(ROUND_SECONDS / once)))
    rounds = [] if short_test else [driver.seconds(start, times) / times for _ in range(ROUNDS)]
    made = driver.get(to, "f", SIZE * SIZE * layers)
    first = made[: SIZE * SIZE]
    compare(a, b, first)
    for layer in range(1, layers):
        if made[layer * SIZE * SIZE : (layer + 1) * SIZE * SIZE].tobytes() != first.tobytes():
            compare(a, b, made[layer * SIZE * SIZE : (layer + 1) * SIZE * SIZE])
    return work / min(rounds) if rounds and min(rounds) > 0 else None


def test(uuid, ptx, short_test):
    """The whole of it on one device, in a process that sees no other."""
    os.environ.update(CUDA_VISIBLE_DEVICES=uuid, CUDA_CACHE_DISABLE="1", CUDA_MPS_PIPE_DIRECTORY="/dev/null")
    begun = time.monotonic()
    answer = {}
    try:
        driver = Driver()
        driver.cuInit(0)
        device, context = ctypes.c_int(), ctypes.c_void_p()
        driver.cuDeviceGet(ctypes.byref(device), 0)
        capability = "%d.%d" % (driver.number(MAJOR, device), driver.number(MINOR, device))
        clock = driver.number(CLOCK_KHZ, device) * 1000.0
        answer.update(
            capability=capability, multiprocessors=driver.number(MULTIPROCESSORS, device), clock_mhz=clock / 1e6
        )
        answer["peak"] = answer["multiprocessors"] * lanes(capability) * 2 * clock or None
        driver.cuCtxCreate_v2(ctypes.byref(context), BLOCKING_SYNC, device)
        module = driver.module(ptx)
        check_mix(driver, module)
        answer["rate"] = check_product(driver, module, short_test)
        driver.cuCtxDestroy_v2(context)
        answer["outcome"] = "passed"
    except CudaError as error:
        answer.update(outcome="failed", reason="cuda", number=error.number, text=error.text)
    except WrongError as error:
        answer.update(outcome="failed", reason="wrong", text=str(error))
    except (OSError, AttributeError) as error:
        answer.update(outcome="failed", reason="library", text=str(error))
    answer["seconds"] = round(time.monotonic() - begun, 3)
    return answer
