/* Layouts: how buffers lie in memory, as text in XLA's form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/tiles.h"

enum { MAX_TEXT = 128, FIRST_MINOR_WITH_ELEMENT_SIZE = 107 };

struct PJRT_Layouts_MemoryLayout {
  sim_kind kind;
  bool is_owned_by_executable;
  size_t size;
  char text[MAX_TEXT];
};

static void append(PJRT_Layouts_MemoryLayout *layout, const char *format,
                   long long value) {
  const size_t left = MAX_TEXT - layout->size;
  const int size = snprintf(layout->text + layout->size, left, format, value);
  if (size > 0 && (size_t)size < left) layout->size += (size_t)size;
}

/* What follows the colon in "{1,0:T(8,128)E(4)}": tiles, and how many bits an
 * element has where it is smaller than a byte. */
static void write_details(PJRT_Layouts_MemoryLayout *layout,
                          const sim_shape *shape) {
  const int bits = sim_type_bits(shape->type);
  const bool has_bits =
      bits < 8 && sim_options()->minor >= FIRST_MINOR_WITH_ELEMENT_SIZE;
  if (shape->is_tiled || has_bits) append(layout, ":", 0);
  if (shape->is_tiled) {
    append(layout, "T(%lld", SIM_TILE_ROWS);
    append(layout, ",%lld)", SIM_TILE_COLUMNS);
  }
  if (has_bits) append(layout, "E(%lld)", bits);
}

static void write_layout(PJRT_Layouts_MemoryLayout *layout,
                         const sim_shape *shape,
                         const int64_t *minor_to_major) {
  append(layout, "{", 0);
  for (size_t i = 0; i < shape->num_dims; i++)
    append(layout, i ? ",%lld" : "%lld",
           minor_to_major ? minor_to_major[i]
                          : (long long)(shape->num_dims - 1 - i));
  write_details(layout, shape);
  append(layout, "}", 0);
}

static PJRT_Layouts_MemoryLayout *layout_create(const sim_shape *shape,
                                                const int64_t *minor_to_major) {
  PJRT_Layouts_MemoryLayout *layout = sim_new(SIM_OTHER, sizeof(*layout));
  write_layout(layout, shape, minor_to_major);
  return layout;
}

static PJRT_Error *layout_destroy(
    PJRT_Layouts_MemoryLayout_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Layouts_MemoryLayout_Destroy_Args, 24);
  if (!args->layout) return NULL;
  SIM_REQUIRE(args->layout, SIM_OTHER);
  if (args->layout->is_owned_by_executable)
    return sim_misuse("a layout that belongs to its executable is destroyed");
  sim_delete(args->layout, SIM_OTHER);
  return NULL;
}

struct PJRT_Layouts_SerializedLayout {
  sim_holder holder;
};

static void serialized_free(PJRT_Layouts_SerializedLayout *serialized) {
  sim_holder_free(&serialized->holder);
}

static PJRT_Error *layout_serialize(
    PJRT_Layouts_MemoryLayout_Serialize_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Layouts_MemoryLayout_Serialize_Args, 56);
  SIM_REQUIRE(args->layout, SIM_OTHER);
  sim_holder *holder =
      sim_holder_create(args->layout->text, args->layout->size);
  args->serialized_bytes = holder->bytes;
  args->serialized_bytes_size = args->layout->size;
  args->serialized_layout = (PJRT_Layouts_SerializedLayout *)(void *)holder;
  args->serialized_layout_deleter = serialized_free;
  return NULL;
}

static PJRT_Error *client_default(
    PJRT_Layouts_PJRT_Client_GetDefaultLayout_Args *args) {
  sim_shape shape;
  SIM_EXT_ENTER(args, PJRT_Layouts_PJRT_Client_GetDefaultLayout_Args, 56);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(sim_shape_read(args->type, args->dims, args->num_dims, &shape));
  sim_shape_tile(&shape, args->client->machine.tiled_layouts);
  args->layout = layout_create(&shape, NULL);
  return NULL;
}

static PJRT_Error *topology_default(
    PJRT_Layouts_PJRT_Topology_GetDefaultLayout_Args *args) {
  sim_shape shape;
  SIM_EXT_ENTER(args, PJRT_Layouts_PJRT_Topology_GetDefaultLayout_Args, 56);
  SIM_REQUIRE(args->topology_description, SIM_TOPOLOGY);
  SIM_TRY(sim_shape_read(args->type, args->dims, args->num_dims, &shape));
  sim_shape_tile(&shape, args->topology_description->tiled_layouts);
  args->layout = layout_create(&shape, NULL);
  return NULL;
}

static PJRT_Error *buffer_layout(
    PJRT_Layouts_PJRT_Buffer_MemoryLayout_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Layouts_PJRT_Buffer_MemoryLayout_Args, 32);
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->layout =
      layout_create(&args->buffer->shape, args->buffer->minor_to_major);
  return NULL;
}

/* ---- of executables ------------------------------------------------------ */

/* The layouts of a program's values, made when first asked for. */
typedef struct value_layouts {
  size_t num;
  PJRT_Layouts_MemoryLayout **layouts;
} value_layouts;

static void value_layouts_free(void *data) {
  value_layouts *values = data;
  for (size_t i = 0; i < values->num; i++)
    sim_delete(values->layouts[i], SIM_OTHER);
  free(values->layouts);
}

static const value_layouts *layouts_of(PJRT_Executable *executable,
                                       const sim_shape *shapes, size_t num) {
  value_layouts *values =
      sim_attached(&executable->program->attachments, shapes, sizeof(*values),
                   value_layouts_free);
  sim_ext_lock();
  if (!values->layouts) {
    values->num = num;
    values->layouts = sim_allocate(num * sizeof(*values->layouts));
    for (size_t i = 0; i < num; i++) {
      values->layouts[i] = layout_create(&shapes[i], NULL);
      values->layouts[i]->is_owned_by_executable = true;
    }
  }
  sim_ext_unlock();
  return values;
}

static PJRT_Error *output_layouts(
    PJRT_Layouts_PJRT_Executable_GetOutputLayouts_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Layouts_PJRT_Executable_GetOutputLayouts_Args, 40);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sim_signature *signature = &args->executable->program->signature;
  const value_layouts *values =
      layouts_of(args->executable, signature->outputs, signature->num_outputs);
  args->num_outputs = values->num;
  args->layouts = values->layouts;
  return NULL;
}

static PJRT_Error *parameter_layouts(
    PJRT_Layouts_PJRT_Executable_GetParameterLayouts_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Layouts_PJRT_Executable_GetParameterLayouts_Args,
                40);
  SIM_REQUIRE(args->executable, SIM_EXECUTABLE);
  const sim_signature *signature = &args->executable->program->signature;
  const value_layouts *values = layouts_of(
      args->executable, signature->parameters, signature->num_parameters);
  args->num_parameters = values->num;
  args->layouts = values->layouts;
  return NULL;
}

static const PJRT_Layouts_Extension node = {
    .PJRT_Layouts_MemoryLayout_Destroy = layout_destroy,
    .PJRT_Layouts_MemoryLayout_Serialize = layout_serialize,
    .PJRT_Layouts_PJRT_Client_GetDefaultLayout = client_default,
    .PJRT_Layouts_PJRT_Buffer_MemoryLayout = buffer_layout,
    .PJRT_Layouts_PJRT_Topology_GetDefaultLayout = topology_default,
    .PJRT_Layouts_PJRT_Executable_GetOutputLayouts = output_layouts,
    .PJRT_Layouts_PJRT_Executable_GetParameterLayouts = parameter_layouts,
};

const sim_extension sim_ext_layouts = {
    .type = PJRT_Extension_Type_Layouts,
    .name = "Layouts",
    .steps = {{51, 56}, {76, 64}, {81, 72}, {93, 80}},
    .node = &node,
    .node_size = sizeof(node),
};
