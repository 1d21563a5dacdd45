/* Transfers: making, facts and life. Filling their buffers is in
 * transfer_fill.c. */
#include "core/transfer.h"

#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/layout.h"
#include "core/plugin.h"

/* ---- ending -------------------------------------------------------------- */

/* What was handed out would never be ready on some plugins, and end with a less
 * clear error on others. */
static void cancel_open(pjrt_transfer *transfer) {
  static const char message[] =
      "the transfer was freed before the buffer was complete";
  for (size_t i = 0; i < transfer->num_targets; i++) {
    if (atomic_load(&transfer->targets[i].filling) != PJRT_FILLING_OPEN) {
      continue;
    }
    pjrt_error_drop(pjrt_raw_transfer_set_error(transfer, i, PJRT_CANCELLED,
                                                message, sizeof message - 1));
  }
}

static void destroy_raw(const pjrt_transfer *transfer) {
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_Destroy, args);
  args->transfer_manager = transfer->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(PJRT_CALL(transfer->client->plugin,
                            PJRT_AsyncHostToDeviceTransferManager_Destroy,
                            args));
}

static bool bury(pjrt_grave *grave) {
  pjrt_transfer *transfer = (pjrt_transfer *)grave;
  pjrt_client *client = transfer->client;
  cancel_open(transfer);
  for (size_t i = 0; i < transfer->num_targets; i++) {
    pjrt_buffer_free(atomic_exchange(&transfer->targets[i].buffer, NULL));
  }
  destroy_raw(transfer);
  free(transfer);
  return pjrt_pool_drop(client->pool);
}

pjrt_transfer *pjrt_transfer_retain(pjrt_transfer *transfer) {
  atomic_fetch_add(&transfer->refs, 1);
  return transfer;
}

void pjrt_transfer_free(pjrt_transfer *transfer) {
  if (!transfer || pjrt_client_is_forked(transfer->client)) return;
  if (atomic_fetch_sub(&transfer->refs, 1) != 1) return;
  transfer->grave.bury = bury;
  pjrt_client_bury(transfer->client, &transfer->grave);
}

/* ---- what is asked for --------------------------------------------------- */

static pjrt_error *about_shape(pjrt_error *error, size_t i) {
  if (error) pjrt_error_prefix(error, "shape %zu of the transfer", i);
  return error;
}

static pjrt_error *check_layout(const pjrt_transfer_shape *shape) {
  size_t num = 0;
  if (!shape->layout) return NULL;
  const bool is_tiled = pjrt_layout_kind_of(shape->layout) == PJRT_LAYOUT_TILED;
  const int64_t *order = pjrt_layout_minor_to_major(shape->layout, &num);
  if (!is_tiled) pjrt_layout_byte_strides(shape->layout, &num);
  if (num == shape->num_dims &&
      (!is_tiled || pjrt_order_is_valid(order, num))) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the layout does not order %zu dimensions",
                           shape->num_dims);
}

pjrt_error *pjrt_transfer_check_shapes(const pjrt_device *device,
                                       const pjrt_memory *memory,
                                       const pjrt_transfer_shape *shapes,
                                       size_t num_shapes) {
  size_t num_elements;
  if (!shapes || num_shapes == 0 || num_shapes > INT_MAX) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu shapes for a transfer%s", num_shapes,
                             shapes ? "" : ", and they are NULL");
  }
  for (size_t i = 0; i < num_shapes; i++) {
    const pjrt_transfer_shape *shape = &shapes[i];
    PJRT_TRY(about_shape(
        pjrt_buffer_check_shape(device, memory, shape->dtype, shape->dims,
                                shape->num_dims, &num_elements),
        i));
    PJRT_TRY(about_shape(check_layout(shape), i));
  }
  return NULL;
}

typedef PJRT_ROOM_FOR(PJRT_Buffer_MemoryLayout) raw_layout_room;

/* What the plugin is given: shapes, and layouts where any is asked for. */
typedef struct request {
  PJRT_ShapeSpec *shapes;
  raw_layout_room *layouts;
  PJRT_Buffer_MemoryLayout **layout_list; /* NULL: none is asked for */
} request;

static void request_clear(request *r) {
  free(r->shapes);
  free(r->layouts);
  free(r->layout_list);
}

static pjrt_error *fill_layouts(const pjrt_plugin *plugin,
                                const pjrt_transfer_shape *shapes,
                                size_t num_shapes, request *r) {
  void *memory;
  bool any = false;
  for (size_t i = 0; i < num_shapes; i++) any = any || shapes[i].layout;
  if (!any) return NULL;
  PJRT_TRY(pjrt_alloc(num_shapes, sizeof *r->layouts, &memory));
  r->layouts = memory;
  PJRT_TRY(pjrt_alloc(num_shapes, sizeof *r->layout_list, &memory));
  r->layout_list = memory;
  for (size_t i = 0; i < num_shapes; i++) {
    if (!shapes[i].layout) continue;
    r->layout_list[i] = &r->layouts[i].value;
    PJRT_TRY(about_shape(
        pjrt_layout_to_raw(shapes[i].layout, plugin, r->layout_list[i]), i));
  }
  return NULL;
}

static pjrt_error *request_fill(const pjrt_plugin *plugin,
                                const pjrt_transfer_shape *shapes,
                                size_t num_shapes, request *out) {
  void *memory;
  /* Two more than needed: the zero reserve behind the last one. */
  _Static_assert(2 * sizeof *out->shapes >= PJRT_ARGS_RESERVE, "a reserve");
  PJRT_TRY(pjrt_alloc(num_shapes + 2, sizeof *out->shapes, &memory));
  out->shapes = memory;
  for (size_t i = 0; i < num_shapes; i++) {
    out->shapes[i].struct_size =
        plugin->struct_size[PJRT_STRUCT_PJRT_ShapeSpec];
    out->shapes[i].dims = shapes[i].dims;
    out->shapes[i].num_dims = shapes[i].num_dims;
    out->shapes[i].element_type = (PJRT_Buffer_Type)shapes[i].dtype;
  }
  return fill_layouts(plugin, shapes, num_shapes, out);
}

/* Plugins do without a memory nowhere but in their documents. */
static pjrt_error *raw_memory(const pjrt_device *device,
                              const pjrt_memory *memory, PJRT_Memory **out) {
  *out = memory ? memory->raw : NULL;
  if (memory) return NULL;
  PJRT_ARGS(PJRT_Device_DefaultMemory, args);
  args->device = device->raw;
  PJRT_TRY(PJRT_CALL(device->client->plugin, PJRT_Device_DefaultMemory, args));
  *out = args->memory;
  if (*out) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL, "the plugin names no default memory"),
      device->client->plugin, "PJRT_Device_DefaultMemory");
}

static pjrt_error *wrong_fact(const pjrt_transfer *transfer, const char *call,
                              const char *what) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL, "the plugin %s", what),
      transfer->client->plugin, call);
}

static pjrt_error *create_raw(const pjrt_device *device,
                              const pjrt_memory *memory,
                              const pjrt_transfer_shape *shapes,
                              pjrt_transfer *transfer) {
  request r = {0};
  const pjrt_client *client = device->client;
  PJRT_ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice, args);
  args->client = client->raw;
  PJRT_TRY(raw_memory(device, memory, &args->memory));
  pjrt_error *error =
      request_fill(client->plugin, shapes, transfer->num_targets, &r);
  if (!error) {
    args->shape_specs = r.shapes;
    args->num_shape_specs = transfer->num_targets;
    args->device_layouts = r.layout_list;
    args->num_device_layouts = r.layout_list ? transfer->num_targets : 0;
    error = PJRT_CALL(client->plugin,
                      PJRT_Client_CreateBuffersForAsyncHostToDevice, args);
  }
  request_clear(&r);
  PJRT_TRY(error);
  transfer->raw = args->transfer_manager;
  if (transfer->raw) return NULL;
  return wrong_fact(transfer, "PJRT_Client_CreateBuffersForAsyncHostToDevice",
                    "reports success and gives no transfer manager");
}

/* ---- facts --------------------------------------------------------------- */

static pjrt_error *read_device(pjrt_transfer *transfer) {
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_Device, args);
  args->transfer_manager = transfer->raw;
  PJRT_TRY(PJRT_CALL(transfer->client->plugin,
                     PJRT_AsyncHostToDeviceTransferManager_Device, args));
  transfer->device = pjrt_client_device_of(transfer->client, args->device_out);
  if (transfer->device) return NULL;
  return wrong_fact(transfer, "PJRT_AsyncHostToDeviceTransferManager_Device",
                    "names a device that is none of the client's");
}

static pjrt_error *check_count(const pjrt_transfer *transfer) {
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_BufferCount, args);
  args->transfer_manager = transfer->raw;
  PJRT_TRY(PJRT_CALL(transfer->client->plugin,
                     PJRT_AsyncHostToDeviceTransferManager_BufferCount, args));
  if (args->buffer_count == transfer->num_targets) return NULL;
  return wrong_fact(transfer,
                    "PJRT_AsyncHostToDeviceTransferManager_BufferCount",
                    "made another number of buffers than it was asked for");
}

static pjrt_error *read_size(pjrt_transfer *transfer, size_t i) {
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_BufferSize, args);
  args->transfer_manager = transfer->raw;
  args->buffer_index = (int)i;
  PJRT_TRY(PJRT_CALL(transfer->client->plugin,
                     PJRT_AsyncHostToDeviceTransferManager_BufferSize, args));
  transfer->targets[i].size = args->buffer_size;
  if (args->buffer_size <= INT64_MAX) return NULL;
  return wrong_fact(transfer,
                    "PJRT_AsyncHostToDeviceTransferManager_BufferSize",
                    "tells a size that no buffer has");
}

/* The spec of a buffer: its shape as it was asked for, in the order that the
 * plugin chose. */
static pjrt_error *read_spec(const pjrt_transfer *transfer,
                             const pjrt_transfer_shape *shape, PJRT_Buffer *raw,
                             const pjrt_spec **out) {
  pjrt_client *client = transfer->client;
  const pjrt_spec *unknown;
  if (!raw) {
    return wrong_fact(transfer,
                      "PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer",
                      "reports success and gives no buffer");
  }
  PJRT_TRY(pjrt_spec_intern(&client->specs, shape->dtype, shape->dims,
                            shape->num_dims, PJRT_ORDER_UNKNOWN, NULL,
                            transfer->device, &unknown));
  return pjrt_buffer_ask_order(client, raw, unknown, out);
}

static pjrt_error *retrieve(pjrt_transfer *transfer, size_t i,
                            const pjrt_transfer_shape *shape) {
  pjrt_buffer *buffer;
  pjrt_client *client = transfer->client;
  pjrt_transfer_target *target = &transfer->targets[i];
  PJRT_TRY(pjrt_buffers_take(client, 1, &buffer));
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer, args);
  args->transfer_manager = transfer->raw;
  args->buffer_index = (int)i;
  pjrt_error *error =
      PJRT_CALL(client->plugin,
                PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer, args);
  pjrt_buffer_fill(buffer, error ? NULL : args->buffer_out, NULL);
  if (!error) error = read_spec(transfer, shape, buffer->raw, &target->spec);
  if (error) {
    pjrt_buffer_destroy(buffer);
    return error;
  }
  buffer->spec = target->spec;
  atomic_store(&target->buffer, buffer);
  return NULL;
}

static pjrt_error *read_facts(pjrt_transfer *transfer,
                              const pjrt_transfer_shape *shapes) {
  PJRT_TRY(read_device(transfer));
  PJRT_TRY(check_count(transfer));
  for (size_t i = 0; i < transfer->num_targets; i++) {
    PJRT_TRY(read_size(transfer, i));
    PJRT_TRY(retrieve(transfer, i, &shapes[i]));
  }
  return NULL;
}

pjrt_error *pjrt_transfer_create(pjrt_device *device, pjrt_memory *memory,
                                 const pjrt_transfer_shape *shapes,
                                 size_t num_shapes, pjrt_transfer **out) {
  void *room;
  size_t size;
  *out = NULL;
  PJRT_TRY(pjrt_transfer_check_shapes(device, memory, shapes, num_shapes));
  if (!pjrt_size_mul(num_shapes, sizeof(pjrt_transfer_target), &size) ||
      !pjrt_size_add(size, sizeof(pjrt_transfer), &size)) {
    return pjrt_error_out_of_memory();
  }
  PJRT_TRY(pjrt_alloc(1, size, &room));
  pjrt_transfer *transfer = room;
  transfer->client = device->client;
  transfer->num_targets = num_shapes;
  atomic_init(&transfer->refs, 1);
  pjrt_error *error = create_raw(device, memory, shapes, transfer);
  if (error) {
    free(transfer);
    return error;
  }
  pjrt_pool_hold(device->client->pool);
  error = read_facts(transfer, shapes);
  if (error) {
    pjrt_transfer_free(transfer);
    return error;
  }
  *out = transfer;
  return NULL;
}

pjrt_device *pjrt_transfer_device(const pjrt_transfer *transfer) {
  return transfer->device;
}

size_t pjrt_transfer_num_buffers(const pjrt_transfer *transfer) {
  return transfer->num_targets;
}

size_t pjrt_transfer_buffer_size(const pjrt_transfer *transfer, size_t i) {
  return i < transfer->num_targets ? transfer->targets[i].size : 0;
}

pjrt_error *pjrt_transfer_check(const pjrt_transfer *transfer, size_t i) {
  if (!transfer) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "transfer is NULL");
  }
  PJRT_TRY(pjrt_client_check(transfer->client));
  if (i < transfer->num_targets) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "buffer %zu of a transfer of %zu", i,
                           transfer->num_targets);
}

/* ---- taking buffers ------------------------------------------------------ */

pjrt_error *pjrt_transfer_take_buffer(pjrt_transfer *transfer, size_t i,
                                      pjrt_buffer **out) {
  *out = NULL;
  PJRT_TRY(pjrt_transfer_check(transfer, i));
  *out = atomic_exchange(&transfer->targets[i].buffer, NULL);
  if (*out) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "buffer %zu of the transfer was taken before", i);
}
