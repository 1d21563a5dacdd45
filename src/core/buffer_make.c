#include "pjrt/buffer_make.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/layout.h"
#include "core/opts.h"
#include "core/pledge.h"
#include "core/plugin.h"
#include "pjrt/raw.h"

void pjrt_buffer_opts_init(pjrt_buffer_opts *opts) {
  *opts = (pjrt_buffer_opts){.struct_size = sizeof *opts};
}

/* ---- where and what ------------------------------------------------------ */

/* The shape that is asked for, checked, with the memory that was given. */
static pjrt_error *read_shape(pjrt_device *device, pjrt_dtype dtype,
                              const int64_t *dims, size_t num_dims,
                              const pjrt_buffer_opts *opts,
                              const pjrt_spec **out, pjrt_memory **out_memory) {
  size_t num_elements;
  pjrt_buffer_opts known;
  pjrt_buffer_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_buffer_opts", sizeof known, &known));
  PJRT_TRY(pjrt_buffer_check_shape(device, known.memory, dtype, dims, num_dims,
                                   &num_elements));
  *out_memory = known.memory;
  return pjrt_spec_intern(&device->client->specs, dtype, dims, num_dims,
                          PJRT_ORDER_UNKNOWN, NULL, device, out);
}

/* What told no memory when the client was made. */
static pjrt_error *no_memory(const pjrt_device *device) {
  static const pjrt_call_id tellers[] = {
      PJRT_CALL_PJRT_Client_AddressableMemories,
      PJRT_CALL_PJRT_Device_AddressableMemories,
      PJRT_CALL_PJRT_Device_DefaultMemory};
  const pjrt_plugin *plugin = device->client->plugin;
  for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++) {
    if (!pjrt_call_exists(plugin, tellers[i])) {
      return pjrt_call_missing(plugin, tellers[i]);
    }
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "device %d has no default memory, and none was given",
                        pjrt_device_id(device)),
      plugin, NULL);
}

/* For functions that take a memory and no device. */
static pjrt_error *choose_memory(const pjrt_device *device,
                                 pjrt_memory **memory) {
  if (!*memory) *memory = device->default_memory;
  return *memory ? NULL : no_memory(device);
}

pjrt_error *pjrt_buffer_create_uninitialized(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const pjrt_buffer_opts *opts, pjrt_buffer **out) {
  const pjrt_spec *spec;
  pjrt_memory *memory;
  *out = NULL;
  PJRT_TRY(read_shape(device, dtype, dims, num_dims, opts, &spec, &memory));
  PJRT_ARGS(PJRT_Client_CreateUninitializedBuffer, args);
  args->client = device->client->raw;
  args->shape_dims = spec->dims;
  args->shape_num_dims = spec->num_dims;
  args->shape_element_type = (PJRT_Buffer_Type)spec->dtype;
  args->device = memory ? NULL : device->raw;
  args->memory = memory ? memory->raw : NULL;
  PJRT_TRY(PJRT_CALL(device->client->plugin,
                     PJRT_Client_CreateUninitializedBuffer, args));
  return pjrt_buffer_from_raw(device, args->buffer, out);
}

/* ---- errors -------------------------------------------------------------- */

enum { PAYLOADS_SINCE = 103 };

static pjrt_error *check_payloads(const pjrt_plugin *plugin, size_t num) {
  if (num == 0 || plugin->minor >= PAYLOADS_SINCE) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "the error has %zu payloads, which API 0.%d brought",
                        num, PAYLOADS_SINCE),
      plugin, "PJRT_Client_CreateErrorBuffer");
}

/* Named values in the plugin's own size that point into the error; free()
 * them. */
static pjrt_error *list_payloads(const pjrt_plugin *plugin,
                                 const pjrt_error *error, void **out) {
  size_t num = pjrt_error_num_payloads(error);
  const size_t size = plugin->struct_size[PJRT_STRUCT_PJRT_NamedValue];
  PJRT_TRY(check_payloads(plugin, num));
  PJRT_TRY(pjrt_alloc(num, size, out));
  for (size_t i = 0; i < num; i++) {
    PJRT_NamedValue *value = (PJRT_NamedValue *)((char *)*out + i * size);
    value->struct_size = size;
    value->name = pjrt_error_payload_key(error, i, &value->name_size);
    value->type = PJRT_NamedValue_kString;
    value->string_value =
        pjrt_error_payload_value(error, i, &value->value_size);
  }
  return NULL;
}

static pjrt_error *call_create_error(const pjrt_client *client,
                                     const pjrt_spec *spec,
                                     const pjrt_memory *memory,
                                     const pjrt_error *error,
                                     PJRT_Buffer **out) {
  void *payloads;
  const pjrt_plugin *plugin = client->plugin;
  PJRT_TRY(list_payloads(plugin, error, &payloads));
  /* Some plugins fail, others crash later, without a layout. */
  PJRT_STRUCT(plugin, PJRT_Buffer_MemoryLayout, layout);
  pjrt_layout_order_to_raw(spec->row_major, spec->num_dims, plugin, layout);
  PJRT_ARGS(PJRT_Client_CreateErrorBuffer, args);
  args->client = client->raw;
  args->error_code = (PJRT_Error_Code)pjrt_error_code(error);
  args->error_message = pjrt_error_message(error, &args->error_message_size);
  args->shape_dims = spec->dims;
  args->shape_num_dims = spec->num_dims;
  args->shape_element_type = (PJRT_Buffer_Type)spec->dtype;
  args->shape_layout = layout;
  args->memory = memory->raw;
  args->num_payload = pjrt_error_num_payloads(error);
  args->payload = args->num_payload ? payloads : NULL;
  pjrt_error *failure = PJRT_CALL(plugin, PJRT_Client_CreateErrorBuffer, args);
  *out = args->buffer;
  free(payloads);
  return failure;
}

pjrt_error *pjrt_buffer_create_error(pjrt_device *device, pjrt_dtype dtype,
                                     const int64_t *dims, size_t num_dims,
                                     const pjrt_error *error,
                                     const pjrt_buffer_opts *opts,
                                     pjrt_buffer **out) {
  const pjrt_spec *spec;
  pjrt_memory *memory;
  PJRT_Buffer *raw;
  *out = NULL;
  if (!error) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "error is NULL");
  PJRT_TRY(pjrt_reason_check(error));
  PJRT_TRY(read_shape(device, dtype, dims, num_dims, opts, &spec, &memory));
  PJRT_TRY(choose_memory(device, &memory));
  PJRT_TRY(call_create_error(device->client, spec, memory, error, &raw));
  return pjrt_buffer_from_raw(device, raw, out);
}

/* ---- aliases ------------------------------------------------------------- */

static pjrt_error *call_fulfill(const pjrt_alias *alias, PJRT_Buffer *raw,
                                pjrt_code code, const char *message,
                                size_t message_size) {
  const pjrt_client *client = alias->pledge.client;
  if (!alias->callback) return NULL;
  PJRT_ARGS(PJRT_Client_FulfillAliasBuffer, args);
  args->client = client->raw;
  args->buffer = raw;
  args->status_code = (PJRT_Error_Code)code;
  args->error_message = message;
  args->error_message_size = message_size;
  args->fulfill_alias_buffer_cb = alias->callback;
  return PJRT_CALL(client->plugin, PJRT_Client_FulfillAliasBuffer, args);
}

/* Plugins that do as they are told may answer with the very error that they
 * were given. */
static pjrt_error *break_promise(const pjrt_alias *alias, pjrt_code code,
                                 const char *message, size_t message_size) {
  size_t size;
  pjrt_error *error = call_fulfill(alias, NULL, code, message, message_size);
  if (!error || pjrt_error_code(error) != code) return error;
  const char *said = pjrt_error_message(error, &size);
  if (size != message_size || memcmp(said, message, size) != 0) return error;
  pjrt_error_free(error);
  return NULL;
}

static bool bury_alias(pjrt_grave *grave) {
  static const char reason[] = "the alias was dropped before it was fulfilled";
  pjrt_alias *alias = (pjrt_alias *)grave;
  if (pjrt_pledge_take(&alias->pledge)) {
    pjrt_error_free(
        break_promise(alias, PJRT_CANCELLED, reason, sizeof reason - 1));
  }
  return pjrt_pledge_end(&alias->pledge);
}

static pjrt_error *call_create_alias(const pjrt_memory *memory,
                                     pjrt_alias *alias, PJRT_Buffer **out) {
  const pjrt_client *client = alias->pledge.client;
  const pjrt_plugin *plugin = client->plugin;
  const PJRT_Api *table = &plugin->table;
  /* Not a promise that nobody could keep. */
  if (table->PJRT_Client_CreateAliasBuffer &&
      !table->PJRT_Client_FulfillAliasBuffer) {
    return pjrt_call_missing(plugin, PJRT_CALL_PJRT_Client_FulfillAliasBuffer);
  }
  PJRT_STRUCT(plugin, PJRT_Buffer_MemoryLayout, layout);
  pjrt_layout_order_to_raw(alias->spec->row_major, alias->spec->num_dims,
                           plugin, layout);
  PJRT_ARGS(PJRT_Client_CreateAliasBuffer, args);
  args->client = client->raw;
  args->memory = memory->raw;
  args->shape_dims = alias->spec->dims;
  args->shape_num_dims = alias->spec->num_dims;
  args->shape_element_type = (PJRT_Buffer_Type)alias->spec->dtype;
  args->shape_layout = layout;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Client_CreateAliasBuffer, args));
  *out = args->alias_buffer;
  alias->raw = args->alias_buffer;
  alias->callback = args->fulfill_alias_buffer_cb;
  return NULL;
}

/* The wrapper is asked for after the call, so a failure must break the promise,
 * which freeing the alias does. */
static pjrt_error *create_alias(pjrt_device *device, const pjrt_memory *memory,
                                pjrt_alias *alias, pjrt_buffer **out) {
  PJRT_Buffer *raw;
  PJRT_TRY(call_create_alias(memory, alias, &raw));
  PJRT_TRY(pjrt_buffer_from_raw(device, raw, out));
  alias->spec = (*out)->spec;
  return NULL;
}

pjrt_error *pjrt_buffer_create_alias(pjrt_device *device, pjrt_dtype dtype,
                                     const int64_t *dims, size_t num_dims,
                                     const pjrt_buffer_opts *opts,
                                     pjrt_buffer **out,
                                     pjrt_alias **out_alias) {
  const pjrt_spec *spec;
  pjrt_memory *memory;
  void *handle;
  *out = NULL;
  *out_alias = NULL;
  PJRT_TRY(read_shape(device, dtype, dims, num_dims, opts, &spec, &memory));
  PJRT_TRY(choose_memory(device, &memory));
  PJRT_TRY(pjrt_pledge_create(device->client, sizeof(pjrt_alias), bury_alias,
                              &handle));
  pjrt_alias *alias = handle;
  alias->spec = spec;
  pjrt_error *error = create_alias(device, memory, alias, out);
  if (error) {
    pjrt_alias_free(alias);
    return error;
  }
  *out_alias = alias;
  return NULL;
}

static pjrt_error *check_alias(const pjrt_alias *alias) {
  if (alias) return pjrt_client_check(alias->pledge.client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "alias is NULL");
}

static pjrt_error *take(pjrt_alias *alias) {
  if (pjrt_pledge_take(&alias->pledge)) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the alias was fulfilled or failed before");
}

/* Specs of two clients are never equal: they name devices. */
static pjrt_error *check_source(const pjrt_alias *alias,
                                const pjrt_buffer *buffer) {
  char promised[PJRT_SPEC_TEXT_SIZE], given[PJRT_SPEC_TEXT_SIZE];
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (buffer->raw == alias->raw) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the buffer is the alias itself");
  }
  if (pjrt_spec_fits(buffer->spec, alias->spec)) return NULL;
  pjrt_spec_print(alias->spec, promised);
  pjrt_spec_print(buffer->spec, given);
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "the alias is %s on device %d, and the buffer is %s on device %d%s",
      promised, pjrt_device_id(alias->spec->device), given,
      pjrt_device_id(buffer->spec->device),
      buffer->client == alias->pledge.client ? "" : " of another client");
}

pjrt_error *pjrt_alias_fulfill(pjrt_alias *alias, pjrt_buffer *buffer) {
  PJRT_TRY(check_alias(alias));
  PJRT_TRY(check_source(alias, buffer));
  PJRT_TRY(pjrt_buffer_claim(buffer));
  pjrt_error *error = take(alias);
  if (error) {
    pjrt_buffer_settle(buffer, PJRT_BUFFER_LIVE);
    return error;
  }
  error = call_fulfill(alias, buffer->raw, PJRT_OK, NULL, 0);
  pjrt_buffer_settle_consumed(buffer, !error);
  return error;
}

pjrt_error *pjrt_alias_fail(pjrt_alias *alias, const pjrt_error *error) {
  size_t size;
  PJRT_TRY(check_alias(alias));
  if (!error) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "error is NULL");
  PJRT_TRY(pjrt_reason_check(error));
  PJRT_TRY(take(alias));
  const char *message = pjrt_error_message(error, &size);
  return break_promise(alias, pjrt_error_code(error), message, size);
}

void pjrt_alias_free(pjrt_alias *alias) {
  if (alias) pjrt_pledge_free(&alias->pledge);
}

/* ---- of another buffer's memory ------------------------------------------ */

pjrt_error *pjrt_buffer_bitcast(pjrt_buffer *buffer, pjrt_dtype dtype,
                                const int64_t *dims, size_t num_dims,
                                pjrt_buffer **out) {
  static const int64_t no_dims[1];
  size_t num_elements;
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  pjrt_device *device = buffer->spec->device;
  PJRT_TRY(pjrt_buffer_check_shape(device, NULL, dtype, dims, num_dims,
                                   &num_elements));
  PJRT_TRY(pjrt_buffer_claim(buffer));
  PJRT_ARGS(PJRT_Buffer_Bitcast, args);
  args->buffer = buffer->raw;
  args->element_type = (PJRT_Buffer_Type)dtype;
  args->dims = dims ? dims : no_dims;
  args->num_dims = num_dims;
  pjrt_error *error =
      PJRT_CALL(buffer->client->plugin, PJRT_Buffer_Bitcast, args);
  pjrt_buffer_settle_consumed(buffer, !error);
  PJRT_TRY(error);
  return pjrt_buffer_from_raw(device, args->out_buffer, out);
}

/* A donation that waits for its dependency. */
typedef struct donation {
  pjrt_pledge pledge;
  void *callback_data;
  void (*callback)(PJRT_Buffer_DonateWithControlDependency_Callback_Args *args);
} donation;

static bool bury_donation(pjrt_grave *grave) {
  return pjrt_pledge_end((pjrt_pledge *)grave);
}

/* Tells the plugin how the dependency ended; runs where its event is ready. */
static void dependency_is_ready(const pjrt_error *error, void *user) {
  donation *given = user;
  /* Pairs with await_dependency(), as in event.c. */
  (void)atomic_load_explicit(&given->pledge.is_kept, memory_order_acquire);
  PJRT_STRUCT(given->pledge.client->plugin,
              PJRT_Buffer_DonateWithControlDependency_Callback_Args, args);
  args->callback_data = given->callback_data;
  args->error_code = (PJRT_Error_Code)pjrt_error_code(error);
  args->error_message = pjrt_error_message(error, &args->error_message_size);
  if (given->callback) given->callback(args);
  pjrt_pledge_free(&given->pledge);
}

/* Whatever comes, the plugin gets its answer: an error here is the answer too.
 */
static pjrt_error *await_dependency(donation *given, pjrt_event *dependency) {
  atomic_store_explicit(&given->pledge.is_kept, true, memory_order_release);
  pjrt_error *error =
      pjrt_event_on_ready(dependency, dependency_is_ready, given);
  if (error) dependency_is_ready(error, given);
  return error;
}

static pjrt_error *donate(pjrt_buffer *buffer, donation *given,
                          PJRT_Buffer **out) {
  PJRT_TRY(pjrt_buffer_claim(buffer));
  PJRT_ARGS(PJRT_Buffer_DonateWithControlDependency, args);
  args->buffer = buffer->raw;
  pjrt_error *error = PJRT_CALL(buffer->client->plugin,
                                PJRT_Buffer_DonateWithControlDependency, args);
  pjrt_buffer_settle_consumed(buffer, !error);
  PJRT_TRY(error);
  given->callback_data = args->callback_data;
  given->callback = args->dependency_ready_callback;
  *out = args->out_buffer;
  return NULL;
}

pjrt_error *pjrt_buffer_donate_with_dependency(pjrt_buffer *buffer,
                                               pjrt_event *dependency,
                                               pjrt_buffer **out) {
  void *handle;
  PJRT_Buffer *raw;
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (!dependency) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "dependency is NULL");
  }
  pjrt_client *client = buffer->client;
  pjrt_device *device = buffer->spec->device;
  PJRT_TRY(pjrt_client_check(dependency->client));
  PJRT_TRY(
      pjrt_pledge_create(client, sizeof(donation), bury_donation, &handle));
  donation *given = handle;
  pjrt_error *error = donate(buffer, given, &raw);
  if (error) {
    pjrt_pledge_free(&given->pledge);
    return error;
  }
  error = await_dependency(given, dependency);
  if (!error) return pjrt_buffer_from_raw(device, raw, out);
  pjrt_raw_buffer_destroy(client, raw);
  return error;
}
