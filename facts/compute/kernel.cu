// What a GPU is asked to do by a smoke test. nvcc compiles this file on a host that has a toolkit, for that GPU; its two
// kernels are also kept as PTX in kernel.ptx, which any driver compiles (python -m facts.ptx makes it).
#include <cstdio>
#include <cstdlib>

#define TILE 128
#define STEP 8

// Integers: what is written depends on each bit of what was read and on the place (the mixing of MurmurHash3).
extern "C" __global__ void gpufleet_mix(const unsigned *in, unsigned *out, unsigned count)
{
    unsigned place = blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= count)
        return;
    unsigned x = in[place] ^ (place * 2654435761u);
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    x ^= x >> 16;
    out[place] = x;
}

// c[z] = a b for each layer z of the grid, n x n by rows, n a multiple of 128. A block of 256 threads makes 128 x 128
// values, a thread 8 x 8 of them in registers: enough arithmetic for each value read that the FP32 units are the limit.
extern "C" __global__ void __launch_bounds__(256) gpufleet_product(const float *a, const float *b, float *c, unsigned n)
{
    __shared__ __align__(16) float left[STEP][TILE], right[STEP][TILE];
    unsigned thread = threadIdx.x, row = thread / 16 * 4, column = thread % 16 * 4;
    const float *from_a = a + (size_t)(blockIdx.y * TILE + thread / 2) * n + thread % 2 * 4;
    const float *from_b = b + (size_t)(thread / 32) * n + blockIdx.x * TILE + thread % 32 * 4;
    float sum[8][8] = {};
    for (unsigned step = 0; step < n; step += STEP) {
        float4 part = *(const float4 *)from_a;
        unsigned k = thread % 2 * 4;
        left[k][thread / 2] = part.x;
        left[k + 1][thread / 2] = part.y;
        left[k + 2][thread / 2] = part.z;
        left[k + 3][thread / 2] = part.w;
        *(float4 *)&right[thread / 32][thread % 32 * 4] = *(const float4 *)from_b;
        from_a += STEP;
        from_b += (size_t)STEP * n;
        __syncthreads();
#pragma unroll 1
        for (unsigned inner = 0; inner < STEP; inner++) {
            float4 l0 = *(float4 *)&left[inner][row], l1 = *(float4 *)&left[inner][row + 64];
            float4 r0 = *(float4 *)&right[inner][column], r1 = *(float4 *)&right[inner][column + 64];
            float l[8] = {l0.x, l0.y, l0.z, l0.w, l1.x, l1.y, l1.z, l1.w};
            float r[8] = {r0.x, r0.y, r0.z, r0.w, r1.x, r1.y, r1.z, r1.w};
#pragma unroll
            for (int i = 0; i < 8; i++)
#pragma unroll
                for (int j = 0; j < 8; j++)
                    sum[i][j] = fmaf(l[i], r[j], sum[i][j]);
        }
        __syncthreads();
    }
    float *to = c + (size_t)blockIdx.z * n * n + (size_t)(blockIdx.y * TILE + row) * n + blockIdx.x * TILE + column;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float *line = to + (size_t)(i / 4 * 64 + i % 4) * n;
        *(float4 *)line = make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        *(float4 *)(line + 64) = make_float4(sum[i][4], sum[i][5], sum[i][6], sum[i][7]);
    }
}

// From here on it is the host's part, for nvcc alone. One line is the answer: "passed", "wrong ..." or "cuda NUMBER ...".
#define SIZE 256
#define COUNT 4096

static void checked(cudaError_t error, const char *call)
{
    if (error == cudaSuccess)
        return;
    printf("cuda %d %s: %s: %s\n", (int)error, call, cudaGetErrorName(error), cudaGetErrorString(error));
    exit(2);
}

static void *filled(const void *from, size_t size)
{
    void *made = 0;
    checked(cudaMalloc(&made, size), "cudaMalloc");
    if (from)
        checked(cudaMemcpy(made, from, size, cudaMemcpyHostToDevice), "cudaMemcpy");
    else
        checked(cudaMemset(made, 0xFF, size), "cudaMemset");
    return made;
}

static unsigned mixed(unsigned place, unsigned value)
{
    unsigned x = value ^ (place * 2654435761u);
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ x >> 16;
}

static int integers(void)
{
    static unsigned in[COUNT], out[COUNT];
    for (unsigned place = 0; place < COUNT; place++)
        in[place] = place * 747796405u + 2891336453u;
    unsigned *from = (unsigned *)filled(in, sizeof in), *to = (unsigned *)filled(0, sizeof out);
    gpufleet_mix<<<COUNT / 256, 256>>>(from, to, COUNT);
    checked(cudaGetLastError(), "gpufleet_mix");
    checked(cudaMemcpy(out, to, sizeof out, cudaMemcpyDeviceToHost), "cudaMemcpy");
    for (unsigned place = 0; place < COUNT; place++)
        if (out[place] != mixed(place, in[place]))
            return printf("wrong integers: at %u: %#010x instead of %#010x\n", place, out[place], mixed(place, in[place]));
    return 0;
}

static int product(void)
{
    static float a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];
    // Whole numbers from -8 to 7: sums of their products are exact in FP32.
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (float)((i * 7 + j * 13 + i * j) % 16 - 8);
            b[i][j] = (float)((i * 11 + j * 3 + i * j / 5) % 16 - 8);
        }
    float *left = (float *)filled(a, sizeof a), *right = (float *)filled(b, sizeof b), *to = (float *)filled(0, sizeof c);
    gpufleet_product<<<dim3(SIZE / TILE, SIZE / TILE), 256>>>(left, right, to, SIZE);
    checked(cudaGetLastError(), "gpufleet_product");
    checked(cudaMemcpy(c, to, sizeof c, cudaMemcpyDeviceToHost), "cudaMemcpy");
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            float wanted = 0;
            for (int k = 0; k < SIZE; k++)
                wanted += a[i][k] * b[k][j];
            if (c[i][j] != wanted)
                return printf("wrong matrix product: row %d, column %d: %g instead of %g\n", i, j, c[i][j], wanted);
        }
    return 0;
}

int main(void)
{
    if (integers() || product())
        return 1;
    printf("passed\n");
    return 0;
}
