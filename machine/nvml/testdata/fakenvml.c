/*
 * A libnvidia-ml.so.1 without a GPU. Tests build it with -I to go-nvml's nvml.h and set it up by environment
 * variables, or by lines NAME=value of the file that FAKENVML_FILE names, which is read again at every call:
 *
 *   GPUS=2                     how many
 *   NAME=NVIDIA A100-SXM4-80GB MEMORY_MB=81920 USED_MB=0 RESERVED_MB=600
 *   SWAP=1                     GPU 0 and 1 change places, as after a reset
 *   LOST=1,3                   GPUs that are off the bus        ABSENT=1  those that the list refuses, with UNKNOWN
 *   HANG=nvmlDeviceGetEccMode  calls that never return          TRACE=file  gets the name of every call
 *   RC=nvmlInit_v2:9,…         calls that return that
 *   ECC=1 ECC_PENDING=1        the mode
 *   VOLATILE_CORRECTED_DRAM=5  counters: (VOLATILE|AGGREGATE)_(CORRECTED|UNCORRECTED)_(DRAM|SRAM)
 *   ROWS=1,2,0,1               remapped rows: corrected, uncorrected, pending, failed; BANKS=640,0,0,0,0
 *   THRESHOLD=1 REPAIR=1 RECOVERY=1 RESET_STATUS=1 THROTTLE=4 PAGES=0,0
 *   INFOROM=14                 what validating it returns
 *   PROCS=0:4711:1048576,…     processes: GPU, PID, bytes (-1: not available)
 *   SUPPORTED=15 REFUSED=4096  events that GPUs say they support, and those of them that they refuse after all
 *   EVENTS=0:8:79,…            events: GPU, kind, number; each once
 *   MIG=1                      every GPU is cut into a 3g.40gb and a 2g.20gb slice
 *   NVLINK=4:switch            links of each GPU, to a switch or direct to the next one
 */
#define NVML_NO_UNVERSIONED_FUNC_DEFS 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nvml.h"

/* ---- settings */

static const char *conf(const char *name)
{
    static __thread char line[8][4096];
    static __thread int turn;
    const char *path = getenv("FAKENVML_FILE");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (f) {
        char *l = line[turn++ % 8];
        size_t n = strlen(name);
        while (fgets(l, sizeof line[0], f)) {
            l[strcspn(l, "\n")] = 0;
            if (!strncmp(l, name, n) && l[n] == '=') {
                fclose(f);
                return l + n + 1;
            }
        }
        fclose(f);
    }
    char var[128];
    snprintf(var, sizeof var, "FAKENVML_%s", name);
    return getenv(var);
}

static long long number(const char *name, long long otherwise)
{
    const char *v = conf(name);
    return v && *v ? strtoll(v, NULL, 0) : otherwise;
}

/* item is the number after "key:" in a list a:1,b:2, or 1 for key alone. */
static int item(const char *list, const char *key, long long *value)
{
    size_t n = strlen(key);
    for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (!strncmp(p, key, n) && (p[n] == ':' || p[n] == ',' || !p[n])) {
            *value = p[n] == ':' ? strtoll(p + n + 1, NULL, 0) : 1;
            return 1;
        }
    return 0;
}

static nvmlReturn_t enter(const char *call)
{
    long long r;
    const char *trace = conf("TRACE");
    if (trace) {
        FILE *f = fopen(trace, "a");
        if (f) {
            fprintf(f, "%s\n", call);
            fclose(f);
        }
    }
    if (item(conf("HANG"), call, &r))
        for (;;)
            pause();
    return item(conf("RC"), call, &r) ? (nvmlReturn_t)r : NVML_SUCCESS;
}

/* ---- handles: GPU i is 0x1000 + i, slice k of it 0x2000 + 16 i + k, its instance 0x3000 + 16 i + k */

static int gpus(void) { return (int)number("GPUS", 2); }
static void *gpu(int i) { return (void *)(0x1000L + i); }
static int is_slice(nvmlDevice_t d) { return (long)d.handle >= 0x2000; }
static int slice_of(nvmlDevice_t d) { return (int)((long)d.handle & 15); }
static int index_of(nvmlDevice_t d)
{
    return is_slice(d) ? (int)(((long)d.handle - 0x2000) / 16) : (int)((long)d.handle - 0x1000);
}
static int identity(int i) { return number("SWAP", 0) && i < 2 ? 1 - i : i; }

static int listed(const char *name, int i)
{
    char key[16];
    long long v;
    snprintf(key, sizeof key, "%d", i);
    return item(conf(name), key, &v);
}

#define ENTER() do { nvmlReturn_t r_ = enter(__func__); if (r_) return r_; } while (0)
#define ASK(d) do { ENTER(); if (listed("LOST", index_of(d))) return NVML_ERROR_GPU_IS_LOST; } while (0)

/* ---- what every driver has */

nvmlReturn_t nvmlInit_v2(void) { ENTER(); return 0; }
nvmlReturn_t nvmlInitWithFlags(unsigned flags) { (void)flags; ENTER(); return 0; }
nvmlReturn_t nvmlShutdown(void) { ENTER(); return 0; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *n) { ENTER(); *n = (unsigned)gpus(); return 0; }

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned i, nvmlDevice_t *d)
{
    ENTER();
    if ((int)i >= gpus())
        return NVML_ERROR_INVALID_ARGUMENT;
    if (listed("ABSENT", (int)i))
        return NVML_ERROR_UNKNOWN;
    if (listed("LOST", (int)i))
        return NVML_ERROR_GPU_IS_LOST;
    d->handle = gpu((int)i);
    return 0;
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *s, unsigned n)
{
    ASK(d);
    int i = identity(index_of(d));
    if (is_slice(d))
        snprintf(s, n, "MIG-00000000-0000-4000-8000-0000000000%d%d", i, slice_of(d));
    else
        snprintf(s, n, "GPU-00000000-0000-4000-8000-00000000000%d", i);
    return 0;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *s, unsigned n)
{
    ASK(d);
    const char *name = conf("NAME") ? conf("NAME") : "NVIDIA A100-SXM4-80GB";
    if (is_slice(d))
        snprintf(s, n, "%s MIG %s", name, slice_of(d) ? "2g.20gb" : "3g.40gb");
    else
        snprintf(s, n, "%s", name);
    return 0;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, nvmlMemory_t *m)
{
    ASK(d);
    unsigned long long mb = 1 << 20, total = (unsigned long long)number("MEMORY_MB", 81920) * mb;
    m->total = is_slice(d) ? total / (slice_of(d) ? 4 : 2) : total;
    m->used = (unsigned long long)(number("USED_MB", 0) + number("RESERVED_MB", 600)) * mb;
    m->free = m->total - m->used;
    return 0;
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *s, unsigned n) { ENTER(); snprintf(s, n, "%s", conf("DRIVER") ? conf("DRIVER") : "580.95.05"); return 0; }

#ifndef OLD /* ---- what an old driver lacks */

static unsigned nth(const char *name, int i)
{
    const char *v = conf(name);
    for (; v && i > 0; i--)
        v = strchr(v, ',') ? strchr(v, ',') + 1 : NULL;
    return v ? (unsigned)strtoul(v, NULL, 0) : 0;
}

nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *v) { ENTER(); *v = 13000; return 0; }
const char *nvmlErrorString(nvmlReturn_t r) { (void)r; return "fake"; }

nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *d)
{
    ENTER();
    for (int i = 0; i < gpus(); i++)
        for (int k = -1; k < 2; k++) {
            char u[96];
            nvmlDevice_t c = {k < 0 ? gpu(i) : (void *)(0x2000L + 16 * i + k)};
            int id = identity(i);
            if (k < 0)
                snprintf(u, sizeof u, "GPU-00000000-0000-4000-8000-00000000000%d", id);
            else
                snprintf(u, sizeof u, "MIG-00000000-0000-4000-8000-0000000000%d%d", id, k);
            if (strcmp(u, uuid) || (k >= 0 && !number("MIG", 0)))
                continue;
            if (listed("LOST", i))
                return NVML_ERROR_GPU_IS_LOST;
            *d = c;
            return 0;
        }
    return NVML_ERROR_NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t d, char *s, unsigned n) { ASK(d); snprintf(s, n, "132042003000%d", identity(index_of(d))); return 0; }
nvmlReturn_t nvmlDeviceGetVbiosVersion(nvmlDevice_t d, char *s, unsigned n) { ASK(d); snprintf(s, n, "92.00.45.00.03"); return 0; }
nvmlReturn_t nvmlDeviceGetInforomImageVersion(nvmlDevice_t d, char *s, unsigned n) { ASK(d); snprintf(s, n, "G506.0200.00.05"); return 0; }
nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t d, unsigned *n) { ASK(d); *n = (unsigned)index_of(d); return 0; }
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, nvmlTemperatureSensors_t s, unsigned *t) { (void)s; ASK(d); *t = 31; return 0; }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned *p) { ASK(d); *p = 62500; return 0; }
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t d, nvmlClockType_t t, unsigned *c) { ASK(d); *c = t == NVML_CLOCK_MEM ? 1593 : 1410; return 0; }
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t d, unsigned long long *r) { ASK(d); *r = (unsigned long long)number("THROTTLE", 1); return 0; }
nvmlReturn_t nvmlDeviceValidateInforom(nvmlDevice_t d) { ASK(d); return (nvmlReturn_t)number("INFOROM", 0); }

nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t d, nvmlPciInfo_t *p)
{
    ASK(d);
    memset(p, 0, sizeof *p);
    p->bus = 7 + (unsigned)index_of(d);
    snprintf(p->busId, sizeof p->busId, "00000000:%02X:00.0", p->bus);
    snprintf(p->busIdLegacy, sizeof p->busIdLegacy, "0000:%02X:00.0", p->bus);
    return 0;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t d, nvmlMemory_v2_t *m)
{
    ASK(d);
    if (m->version != nvmlMemory_v2)
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    unsigned long long mb = 1 << 20, total = (unsigned long long)number("MEMORY_MB", 81920) * mb;
    m->total = is_slice(d) ? total / (slice_of(d) ? 4 : 2) : total;
    m->reserved = (unsigned long long)number("RESERVED_MB", 600) * mb;
    m->used = (unsigned long long)number("USED_MB", 0) * mb;
    m->free = m->total - m->reserved - m->used;
    return 0;
}

nvmlReturn_t nvmlDeviceGetEccMode(nvmlDevice_t d, nvmlEnableState_t *current, nvmlEnableState_t *pending)
{
    ASK(d);
    *current = (nvmlEnableState_t)number("ECC", 1);
    *pending = (nvmlEnableState_t)number("ECC_PENDING", *current);
    return 0;
}

static unsigned long long errors(nvmlMemoryErrorType_t type, nvmlEccCounterType_t since, const char *place)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s_%s", since == NVML_VOLATILE_ECC ? "VOLATILE" : "AGGREGATE",
             type == NVML_MEMORY_ERROR_TYPE_CORRECTED ? "CORRECTED" : "UNCORRECTED", place);
    return (unsigned long long)number(name, 0);
}

nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t d, nvmlMemoryErrorType_t type, nvmlEccCounterType_t since, unsigned long long *n)
{
    ASK(d);
    *n = errors(type, since, "DRAM") + errors(type, since, "SRAM");
    return 0;
}

nvmlReturn_t nvmlDeviceGetMemoryErrorCounter(nvmlDevice_t d, nvmlMemoryErrorType_t type, nvmlEccCounterType_t since, nvmlMemoryLocation_t place, unsigned long long *n)
{
    ASK(d);
    if (place == NVML_MEMORY_LOCATION_DRAM)
        *n = errors(type, since, "DRAM");
    else if (place == NVML_MEMORY_LOCATION_SRAM)
        *n = errors(type, since, "SRAM");
    else
        return NVML_ERROR_NOT_SUPPORTED; /* as from Turing on */
    return 0;
}

nvmlReturn_t nvmlDeviceGetSramEccErrorStatus(nvmlDevice_t d, nvmlEccSramErrorStatus_t *s)
{
    ASK(d);
    s->bThresholdExceeded = (unsigned)number("THRESHOLD", 0);
    return 0;
}

nvmlReturn_t nvmlDeviceGetRemappedRows(nvmlDevice_t d, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed)
{
    ASK(d);
    if (number("MIG", 0))
        return NVML_ERROR_NOT_SUPPORTED;
    *corrected = nth("ROWS", 0), *uncorrected = nth("ROWS", 1), *pending = nth("ROWS", 2), *failed = nth("ROWS", 3);
    return 0;
}

nvmlReturn_t nvmlDeviceGetRowRemapperHistogram(nvmlDevice_t d, nvmlRowRemapperHistogramValues_t *h)
{
    ASK(d);
    if (number("MIG", 0))
        return NVML_ERROR_NOT_SUPPORTED;
    h->max = conf("BANKS") ? nth("BANKS", 0) : 640;
    h->high = nth("BANKS", 1), h->partial = nth("BANKS", 2), h->low = nth("BANKS", 3), h->none = nth("BANKS", 4);
    return 0;
}

nvmlReturn_t nvmlDeviceGetRepairStatus(nvmlDevice_t d, nvmlRepairStatus_t *s) { ASK(d); s->bChannelRepairPending = (unsigned)number("REPAIR", 0); s->bTpcRepairPending = 0; return 0; }

nvmlReturn_t nvmlDeviceGetRetiredPages(nvmlDevice_t d, nvmlPageRetirementCause_t cause, unsigned *n, unsigned long long *addresses)
{
    ASK(d);
    if (!conf("PAGES"))
        return NVML_ERROR_NOT_SUPPORTED;
    unsigned have = nth("PAGES", cause == NVML_PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR);
    if (*n < have) {
        *n = have;
        return NVML_ERROR_INSUFFICIENT_SIZE;
    }
    for (unsigned i = 0; i < have; i++)
        addresses[i] = 4096ULL * i;
    *n = have;
    return 0;
}

nvmlReturn_t nvmlDeviceGetRetiredPagesPendingStatus(nvmlDevice_t d, nvmlEnableState_t *p) { ASK(d); *p = NVML_FEATURE_DISABLED; return conf("PAGES") ? 0 : NVML_ERROR_NOT_SUPPORTED; }

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int n, nvmlFieldValue_t *v)
{
    ASK(d);
    for (int i = 0; i < n; i++) {
        const char *name = v[i].fieldId == NVML_FI_DEV_MEMORY_TEMP ? "MEMORY_TEMPERATURE" : v[i].fieldId == NVML_FI_DEV_GET_GPU_RECOVERY_ACTION ? "RECOVERY"
            : v[i].fieldId == NVML_FI_DEV_RESET_STATUS ? "RESET_STATUS" : v[i].fieldId == NVML_FI_DEV_DRAIN_AND_RESET_STATUS ? "DRAIN_STATUS" : NULL;
        long long value = name ? number(name, v[i].fieldId == NVML_FI_DEV_MEMORY_TEMP ? 40 : 0) : -1;
        v[i].valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
        v[i].nvmlReturn = value < 0 ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
        v[i].value.ullVal = 0xdeadbeef00000000ULL; /* only the low half is to be read */
        v[i].value.uiVal = (unsigned)value;
    }
    return 0;
}

/* ---- MIG */

nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned *current, unsigned *pending) { ASK(d); *current = *pending = (unsigned)number("MIG", 0); return 0; }
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t d, unsigned *n) { ASK(d); *n = 7; return 0; }
nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t m, nvmlDevice_t *d) { ASK(m); d->handle = gpu(index_of(m)); return 0; }
nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t m, unsigned *id) { ASK(m); *id = 5 + (unsigned)slice_of(m); return 0; }

nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t d, unsigned k, nvmlDevice_t *m)
{
    ASK(d);
    if (k != 0 && k != 2) /* with a gap, as after one was removed */
        return NVML_ERROR_NOT_FOUND;
    m->handle = (void *)(0x2000L + 16 * index_of(d) + k / 2);
    return 0;
}

nvmlReturn_t nvmlDeviceGetGpuInstanceById(nvmlDevice_t d, unsigned id, nvmlGpuInstance_t *g) { ASK(d); g->handle = (void *)(0x3000L + 16 * index_of(d) + (int)id - 5); return 0; }

nvmlReturn_t nvmlGpuInstanceGetInfo(nvmlGpuInstance_t g, nvmlGpuInstanceInfo_t *info)
{
    ENTER();
    int k = (int)((long)g.handle & 15);
    memset(info, 0, sizeof *info);
    info->id = 5 + (unsigned)k;
    info->placement.start = k ? 4 : 0, info->placement.size = k ? 2 : 4;
    return 0;
}

/* ---- topology */

nvmlReturn_t nvmlDeviceGetTopologyCommonAncestor(nvmlDevice_t a, nvmlDevice_t b, nvmlGpuTopologyLevel_t *l) { (void)b; ASK(a); *l = NVML_TOPOLOGY_NODE; return 0; }

nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t d, unsigned link, nvmlEnableState_t *s)
{
    ASK(d);
    if (!conf("NVLINK") || link >= 12)
        return NVML_ERROR_NOT_SUPPORTED;
    *s = (int)link < number("NVLINK", 0) ? NVML_FEATURE_ENABLED : NVML_FEATURE_DISABLED;
    return 0;
}

static int switched(void) { return conf("NVLINK") && strstr(conf("NVLINK"), "switch"); }
nvmlReturn_t nvmlDeviceGetNvLinkRemoteDeviceType(nvmlDevice_t d, unsigned link, nvmlIntNvLinkDeviceType_t *t) { (void)link; ASK(d); *t = switched() ? NVML_NVLINK_DEVICE_TYPE_SWITCH : NVML_NVLINK_DEVICE_TYPE_GPU; return 0; }
nvmlReturn_t nvmlDeviceGetNvLinkRemotePciInfo_v2(nvmlDevice_t d, unsigned link, nvmlPciInfo_t *p)
{
    (void)link;
    ASK(d);
    memset(p, 0, sizeof *p);
    p->bus = 7 + (unsigned)((index_of(d) + 1) % gpus());
    snprintf(p->busId, sizeof p->busId, "00000000:%02X:00.0", p->bus);
    return 0;
}

/* ---- processes */

static nvmlReturn_t processes(nvmlDevice_t d, unsigned *n, nvmlProcessInfo_t *infos)
{
    unsigned have = 0;
    for (const char *p = conf("PROCS"); p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        int g;
        unsigned pid;
        long long bytes;
        if (sscanf(p, "%d:%u:%lld", &g, &pid, &bytes) != 3 || g != index_of(d))
            continue;
        if (have < *n) {
            infos[have].pid = pid;
            infos[have].usedGpuMemory = (unsigned long long)bytes;
            infos[have].gpuInstanceId = infos[have].computeInstanceId = 0xFFFFFFFF;
        }
        have++;
    }
    nvmlReturn_t r = have > *n ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
    *n = have;
    return r;
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t d, unsigned *n, nvmlProcessInfo_t *i) { ASK(d); return processes(d, n, i); }
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t d, unsigned *n, nvmlProcessInfo_t *i) { (void)i; ASK(d); *n = 0; return 0; }

/* ---- events */

static int delivered;

nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *s) { ENTER(); s->handle = malloc(1); return 0; }
nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t s) { ENTER(); free(s.handle); return 0; }
nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t d, unsigned long long *m) { ASK(d); *m = (unsigned long long)number("SUPPORTED", 0xffff); return 0; }
nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t d, unsigned long long m, nvmlEventSet_t s)
{
    (void)s;
    ASK(d);
    if (m & ~(unsigned long long)number("SUPPORTED", 0xffff))
        return NVML_ERROR_INVALID_ARGUMENT;
    return m & (unsigned long long)number("REFUSED", 0) ? NVML_ERROR_UNKNOWN : NVML_SUCCESS;
}

nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t s, nvmlEventData_t *e, unsigned ms)
{
    (void)s;
    ENTER();
    for (unsigned waited = 0;; waited += 20) {
        const char *p = conf("EVENTS");
        for (int i = 0; i < delivered && p; i++)
            p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL;
        int g;
        if (p && sscanf(p, "%d:%llu:%llu", &g, &e->eventType, &e->eventData) == 3) {
            delivered++;
            e->device.handle = gpu(g);
            e->gpuInstanceId = e->computeInstanceId = 0xFFFFFFFF;
            return 0;
        }
        if (waited >= ms)
            return NVML_ERROR_TIMEOUT;
        usleep(20000);
    }
}

#endif
