/* Device descriptions. */
#include <stdio.h>
#include <stdlib.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

#define INT64_ATTRIBUTE(literal, value)           \
  ((PJRT_NamedValue){                             \
      .struct_size = PJRT_NamedValue_STRUCT_SIZE, \
      .name = SIM_TEXT(literal),                  \
      .name_size = sizeof(literal) - 1,           \
      .type = PJRT_NamedValue_kInt64,             \
      .int64_value = (value),                     \
      .value_size = 1,                            \
  })

/* Named as TPU plugins do. JAX ends the process when one of them is a float or
 * a bool. */
static void set_attributes(PJRT_DeviceDescription *description) {
  PJRT_NamedValue *a = description->attributes;
  a[0] = INT64_ATTRIBUTE("device_vendor", 0);
  a[0].type = PJRT_NamedValue_kString;
  SIM_SET_TEXT(a[0].string_value, a[0].value_size, "sim");
  a[1] = INT64_ATTRIBUTE("coords", 0);
  a[1].type = PJRT_NamedValue_kInt64List;
  a[1].int64_array_value = description->coords;
  a[1].value_size = 3;
  a[2] = INT64_ATTRIBUTE("core_on_chip", description->core);
  a[3] = INT64_ATTRIBUTE("num_cores", 1);
  a[4] = INT64_ATTRIBUTE("slice_index", 0);
}

void sim_description_init(PJRT_DeviceDescription *description, int id,
                          int process_index, const sim_mesh *mesh) {
  char text[160];
  description->kind = SIM_DESCRIPTION;
  description->id = id;
  description->process_index = process_index;
  sim_mesh_locate(mesh, description);
  const int size = snprintf(text, sizeof(text), "sim:%d", id);
  description->text_size = (size_t)size;
  description->text = sim_text(text, description->text_size);
  const int debug_size = snprintf(
      text, sizeof(text),
      "sim:%d(process=%d, coords=(%lld,%lld,%lld), core=%d)", id, process_index,
      (long long)description->coords[0], (long long)description->coords[1],
      (long long)description->coords[2], (int)description->core);
  description->debug_text_size = (size_t)debug_size;
  description->debug_text = sim_text(text, description->debug_text_size);
  set_attributes(description);
}

void sim_description_clear(PJRT_DeviceDescription *description) {
  description->kind = SIM_DEAD;
  free(description->text);
  free(description->debug_text);
}

PJRT_Error *sim_PJRT_DeviceDescription_Id(
    PJRT_DeviceDescription_Id_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->id = args->device_description->id;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_ProcessIndex(
    PJRT_DeviceDescription_ProcessIndex_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->process_index = args->device_description->process_index;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_Attributes(
    PJRT_DeviceDescription_Attributes_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->attributes = args->device_description->attributes;
  args->num_attributes = SIM_DESCRIPTION_ATTRIBUTES;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_Kind(
    PJRT_DeviceDescription_Kind_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  SIM_SET_TEXT(args->device_kind, args->device_kind_size, "sim device");
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_DebugString(
    PJRT_DeviceDescription_DebugString_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->debug_string = args->device_description->debug_text;
  args->debug_string_size = args->device_description->debug_text_size;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_ToString(
    PJRT_DeviceDescription_ToString_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->to_string = args->device_description->text;
  args->to_string_size = args->device_description->text_size;
  return NULL;
}
