#include "pjrt/device.h"

#include "core/client.h"

pjrt_client *pjrt_device_client(const pjrt_device *device) {
  return device->client;
}

int pjrt_device_id(const pjrt_device *device) { return device->description.id; }

int pjrt_device_process_index(const pjrt_device *device) {
  return device->description.process_index;
}

bool pjrt_device_is_addressable(const pjrt_device *device) {
  return device->is_addressable;
}

int pjrt_device_local_hardware_id(const pjrt_device *device) {
  return device->local_hardware_id;
}

const char *pjrt_device_kind(const pjrt_device *device, size_t *out_size) {
  if (out_size) *out_size = device->description.kind.size;
  return device->description.kind.data;
}

const char *pjrt_device_debug_string(const pjrt_device *device,
                                     size_t *out_size) {
  if (out_size) *out_size = device->description.debug_string.size;
  return device->description.debug_string.data;
}

const char *pjrt_device_to_string(const pjrt_device *device, size_t *out_size) {
  if (out_size) *out_size = device->description.to_string.size;
  return device->description.to_string.data;
}

const pjrt_named_values *pjrt_device_attributes(const pjrt_device *device) {
  return device->description.attributes;
}

size_t pjrt_device_num_memories(const pjrt_device *device) {
  return device->num_memories;
}

pjrt_memory *pjrt_device_memory(const pjrt_device *device, size_t i) {
  return i < device->num_memories ? device->memories[i] : NULL;
}

pjrt_memory *pjrt_device_default_memory(const pjrt_device *device) {
  return device->default_memory;
}
