/* A stand-in for libcuda.so.1 on lab hosts: the calls that gpufleet's smoke test makes, for the GPUs that the lab's
 * stand-in of the kernel module bound. It knows the test's two kernels by name and reckons on the CPU. Faults are lines
 * "UUID FAULT" or "* FAULT" in /var/lib/gpufleet-lab/cuda-faults: wrong, hang, memory, slow, crash, error NUMBER.
 *
 * No header and no library: the symbols of libc are taken from the program that loads it, of whatever version. */
typedef unsigned long size_t;
typedef unsigned long long address;
typedef struct file FILE;
extern FILE *fopen(const char *, const char *);
extern char *fgets(char *, int, FILE *);
extern int fclose(FILE *);
extern char *getenv(const char *);
extern void *malloc(size_t), *memcpy(void *, const void *, size_t), *memset(void *, int, size_t);
extern void free(void *);
extern size_t strlen(const char *);
extern int strcmp(const char *, const char *), strncmp(const char *, const char *, size_t), atoi(const char *);
extern char *strstr(const char *, const char *), *strchr(const char *, int), *strcpy(char *, const char *);
extern unsigned sleep(unsigned);
extern void abort(void);

const char gpufleet_lab_stand_in[] = "This libcuda is a stand-in of the gpufleet lab: it computes on the CPU.";
/* The driver's version is filled in when the package is built. */
volatile const char version[48] = "@VERSION@";

static struct { char uuid[80], name[80]; int major, minor; } gpus[16];
static int count = -1;
static int last_function;
static const void *last_result;
static double clock_ms;
static double events[4096];
static int used;

static int fault(const char *name, int *number)
{
    char line[160];
    FILE *file = fopen("/var/lib/gpufleet-lab/cuda-faults", "r");
    int found = 0;
    while (file && fgets(line, sizeof line, file)) {
        char *space = strchr(line, ' '), *end = strchr(line, '\n');
        if (end)
            *end = 0;
        if (!space)
            continue;
        *space = 0;
        int ours = !strcmp(line, "*");
        for (int i = 0; i < count; i++)
            ours |= !strcmp(line, gpus[i].uuid);
        if (ours && !strncmp(space + 1, name, strlen(name))) {
            found = 1;
            if (number)
                *number = atoi(space + 1 + strlen(name));
        }
    }
    if (file)
        fclose(file);
    return found;
}

static int loaded(void)
{
    char line[64] = "";
    FILE *file = fopen("/sys/module/nvidia/version", "r");
    if (!file)
        return 100;
    fgets(line, sizeof line, file);
    fclose(file);
    char *end = strchr(line, '\n');
    if (end)
        *end = 0;
    return strcmp(line, (const char *)version) ? 803 : 0;
}

static void field(const char **from, char *to, int size)
{
    int i = 0;
    while (**from && **from != '\t' && **from != '\n') {
        if (i < size - 1)
            to[i++] = **from;
        ++*from;
    }
    to[i] = 0;
    if (**from)
        ++*from;
}

int cuInit(unsigned flags)
{
    char line[512], skipped[80], capability[16];
    const char *only = getenv("CUDA_VISIBLE_DEVICES");
    FILE *file = fopen("/etc/gpufleet-lab", "r");
    (void)flags;
    if (!file)
        return 100;
    fclose(file);
    int wrong = loaded();
    if (wrong)
        return wrong;
    count = 0;
    file = fopen("/run/gpufleet-lab/gpus.tsv", "r");
    while (file && count < 16 && fgets(line, sizeof line, file)) {
        const char *at = line;
        field(&at, skipped, sizeof skipped);
        field(&at, gpus[count].name, sizeof gpus[count].name);
        field(&at, skipped, sizeof skipped);
        field(&at, skipped, sizeof skipped);
        field(&at, capability, sizeof capability);
        field(&at, gpus[count].uuid, sizeof gpus[count].uuid);
        gpus[count].major = atoi(capability);
        gpus[count].minor = strchr(capability, '.') ? atoi(strchr(capability, '.') + 1) : 0;
        if (!only || !strcmp(only, gpus[count].uuid))
            count++;
    }
    if (file)
        fclose(file);
    int number = 0;
    if (fault("error ", &number))
        return number;
    return count ? 0 : 100;
}

int cuDeviceGetCount(int *to) { *to = count; return 0; }
int cuDeviceGet(int *to, int index) { *to = index; return index < count ? 0 : 101; }

int cuDeviceGetAttribute(int *to, int attribute, int device)
{
    switch (attribute) {
    case 16: *to = gpus[device].major >= 9 ? 132 : 20; return 0;
    case 13: *to = 1733500; return 0;
    case 75: *to = gpus[device].major; return 0;
    case 76: *to = gpus[device].minor; return 0;
    }
    return 1;
}

int cuCtxCreate_v2(void **to, unsigned flags, int device) { (void)flags; (void)device; *to = gpus; return 0; }
int cuCtxDestroy_v2(void *context) { (void)context; return 0; }

int cuCtxSynchronize(void)
{
    if (fault("crash", 0))
        abort();
    while (fault("hang", 0))
        sleep(1);
    return 0;
}

int cuMemAlloc_v2(address *to, size_t size)
{
    *to = fault("memory", 0) ? 0 : (address)malloc(size);
    return *to ? 0 : 2;
}

int cuMemFree_v2(address from) { free((void *)from); return 0; }
int cuMemsetD8_v2(address to, unsigned char value, size_t size) { memset((void *)to, value, size); return 0; }
int cuMemcpyHtoD_v2(address to, const void *from, size_t size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void *to, address from, size_t size) { memcpy(to, (void *)from, size); return 0; }

int cuModuleLoadDataEx(void **to, const char *text, unsigned options, int *names, void **values)
{
    if (strstr(text, ".version ") && strstr(text, ".entry gpufleet_mix(") && strstr(text, ".entry gpufleet_product(")) {
        *to = gpus;
        return 0;
    }
    for (unsigned i = 0; i < options; i++)
        if (names[i] == 5)
            strcpy(values[i], "ptxas fatal   : the stand-in knows other kernels than these");
    return 218;
}

int cuModuleGetFunction(void **to, void *module, const char *name)
{
    (void)module;
    *to = (void *)(!strcmp(name, "gpufleet_mix") ? 1UL : !strcmp(name, "gpufleet_product") ? 2UL : 0UL);
    return *to ? 0 : 500;
}

static void mix(const unsigned *in, unsigned *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned x = in[i] ^ (i * 2654435761u);
        x ^= x >> 16, x *= 0x85ebca6bu, x ^= x >> 13, x *= 0xc2b2ae35u, x ^= x >> 16;
        out[i] = x;
    }
}

static void product(const float *a, const float *b, float *c, unsigned n, unsigned layers)
{
    memset(c, 0, 4UL * n * n);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < n; k++)
            for (unsigned j = 0; j < n; j++)
                c[i * n + j] += a[i * n + k] * b[k * n + j];
    if (fault("wrong", 0))
        c[3 * n + 17] += 1;
    for (unsigned layer = 1; layer < layers; layer++)
        memcpy(c + (size_t)layer * n * n, c, 4UL * n * n);
}

int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra)
{
    (void)gx, (void)gy, (void)bx, (void)by, (void)bz, (void)shared, (void)stream, (void)extra;
    const void *a = *(void **)parameters[0];
    if ((unsigned long)function == 1) {
        mix(a, *(void **)parameters[1], *(unsigned *)parameters[2]);
        return 0;
    }
    float *c = *(void **)parameters[2];
    unsigned n = *(unsigned *)parameters[3];
    /* The same product again and again is for its rate only. */
    if (last_function != 2 || last_result != c)
        product(a, *(void **)parameters[1], c, n, gz);
    last_function = 2, last_result = c;
    int multiprocessors, lanes = gpus[0].major == 7 ? 64 : 128;
    cuDeviceGetAttribute(&multiprocessors, 16, 0);
    double peak = 2.0 * multiprocessors * lanes * 1733500e3;
    clock_ms += 1e3 * 2.0 * n * n * n * gz / (peak * (fault("slow", 0) ? 0.03 : 0.6));
    return 0;
}

int cuEventCreate(void **to, unsigned flags)
{
    (void)flags;
    *to = &events[used++ % 4096];
    return 0;
}

int cuEventRecord(void *event, void *stream) { (void)stream; *(double *)event = clock_ms; return 0; }
int cuEventSynchronize(void *event) { (void)event; return cuCtxSynchronize(); }

int cuEventElapsedTime(float *to, void *from, void *until)
{
    *to = (float)(*(double *)until - *(double *)from);
    return 0;
}

int cuGetErrorName(int number, const char **to)
{
    *to = number == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
          : number == 100 ? "CUDA_ERROR_NO_DEVICE"
          : number == 218 ? "CUDA_ERROR_INVALID_PTX"
          : number == 802 ? "CUDA_ERROR_SYSTEM_NOT_READY"
          : number == 803 ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
          : number == 804 ? "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"
          : number == 999 ? "CUDA_ERROR_UNKNOWN"
                          : "CUDA_ERROR_STAND_IN";
    return 0;
}

int cuGetErrorString(int number, const char **to)
{
    *to = number == 2     ? "out of memory"
          : number == 100 ? "no CUDA-capable device is detected"
          : number == 218 ? "a PTX JIT compilation failed"
          : number == 802 ? "system not yet initialized"
          : number == 803 ? "system has unsupported display driver / cuda driver combination"
          : number == 804 ? "forward compatibility was attempted on non supported HW"
          : number == 999 ? "unknown error"
                          : "an error of the stand-in";
    return 0;
}
