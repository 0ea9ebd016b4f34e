/* A libamd_smi.so with one GPU that answers from a file, for tests.
 *
 * AMD_SMI_STUB names the file; each line is a name and a number or a text. What is not in the file
 * is not supported, and so is every function that only names.h knows. The structures are those of
 * amdsmi.h, version 7.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_SUPPORTED 2
#define DRIVER_NOT_LOADED 34
#define LINES 60

static struct { char name[40], text[200]; } lines[LINES];
static int count;
static char socket_, gpu;

static const char *text(const char *name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(lines[i].name, name)) return lines[i].text;
    return NULL;
}
static uint64_t number(const char *name, uint64_t missing) {
    const char *found = text(name);
    return found ? strtoull(found, NULL, 0) : missing;
}

int amdsmi_init(uint64_t flags) {
    (void)flags;
    const char *path = getenv("AMD_SMI_STUB");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return DRIVER_NOT_LOADED;
    count = 0;
    while (count < LINES && fscanf(file, "%39s %199[^\n]", lines[count].name, lines[count].text) == 2)
        count++;
    fclose(file);
    return 0;
}
int amdsmi_shut_down(void) { return 0; }

static int one(uint32_t *size, void **handles, void *handle) {
    if (handles) handles[0] = handle;
    *size = 1;
    return 0;
}
int amdsmi_get_socket_handles(uint32_t *size, void **handles) { return one(size, handles, &socket_); }
int amdsmi_get_processor_handles(void *socket, uint32_t *size, void **handles) {
    (void)socket;
    return one(size, handles, &gpu);
}
int amdsmi_get_gpu_device_uuid(void *handle, unsigned int *length, char *uuid) {
    (void)handle;
    if (!text("uuid")) return NOT_SUPPORTED;
    snprintf(uuid, *length, "%s", text("uuid"));
    return 0;
}
int amdsmi_get_gpu_device_bdf(void *handle, uint64_t *bdf) {
    (void)handle;
    *bdf = number("bdf", 0);
    return text("bdf") ? 0 : NOT_SUPPORTED;
}

struct asic {
    char market_name[256]; uint32_t vendor_id; char vendor_name[256]; uint32_t subvendor_id;
    uint64_t device_id; uint32_t rev_id; char serial[256]; uint32_t oam_id, compute_units;
    uint64_t graphics_version; uint32_t subsystem_id, reserved[21];
};
int amdsmi_get_gpu_asic_info(void *handle, struct asic *asic) {
    (void)handle;
    memset(asic, 0, sizeof *asic);
    if (!text("name")) return NOT_SUPPORTED;
    snprintf(asic->market_name, sizeof asic->market_name, "%s", text("name"));
    return 0;
}

struct vram { uint32_t total, used, reserved[2]; };
int amdsmi_get_gpu_vram_usage(void *handle, struct vram *vram) {
    (void)handle;
    vram->total = number("vram_total", UINT32_MAX);
    vram->used = number("vram_used", UINT32_MAX);
    return text("vram_total") ? 0 : NOT_SUPPORTED;
}

struct power { uint64_t socket; uint32_t current, average; uint64_t volts[3]; uint32_t limit;
               uint64_t reserved[18]; };
int amdsmi_get_power_info(void *handle, struct power *power) {
    (void)handle;
    memset(power, 0, sizeof *power);
    power->current = number("power_current", 0xFFFF);
    power->average = number("power_average", 0xFFFF);
    power->limit = number("power_limit", 0xFFFF);
    return text("power_limit") ? 0 : NOT_SUPPORTED;
}

struct pcie_static { uint16_t width; uint32_t speed, generation, slot, generation_max;
                     uint64_t reserved[9]; };
struct pcie_metric { uint16_t width; uint32_t speed, bandwidth; uint64_t counts[5]; uint32_t other;
                     uint64_t reserved[12]; };
struct pcie { struct pcie_static most; struct pcie_metric now; uint64_t reserved[32]; };
int amdsmi_get_pcie_info(void *handle, struct pcie *pcie) {
    (void)handle;
    memset(pcie, 0, sizeof *pcie);
    pcie->most.width = number("pcie_width_max", UINT16_MAX);
    pcie->most.generation = number("pcie_generation", UINT32_MAX);
    pcie->now.width = number("pcie_width", UINT16_MAX);
    return text("pcie_width") ? 0 : NOT_SUPPORTED;
}

struct ecc { uint64_t correctable, uncorrectable, deferred, reserved[5]; };
int amdsmi_get_gpu_total_ecc_count(void *handle, struct ecc *ecc) {
    (void)handle;
    memset(ecc, 0, sizeof *ecc);
    ecc->correctable = number("ecc_correctable", 0);
    ecc->uncorrectable = number("ecc_uncorrectable", 0);
    return text("ecc_correctable") ? 0 : NOT_SUPPORTED;
}

struct use { uint32_t graphics, memory, media, reserved[13]; };
int amdsmi_get_gpu_activity(void *handle, struct use *use) {
    (void)handle;
    use->graphics = number("activity", 0xFFFF);
    use->memory = number("memory_activity", 0xFFFF);
    use->media = 0xFFFF;
    return text("activity") ? 0 : NOT_SUPPORTED;
}

int amdsmi_get_temp_metric(void *handle, int sensor, int metric, int64_t *degrees) {
    (void)handle;
    const char *name = sensor == 1 ? "hotspot" : "edge";
    *degrees = number(name, 0);
    return metric == 0 && text(name) ? 0 : NOT_SUPPORTED;
}

struct clock { uint32_t now, least, most; uint8_t locked, sleep; uint32_t reserved[4]; };
int amdsmi_get_clock_info(void *handle, int kind, struct clock *clock) {
    (void)handle;
    const char *name = kind == 4 ? "memory_clock" : "graphics_clock";
    memset(clock, 0, sizeof *clock);
    clock->now = number(name, UINT32_MAX);
    return text(name) ? 0 : NOT_SUPPORTED;
}

struct process {
    char name[256]; uint32_t pid; uint64_t memory;
    struct { uint64_t graphics, encoder; uint32_t reserved[12]; } engines;
    struct { uint64_t gtt, cpu, vram; uint32_t reserved[10]; } memories;
    char container[256]; uint32_t occupancy, reserved[11];
};
int amdsmi_get_gpu_process_list(void *handle, uint32_t *size, struct process *list) {
    (void)handle;
    if (!text("process")) return NOT_SUPPORTED;
    memset(list, 0, sizeof *list);
    list->pid = number("process", 0);
    list->memory = list->memories.vram = number("process_vram", 0);
    *size = 1;
    return 0;
}

/* Every other function that the Python package asks for when it is imported. */
#define UNSUPPORTED(function) int function(void) { return NOT_SUPPORTED; }
#include "names.h"
