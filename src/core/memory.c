#include "pjrt/memory.h"

#include "core/client.h"

pjrt_client *pjrt_memory_client(const pjrt_memory *memory) {
  return memory->client;
}

int pjrt_memory_id(const pjrt_memory *memory) { return memory->id; }

const char *pjrt_memory_kind(const pjrt_memory *memory, size_t *out_size) {
  if (out_size) *out_size = memory->kind.size;
  return memory->kind.data;
}

int pjrt_memory_kind_id(const pjrt_memory *memory) { return memory->kind_id; }

const char *pjrt_memory_debug_string(const pjrt_memory *memory,
                                     size_t *out_size) {
  if (out_size) *out_size = memory->debug_string.size;
  return memory->debug_string.data;
}

const char *pjrt_memory_to_string(const pjrt_memory *memory, size_t *out_size) {
  if (out_size) *out_size = memory->to_string.size;
  return memory->to_string.data;
}

size_t pjrt_memory_num_devices(const pjrt_memory *memory) {
  return memory->num_devices;
}

pjrt_device *pjrt_memory_device(const pjrt_memory *memory, size_t i) {
  return i < memory->num_devices ? memory->devices[i] : NULL;
}
