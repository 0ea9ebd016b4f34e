/* A libnvidia-ml.so.1 that answers from a file, for tests: states that no GPU has on request.
 *
 * NVML_STUB names the file. Each line: DEVICE QUESTION ANSWERS, with answers parted by commas, one
 * for each time it is asked, and the last one from then on. An answer `error:N` is NVML's code N.
 * DEVICE is an index, INDEX.PART for a part of it (MIG), or `driver`. What is not in the file is
 * not supported. With OLDER defined it has only the names that drivers of before 2022 have, with
 * NEWER none of those that are announced to go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7
#define NOT_FOUND 6
#define TIMEOUT 10
#define LINES 400

struct line { char device[16], question[40], answers[400]; int asked; };
static struct line lines[LINES];
static int count;
static char names[64][16];
static int named;

static int load(void) {
    const char *path = getenv("NVML_STUB");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    count = 0;
    while (count < LINES &&
           fscanf(file, "%15s %39s %399[^\n]", lines[count].device, lines[count].question,
                  lines[count].answers) == 3) {
        lines[count].asked = 0;
        count++;
    }
    fclose(file);
    return 1;
}

/* The next answer as text; NVML's code where there is none. */
static int answer(const char *device, const char *question, char *text, size_t size) {
    for (int i = 0; i < count; i++) {
        if (strcmp(lines[i].device, device) || strcmp(lines[i].question, question)) continue;
        const char *at = lines[i].answers;
        for (int skip = lines[i].asked++; skip > 0 && strchr(at, ','); skip--)
            at = strchr(at, ',') + 1;
        size_t length = strcspn(at, ",");
        if (length >= size) length = size - 1;
        memcpy(text, at, length);
        text[length] = 0;
        if (!strncmp(text, "error:", 6)) return atoi(text + 6);
        return 0;
    }
    return NOT_SUPPORTED;
}

static int number(void *handle, const char *question, unsigned long long *value) {
    char text[400];
    int code = answer(handle, question, text, sizeof text);
    if (!code) *value = strtoull(text, NULL, 0);
    return code;
}

static int small(void *handle, const char *question, unsigned int *value) {
    unsigned long long wide;
    int code = number(handle, question, &wide);
    if (!code) *value = (unsigned int)wide;
    return code;
}

static void *handle_of(const char *name) {
    for (int i = 0; i < named; i++)
        if (!strcmp(names[i], name)) return names[i];
    if (named == 64) return names[0];
    strncpy(names[named], name, 15);
    return names[named++];
}

int nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    char text[40];
    if (!load()) return 9; /* DRIVER_NOT_LOADED */
    int code = answer("driver", "init", text, sizeof text);
    return code == NOT_SUPPORTED ? 0 : code;
}
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { (void)code; return "an error of the stub"; }
int nvmlDeviceGetCount_v2(unsigned int *value) { return small("driver", "count", value); }

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    char name[16];
    snprintf(name, sizeof name, "%u", index);
    *device = handle_of(name);
    char text[40];
    int code = answer(name, "open", text, sizeof text);
    return code == NOT_SUPPORTED ? 0 : code;
}

static int string(void *device, const char *question, char *text, unsigned int length) {
    return answer(device, question, text, length);
}
int nvmlDeviceGetName(void *d, char *t, unsigned int n) { return string(d, "name", t, n); }
int nvmlDeviceGetUUID(void *d, char *t, unsigned int n) { return string(d, "uuid", t, n); }

struct pci { char legacy[16]; unsigned int parts[5]; char bus[32]; };
int nvmlDeviceGetPciInfo_v3(void *device, struct pci *pci) {
    memset(pci, 0, sizeof *pci);
    return answer(device, "pci", pci->bus, sizeof pci->bus);
}

struct memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory) {
    int code = number(device, "memory_total", &memory->total);
    if (!code) code = number(device, "memory_used", &memory->used);
    memory->free = memory->total - memory->used;
    return code;
}

struct use { unsigned int gpu, memory; };
int nvmlDeviceGetUtilizationRates(void *device, struct use *use) {
    int code = small(device, "utilization", &use->gpu);
    if (code) return code;
    return small(device, "memory_utilization", &use->memory);
}

#ifdef NEWER
struct temperature { unsigned int version; int sensor, degrees; };
int nvmlDeviceGetTemperatureV(void *d, struct temperature *t) {
    unsigned int degrees;
    int code = small(d, "temperature", &degrees);
    if (!code) t->degrees = (int)degrees;
    return code;
}
#else
int nvmlDeviceGetTemperature(void *d, int s, unsigned int *v) { (void)s; return small(d, "temperature", v); }
#endif
int nvmlDeviceGetPowerUsage(void *d, unsigned int *v) { return small(d, "power_mw", v); }
int nvmlDeviceGetEnforcedPowerLimit(void *d, unsigned int *v) { return small(d, "power_limit_mw", v); }
int nvmlDeviceGetClockInfo(void *d, int kind, unsigned int *v) {
    return small(d, kind == 0 ? "clock_graphics" : "clock_memory", v);
}
#ifndef OLDER
int nvmlDeviceGetCurrentClocksEventReasons(void *d, unsigned long long *v) { return number(d, "reasons", v); }
#endif
int nvmlDeviceGetCurrentClocksThrottleReasons(void *d, unsigned long long *v) { return number(d, "old_reasons", v); }
int nvmlDeviceGetCurrPcieLinkGeneration(void *d, unsigned int *v) { return small(d, "pcie_gen", v); }
int nvmlDeviceGetMaxPcieLinkGeneration(void *d, unsigned int *v) { return small(d, "pcie_gen_max", v); }
int nvmlDeviceGetCurrPcieLinkWidth(void *d, unsigned int *v) { return small(d, "pcie_width", v); }
int nvmlDeviceGetMaxPcieLinkWidth(void *d, unsigned int *v) { return small(d, "pcie_width_max", v); }
int nvmlDeviceGetPcieThroughput(void *d, int counter, unsigned int *v) {
    return small(d, counter ? "pcie_received_kb" : "pcie_sent_kb", v);
}
int nvmlDeviceGetEccMode(void *d, unsigned int *now, unsigned int *pending) {
    int code = small(d, "ecc", now);
    *pending = *now;
    return code;
}
int nvmlDeviceGetTotalEccErrors(void *d, int kind, int counter, unsigned long long *v) {
    char question[40];
    snprintf(question, sizeof question, "ecc_%s_%s", kind ? "uncorrected" : "corrected",
             counter ? "aggregate" : "volatile");
    return number(d, question, v);
}
int nvmlDeviceGetMigMode(void *d, unsigned int *now, unsigned int *pending) {
    int code = small(d, "mig", now);
    *pending = *now;
    return code;
}
int nvmlDeviceGetMaxMigDeviceCount(void *d, unsigned int *v) { return small(d, "parts", v); }
int nvmlDeviceGetMigDeviceHandleByIndex(void *d, unsigned int index, void **part) {
    char name[16];
    unsigned long long there;
    snprintf(name, sizeof name, "%.10s.%u", (char *)d, index % 100);
    *part = handle_of(name);
    return number(*part, "memory_total", &there) ? NOT_FOUND : 0;
}

struct process { unsigned int pid; unsigned long long used; unsigned int parts[2]; };
static int processes(void *d, const char *question, unsigned int *room, struct process *found) {
    char text[400];
    int code = answer(d, question, text, sizeof text);
    if (code) return code;
    unsigned int there = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        if (found && there < *room) {
            char *colon = strchr(word, ':');
            memset(&found[there], 0, sizeof found[there]);
            found[there].pid = (unsigned int)atol(word);
            found[there].used = colon ? strtoull(colon + 1, NULL, 0) : ~0ULL;
        }
        there++;
    }
    if (there == 1 && !strncmp(text, "none", 4)) there = 0;
    int fits = there == 0 || (found && there <= *room);
    *room = there;
    return fits ? 0 : INSUFFICIENT_SIZE;
}
#ifdef OLDER
#define nvmlDeviceGetComputeRunningProcesses_v3 nvmlDeviceGetComputeRunningProcesses_v2
#define nvmlDeviceGetGraphicsRunningProcesses_v3 nvmlDeviceGetGraphicsRunningProcesses_v2
#endif
int nvmlDeviceGetComputeRunningProcesses_v3(void *d, unsigned int *n, struct process *p) {
    return processes(d, "compute", n, p);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *d, unsigned int *n, struct process *p) {
    return processes(d, "graphics", n, p);
}

int nvmlEventSetCreate(void **set) {
    char text[40];
    *set = names;
    int code = answer("driver", "events", text, sizeof text);
    return code == NOT_SUPPORTED ? 0 : code;
}
int nvmlEventSetFree(void *set) { (void)set; return 0; }
int nvmlDeviceRegisterEvents(void *d, unsigned long long kinds, void *set) {
    (void)kinds; (void)set;
    for (int i = 0; i < count; i++)
        if (!strcmp(lines[i].device, d) && !strcmp(lines[i].question, "xid")) return 0;
    return NOT_SUPPORTED;
}
struct event { void *device; unsigned long long kind, data; unsigned int parts[2]; };
int nvmlEventSetWait_v2(void *set, struct event *event, unsigned int milliseconds) {
    (void)set; (void)milliseconds;
    char wait[40];
    int failed = answer("driver", "wait", wait, sizeof wait);
    if (failed && failed != NOT_SUPPORTED) return failed;
    for (int i = 0; i < count; i++) {
        if (strcmp(lines[i].question, "xid")) continue;
        char text[400];
        int code = answer(lines[i].device, "xid", text, sizeof text);
        if (!code && atoi(text)) {
            memset(event, 0, sizeof *event);
            event->device = handle_of(lines[i].device);
            event->kind = 8;
            event->data = strtoull(text, NULL, 0);
            return 0;
        }
    }
    return TIMEOUT;
}
