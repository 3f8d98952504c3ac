// A fake CUDA driver (libcuda.so.1) for tests without a GPU. Device memory is memory of this process, and the
// kernels are the real ones: kernels/memtest.ll, compiled for this machine and called once for each thread of
// the grid. It is strict where the driver is: calls from a thread without a context, wrong grids, addresses that
// are not allocated and images without their end are refused. What goes wrong is told by its environment:
//
//   FAKECUDA_DEVICES=GPU-…,GPU-…   the GPUs (default: one, GPU-00000000-0000-0000-0000-000000000001)
//   FAKECUDA_MB=64                 memory of each; FAKECUDA_USED_MB=1 of it is not free
//   FAKECUDA_ROOM_MB=…             no more than that can be allocated, although more is said to be free
//   FAKECUDA_STUCK=off:bit:value   a bit of the byte at that offset of the memory is stuck
//   FAKECUDA_FLIP=off:bit:launch   a bit flips, once, after that launch
//   FAKECUDA_ALIAS=bit             a line of the address (12 or above) is stuck at 0
//   FAKECUDA_DIRT=off:bytes        memory that is not zero at the start
//   FAKECUDA_RC=symbol:code[:n]    the n-th call (default: the first) of that function, and what follows it, fails
//   FAKECUDA_HANG=symbol[:n]       the n-th call does not return
//   FAKECUDA_SLOW=µs               each launch takes that much longer
//   FAKECUDA_MET=n                 blocks run on n of the processors only
//   FAKECUDA_NOSHARED=1            how much shared memory there is is not told
//
// Several are separated by ";"; "2#" in front means that only the GPU of that index, among all, has the fault.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;

enum { SMS = 4, OCCUPANCY = 2, THREADS = 256, SHARED = 96 << 10, PAGE = 2 << 20, MAX = 64 };
enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
       INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_PTX = 218, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700 };

// The kernels, and what they ask for: the processor and the place in the grid.
void mt_fill(void *, uint64_t, uint64_t, uint64_t, uint32_t, uint32_t, uint32_t);
void mt_check(void *, uint64_t, uint64_t, uint64_t, uint32_t, uint32_t, uint32_t, uint32_t, void *);
void mt_shared(uint32_t, uint32_t, void *);
static uint32_t tid, ctaid, ntid, nctaid;
static int met = SMS;
uint32_t sreg_tid(void) { return tid; }
uint32_t sreg_ctaid(void) { return ctaid; }
uint32_t sreg_ntid(void) { return ntid; }
uint32_t sreg_nctaid(void) { return nctaid; }
uint32_t sreg_smid(void) { return ctaid % (uint32_t)met; }
uint32_t mt_shared_memory[SHARED / 4] __attribute__((aligned(16)));

// grid sets where the kernels believe they are, for those who call them directly.
void grid(uint32_t b, uint32_t t, uint32_t nb, uint32_t nt) { ctaid = b; tid = t; nctaid = nb; ntid = nt; }

static int ready, device = -1, sticky, launches;
static char uuid[64];
static uint8_t *arena;
static uint64_t total, room, used, sharedAllowed = 48 << 10;
static __thread void *context;
static struct { uint64_t at, size; int big; } live[MAX];

static uint64_t number(const char *name, uint64_t otherwise) {
    const char *v = getenv(name);
    return v && *v ? strtoull(v, 0, 10) : otherwise;
}

// each calls with what is said of this device in a list.
static void each(const char *name, void (*with)(char *spec, void *arg), void *arg) {
    const char *v = getenv(name);
    if (!v) return;
    char *copy = strdup(v), *save = 0;
    for (char *one = strtok_r(copy, ";", &save); one; one = strtok_r(0, ";", &save)) {
        char *hash = strchr(one, '#');
        if (hash) {
            if (atoi(one) != device) continue;
            one = hash + 1;
        }
        with(one, arg);
    }
    free(copy);
}

struct call { const char *name; int nth, rc; };

static void matchRC(char *spec, void *arg) {
    struct call *c = arg;
    char name[64];
    int code, n = 1;
    if (sscanf(spec, "%63[^:]:%d:%d", name, &code, &n) >= 2 && !strcmp(name, c->name) && c->nth >= n) c->rc = code;
}

static void matchHang(char *spec, void *arg) {
    struct call *c = arg;
    char name[64];
    int n = 1;
    if (sscanf(spec, "%63[^:]:%d", name, &n) >= 1 && !strcmp(name, c->name) && c->nth >= n)
        for (;;) pause();
}

// enter counts a call and answers what it is to fail with.
static int enter(const char *name, int needsContext) {
    static struct { const char *name; int n; } calls[MAX];
    int i = 0;
    while (calls[i].name && strcmp(calls[i].name, name)) i++;
    calls[i].name = name;
    struct call c = {name, ++calls[i].n, 0};
    if (sticky) return sticky;
    each("FAKECUDA_HANG", matchHang, &c);
    each("FAKECUDA_RC", matchRC, &c);
    if (c.rc == 214 || c.rc == 226 || c.rc == 700 || (c.rc >= 702 && c.rc <= 719)) sticky = c.rc;
    if (c.rc) return c.rc;
    if (!ready && strcmp(name, "cuInit")) return NOT_INITIALIZED;
    return needsContext && !context ? INVALID_CONTEXT : 0;
}
#define ENTER(needsContext) do { int rc = enter(__func__, needsContext); if (rc) return rc; } while (0)

static void dirt(char *spec, void *arg) {
    (void)arg;
    uint64_t off, n;
    if (sscanf(spec, "%lu:%lu", &off, &n) == 2 && off + n <= total) memset(arena + off, 0xd1, n);
}

static void alias(char *spec, void *arg) {
    uint64_t bit = 1ull << atoi(spec), page = (uint64_t)sysconf(_SC_PAGESIZE);
    for (uint64_t at = 0; at < total; at += page)
        if (at & bit) mmap(arena + at, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, *(int *)arg, (off_t)(at & ~bit));
}

static void stuck(char *spec, void *arg) {
    (void)arg;
    uint64_t off;
    int bit, value;
    if (sscanf(spec, "%lu:%d:%d", &off, &bit, &value) != 3 || off >= total) return;
    if (value) arena[off] |= (uint8_t)(1 << bit);
    else arena[off] &= (uint8_t)~(1 << bit);
}

static void flip(char *spec, void *arg) {
    (void)arg;
    uint64_t off;
    int bit, launch;
    if (sscanf(spec, "%lu:%d:%d", &off, &bit, &launch) == 3 && launch == launches && off < total) arena[off] ^= (uint8_t)(1 << bit);
}

CUresult cuInit(unsigned flags) {
    // Which GPU is seen is settled first: faults belong to one.
    if (device < 0) {
        const char *all = getenv("FAKECUDA_DEVICES"), *wanted = getenv("CUDA_VISIBLE_DEVICES");
        char *copy = strdup(all ? all : "GPU-00000000-0000-0000-0000-000000000001"), *save = 0;
        int i = 0;
        for (char *one = strtok_r(copy, ",", &save); one; one = strtok_r(0, ",", &save), i++)
            if (device < 0 && (!wanted || !strcmp(one, wanted))) { device = i; snprintf(uuid, sizeof uuid, "%s", one); }
        free(copy);
    }
    if (device < 0) return NO_DEVICE;
    ENTER(0);
    if (flags) return INVALID_VALUE;
    total = number("FAKECUDA_MB", 64) << 20;
    room = total - (number("FAKECUDA_USED_MB", 1) << 20);
    met = (int)number("FAKECUDA_MET", SMS);
    ready = 1;
    return 0;
}

CUresult cuDriverGetVersion(int *v) { ENTER(0); *v = 13000; return 0; }
CUresult cuDeviceGetCount(int *n) { ENTER(0); *n = 1; return 0; }
CUresult cuDeviceGet(CUdevice *d, int ordinal) { ENTER(0); if (ordinal) return INVALID_DEVICE; *d = 0; return 0; }

CUresult cuDeviceGetUuid_v2(uint8_t *u, CUdevice d) {
    ENTER(0);
    if (d) return INVALID_DEVICE;
    memset(u, 0, 16);
    int n = 0;
    const char *from = strchr(uuid, '-'); // after GPU or MIG
    for (const char *c = from ? from : uuid; *c && n < 32; c++) {
        if (*c == '-') continue;
        int v = *c >= 'a' ? *c - 'a' + 10 : *c >= 'A' ? *c - 'A' + 10 : *c - '0';
        u[n / 2] |= (uint8_t)(n % 2 ? v : v << 4);
        n++;
    }
    return 0;
}

CUresult cuDeviceGetAttribute(int *v, int attribute, CUdevice d) {
    ENTER(0);
    if (d) return INVALID_DEVICE;
    switch (attribute) {
    case 16: *v = SMS; break;
    case 32: *v = 1; break;              // ECC
    case 36: *v = 1215000; break;        // kHz
    case 37: *v = 5120; break;           // bits
    case 38: *v = 40 << 20; break;       // L2
    case 97: *v = SHARED; if (getenv("FAKECUDA_NOSHARED")) return INVALID_VALUE; break;
    default: return INVALID_VALUE;
    }
    return 0;
}

CUresult cuDevicePrimaryCtxRetain(void **c, CUdevice d) {
    ENTER(0);
    if (d) return INVALID_DEVICE;
    if (!arena) {
        int fd = memfd_create("fakecuda", 0);
        if (fd < 0 || ftruncate(fd, (off_t)total)) return OUT_OF_MEMORY;
        arena = mmap(0, total + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        arena = (uint8_t *)(((uint64_t)arena + PAGE - 1) & ~(uint64_t)(PAGE - 1));
        if (mmap(arena, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) return OUT_OF_MEMORY;
        each("FAKECUDA_ALIAS", alias, &fd);
        close(fd);
        each("FAKECUDA_DIRT", dirt, 0);
        each("FAKECUDA_STUCK", stuck, 0);
    }
    *c = &arena;
    return 0;
}
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice d) { ENTER(0); return d ? INVALID_DEVICE : 0; }
CUresult cuCtxSetCurrent(void *c) { ENTER(0); if (c != &arena) return INVALID_CONTEXT; context = c; return 0; }

CUresult cuMemGetInfo_v2(size_t *avail, size_t *all) {
    ENTER(1);
    *all = total;
    *avail = total - (number("FAKECUDA_USED_MB", 1) << 20) - used;
    return 0;
}

CUresult cuMemAlloc_v2(CUdeviceptr *p, size_t n) {
    ENTER(1);
    uint64_t most = number("FAKECUDA_ROOM_MB", total >> 20) << 20;
    int i = 0;
    while (i < MAX && live[i].at) i++;
    if (!n || i == MAX) return INVALID_VALUE;
    if (n >= 1 << 20) { // from the memory under test, in order, as the driver's granularity has it
        uint64_t size = (n + PAGE - 1) & ~(uint64_t)(PAGE - 1);
        if (used + size > room || used + size > most) return OUT_OF_MEMORY;
        *p = (uint64_t)(arena + used);
        used += size;
        live[i].big = 1;
    } else {
        *p = (uint64_t)calloc(1, n);
        live[i].big = 0;
    }
    live[i].at = *p;
    live[i].size = n;
    return 0;
}

CUresult cuMemFree_v2(CUdeviceptr p) {
    ENTER(1);
    for (int i = 0; i < MAX; i++)
        if (live[i].at == p && p) {
            if (!live[i].big) free((void *)p);
            live[i].at = 0;
            return 0;
        }
    return INVALID_VALUE;
}

static int allocated(uint64_t at, uint64_t size) {
    for (int i = 0; i < MAX; i++)
        if (live[i].at && at >= live[i].at && at + size <= live[i].at + live[i].size) return 1;
    return 0;
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t n) {
    ENTER(1);
    if (!allocated(from, n)) return INVALID_VALUE;
    memcpy(to, (void *)from, n);
    return 0;
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t n, void *stream) {
    ENTER(1);
    if (!stream || !allocated(to, n) || !allocated(from, n)) return INVALID_VALUE;
    memmove((void *)to, (void *)from, n);
    each("FAKECUDA_STUCK", stuck, 0);
    return 0;
}

CUresult cuMemsetD32Async(CUdeviceptr p, unsigned v, size_t n, void *stream) {
    ENTER(1);
    if (!stream || !allocated(p, n * 4)) return INVALID_VALUE;
    for (size_t i = 0; i < n; i++) ((uint32_t *)p)[i] = v;
    return 0;
}

CUresult cuModuleLoadData(void **m, const void *image) {
    ENTER(1);
    size_t n = strlen(image); // reads on where there is no NUL
    if (n < 1000 || !strstr(image, ".target sm_70") || ((const char *)image)[n - 1] != '\n') return INVALID_PTX;
    *m = (void *)0x22;
    return 0;
}

static const char *names[] = {"mt_fill", "mt_check", "mt_shared"};

CUresult cuModuleGetFunction(void **f, void *m, const char *name) {
    ENTER(1);
    if (m != (void *)0x22) return INVALID_IMAGE;
    for (unsigned i = 0; i < 3; i++)
        if (!strcmp(name, names[i])) { *f = &names[i]; return 0; }
    return NOT_FOUND;
}

CUresult cuFuncSetAttribute(void *f, int attribute, int value) {
    ENTER(1);
    if (f != &names[2] || attribute != 8 || value < 0 || value > SHARED) return INVALID_VALUE;
    sharedAllowed = (uint64_t)value;
    return 0;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, void *f, int block, size_t shared) {
    ENTER(1);
    if (!f || block != THREADS || shared) return INVALID_VALUE;
    *n = OCCUPANCY;
    return 0;
}

#define ARG(type, i) (*(type *)params[i])
#define GRID(call) do { for (ctaid = 0; ctaid < nctaid; ctaid++) for (tid = 0; tid < ntid; tid++) call; } while (0)

CUresult cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, void *stream, void **params, void **extra) {
    ENTER(1);
    if (gy != 1 || gz != 1 || bx != THREADS || by != 1 || bz != 1 || !stream || extra || !params) return INVALID_VALUE;
    if (f != &names[2] && (gx != SMS * OCCUPANCY || shared)) return INVALID_VALUE;
    nctaid = gx;
    ntid = bx;
    launches++;
    if (f == &names[2]) {
        if (shared > sharedAllowed || shared != ARG(uint32_t, 0) * 4) return INVALID_VALUE;
        if (!allocated(ARG(uint64_t, 2), 8 * 1025)) return sticky = ILLEGAL_ADDRESS;
        GRID(mt_shared(ARG(uint32_t, 0), ARG(uint32_t, 1), (void *)ARG(uint64_t, 2)));
        return 0;
    }
    uint64_t base = ARG(uint64_t, 0), n = ARG(uint64_t, 1);
    if (!allocated(base, n * 16)) return sticky = ILLEGAL_ADDRESS;
    if (f == &names[0]) {
        GRID(mt_fill((void *)base, n, ARG(uint64_t, 2), ARG(uint64_t, 3), ARG(uint32_t, 4), ARG(uint32_t, 5), ARG(uint32_t, 6)));
    } else if (f == &names[1]) {
        if (!allocated(ARG(uint64_t, 8), 8 * (1 + 64 * 5))) return sticky = ILLEGAL_ADDRESS;
        GRID(mt_check((void *)base, n, ARG(uint64_t, 2), ARG(uint64_t, 3), ARG(uint32_t, 4), ARG(uint32_t, 5), ARG(uint32_t, 6),
                      ARG(uint32_t, 7), (void *)ARG(uint64_t, 8)));
    } else {
        return INVALID_VALUE;
    }
    each("FAKECUDA_FLIP", flip, 0);
    each("FAKECUDA_STUCK", stuck, 0);
    usleep((useconds_t)number("FAKECUDA_SLOW", 0));
    return 0;
}

CUresult cuStreamCreate(void **s, unsigned flags) { ENTER(1); if (flags != 1) return INVALID_VALUE; *s = (void *)0x33; return 0; }
CUresult cuStreamSynchronize(void *s) { ENTER(1); return s == (void *)0x33 ? 0 : INVALID_VALUE; }
CUresult cuEventCreate(void **e, unsigned flags) { ENTER(1); (void)flags; *e = (void *)0x44; return 0; }
CUresult cuEventRecord(void *e, void *s) { ENTER(1); return e && s ? 0 : INVALID_VALUE; }
CUresult cuEventSynchronize(void *e) { ENTER(1); return e ? 0 : INVALID_VALUE; }

CUresult cuGetErrorName(CUresult r, const char **s) {
    *s = r == 214 ? "CUDA_ERROR_ECC_UNCORRECTABLE" : r == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_FAKE";
    return 0;
}
