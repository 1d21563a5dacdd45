/* Executables: making, facts, life. Executing is in execute.c, what is asked of
 * them later in executable_facts.c. */
#include "core/executable.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/plugin.h"
#include "core/unloaded.h"

/* ---- ending -------------------------------------------------------------- */

static void destroy_raw(const pjrt_client *client, PJRT_LoadedExecutable *raw,
                        PJRT_Executable *unloaded) {
  if (unloaded) pjrt_unloaded_destroy(client->plugin, unloaded);
  PJRT_ARGS(PJRT_LoadedExecutable_Destroy, args);
  args->executable = raw;
  pjrt_error_free(
      PJRT_CALL(client->plugin, PJRT_LoadedExecutable_Destroy, args));
}

static bool bury(pjrt_grave *grave) {
  pjrt_executable *executable = (pjrt_executable *)grave;
  pjrt_client *client = executable->client;
  destroy_raw(client, executable->raw, executable->unloaded);
  pjrt_text_fact_clear(&executable->name);
  pjrt_text_fact_clear(&executable->fingerprint);
  pjrt_memory_kinds_clear(&executable->parameter_memory_kinds);
  pjrt_memory_kinds_clear(&executable->output_memory_kinds);
  pjrt_signature_free(executable->signature);
  free(executable->devices);
  free(executable->parameter_specs);
  free(executable->donated);
  free(executable->output_specs);
  free(executable->compile_options);
  pthread_mutex_destroy(&executable->mutex);
  free(executable);
  return pjrt_pool_drop(client->pool);
}

void pjrt_executable_free(pjrt_executable *executable) {
  if (!executable || pjrt_client_is_forked(executable->client)) return;
  executable->grave.bury = bury;
  pjrt_client_bury(executable->client, &executable->grave);
}

/* ---- the signature ------------------------------------------------------- */

static pjrt_error *intern_shape(const pjrt_executable *executable,
                                const pjrt_shape *shape, pjrt_device *device,
                                const pjrt_spec **out) {
  pjrt_spec_order order = PJRT_ORDER_ROW_MAJOR;
  if (shape->minor_to_major) order = PJRT_ORDER_GIVEN;
  if (shape->is_tiled) order = PJRT_ORDER_UNKNOWN; /* no order says it all */
  if (shape->has_dynamic_dims) order = PJRT_ORDER_DYNAMIC;
  return pjrt_spec_intern(&executable->client->specs, shape->dtype, shape->dims,
                          shape->num_dims, order, shape->minor_to_major, device,
                          out);
}

static pjrt_error *intern_shapes(const pjrt_executable *executable,
                                 const pjrt_shape *shapes, size_t num_shapes,
                                 const pjrt_spec **out) {
  for (size_t d = 0; d < executable->num_devices; d++) {
    for (size_t i = 0; i < num_shapes; i++) {
      PJRT_TRY(
          intern_shape(executable, &shapes[i], executable->devices[d], out++));
    }
  }
  return NULL;
}

static pjrt_error *list_donated(pjrt_executable *executable) {
  void *donated;
  PJRT_TRY(pjrt_alloc(executable->num_parameters, sizeof(size_t), &donated));
  executable->donated = donated;
  for (size_t i = 0; i < executable->num_parameters; i++) {
    if (!executable->signature->is_donated[i]) continue;
    executable->donated[executable->num_donated++] = i;
  }
  return NULL;
}

/* What execute.c relies on. */
static bool can_be_plain(const pjrt_executable *executable) {
  const pjrt_plugin *plugin = executable->client->plugin;
  return pjrt_plugin_is_known(plugin) &&
         plugin->table.PJRT_LoadedExecutable_Execute &&
         plugin->table.PJRT_Event_Await && plugin->table.PJRT_Event_Destroy &&
         executable->num_devices == 1 && !executable->is_portable &&
         executable->num_donated == 0 &&
         executable->num_parameters <= PJRT_LAUNCH_POINTERS / 2 &&
         executable->num_outputs <= PJRT_LAUNCH_POINTERS / 2;
}

static pjrt_error *use_signature(pjrt_executable *executable) {
  void *specs;
  const pjrt_signature *signature = executable->signature;
  executable->num_parameters = signature->num_parameters;
  PJRT_TRY(pjrt_alloc(executable->num_devices * signature->num_parameters,
                      sizeof(pjrt_spec *), &specs));
  executable->parameter_specs = specs;
  PJRT_TRY(intern_shapes(executable, signature->parameters,
                         signature->num_parameters, specs));
  PJRT_TRY(intern_shapes(executable, signature->outputs, signature->num_outputs,
                         executable->output_specs));
  PJRT_TRY(list_donated(executable));
  atomic_init(&executable->is_plain, can_be_plain(executable));
  return NULL;
}

/* Without a signature the plugin may still tell the outputs' types and
 * dimensions; their order stays unknown. */
static pjrt_error *ask_outputs(pjrt_executable *executable) {
  const pjrt_plugin *plugin = executable->client->plugin;
  PJRT_ARGS(PJRT_Executable_OutputElementTypes, types);
  types->executable = executable->unloaded;
  pjrt_error *error =
      PJRT_CALL(plugin, PJRT_Executable_OutputElementTypes, types);
  PJRT_ARGS(PJRT_Executable_OutputDimensions, dims);
  dims->executable = executable->unloaded;
  if (!error) error = PJRT_CALL(plugin, PJRT_Executable_OutputDimensions, dims);
  bool told = !error && types->num_output_types == executable->num_outputs &&
              dims->num_outputs == executable->num_outputs;
  pjrt_error_free(error); /* then each output is asked */
  const int64_t *at = dims->dims;
  for (size_t i = 0; told && i < executable->num_outputs; i++) {
    for (size_t d = 0; d < executable->num_devices; d++) {
      PJRT_TRY(pjrt_spec_intern(
          &executable->client->specs, (pjrt_dtype)types->output_types[i], at,
          dims->dim_sizes[i], PJRT_ORDER_UNKNOWN, NULL, executable->devices[d],
          &executable->output_specs[d * executable->num_outputs + i]));
    }
    at += dims->dim_sizes[i];
  }
  return NULL;
}

/* ---- making -------------------------------------------------------------- */

static pjrt_error *read_numbers(pjrt_executable *executable) {
  pjrt_unloaded_facts facts = {0};
  pjrt_error *error = pjrt_unloaded_read_facts(executable->client->plugin,
                                               executable->unloaded, &facts);
  executable->name = facts.name;
  executable->num_replicas = facts.num_replicas;
  executable->num_partitions = facts.num_partitions;
  executable->num_outputs = facts.num_outputs;
  return error;
}

static pjrt_error *read_devices(pjrt_executable *executable) {
  void *devices;
  pjrt_client *client = executable->client;
  PJRT_ARGS(PJRT_LoadedExecutable_AddressableDevices, args);
  args->executable = executable->raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_LoadedExecutable_AddressableDevices,
                     args));
  size_t num = args->num_addressable_devices;
  PJRT_TRY(pjrt_alloc(num ? num : 1, sizeof(pjrt_device *), &devices));
  executable->devices = devices;
  if (num == 0) executable->is_portable = true;
  executable->num_devices = executable->is_portable ? 1 : num;
  for (size_t i = 0; i < num && !executable->is_portable; i++) {
    executable->devices[i] =
        pjrt_client_device_of(client, args->addressable_devices[i]);
    if (executable->devices[i]) continue;
    return pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "device %zu of the executable is none of the "
                          "client's",
                          i),
        client->plugin, "PJRT_LoadedExecutable_AddressableDevices");
  }
  return NULL;
}

static pjrt_error *no_executable(const pjrt_client *client, const char *call) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no executable"),
      client->plugin, call);
}

static pjrt_error *read_facts(pjrt_executable *executable) {
  void *specs;
  PJRT_ARGS(PJRT_LoadedExecutable_GetExecutable, args);
  args->loaded_executable = executable->raw;
  PJRT_TRY(PJRT_CALL(executable->client->plugin,
                     PJRT_LoadedExecutable_GetExecutable, args));
  executable->unloaded = args->executable;
  if (!executable->unloaded) {
    return no_executable(executable->client,
                         "PJRT_LoadedExecutable_GetExecutable");
  }
  PJRT_TRY(read_numbers(executable));
  PJRT_TRY(read_devices(executable));
  PJRT_TRY(pjrt_alloc(executable->num_devices * executable->num_outputs,
                      sizeof(pjrt_spec *), &specs));
  executable->output_specs = specs;
  PJRT_TRY(pjrt_unloaded_settle_signature(
      executable->client->plugin, executable->unloaded, executable->num_outputs,
      &executable->signature));
  return executable->signature ? use_signature(executable)
                               : ask_outputs(executable);
}

pjrt_error *pjrt_executable_wrap(pjrt_client *client,
                                 PJRT_LoadedExecutable *raw, bool is_portable,
                                 const void *compile_options,
                                 size_t compile_options_size,
                                 pjrt_signature *signature,
                                 pjrt_executable **out) {
  *out = NULL;
  if (!raw) {
    pjrt_signature_free(signature);
    return no_executable(client, NULL);
  }
  pjrt_executable *executable = calloc(1, sizeof *executable);
  if (!executable) {
    pjrt_signature_free(signature);
    destroy_raw(client, raw, NULL);
    return pjrt_error_out_of_memory();
  }
  pjrt_pool_hold(client->pool);
  pthread_mutex_init(&executable->mutex, NULL);
  executable->client = client;
  executable->raw = raw;
  executable->is_portable = is_portable;
  executable->signature = signature;
  executable->compile_options_size = compile_options_size;
  pjrt_error *error = pjrt_alloc_copy(compile_options, compile_options_size, 1,
                                      &executable->compile_options);
  if (!error) error = read_facts(executable);
  if (error) {
    pjrt_executable_free(executable);
    return error;
  }
  *out = executable;
  return NULL;
}

/* ---- life ---------------------------------------------------------------- */

pjrt_error *pjrt_executable_check(const pjrt_executable *executable) {
  if (!executable) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "executable is NULL");
  }
  PJRT_TRY(pjrt_client_check(executable->client));
  if (!atomic_load_explicit(&executable->is_deleted, memory_order_acquire)) {
    return NULL;
  }
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the executable %s was deleted",
                           executable->name.data);
}

pjrt_error *pjrt_executable_delete(pjrt_executable *executable) {
  if (executable && atomic_load(&executable->is_deleted)) return NULL;
  PJRT_TRY(pjrt_executable_check(executable));
  if (atomic_exchange(&executable->is_deleted, true)) return NULL;
  atomic_store(&executable->is_plain, false);
  PJRT_ARGS(PJRT_LoadedExecutable_Delete, args);
  args->executable = executable->raw;
  return PJRT_CALL(executable->client->plugin, PJRT_LoadedExecutable_Delete,
                   args);
}

/* ---- facts --------------------------------------------------------------- */

pjrt_client *pjrt_executable_client(const pjrt_executable *executable) {
  return executable->client;
}

const char *pjrt_executable_name(const pjrt_executable *executable,
                                 size_t *out_size) {
  if (out_size) *out_size = executable->name.size;
  return executable->name.data;
}

size_t pjrt_executable_num_replicas(const pjrt_executable *executable) {
  return executable->num_replicas;
}

size_t pjrt_executable_num_partitions(const pjrt_executable *executable) {
  return executable->num_partitions;
}

size_t pjrt_executable_num_devices(const pjrt_executable *executable) {
  return executable->is_portable ? 0 : executable->num_devices;
}

pjrt_device *pjrt_executable_device(const pjrt_executable *executable,
                                    size_t i) {
  return i < executable->num_devices ? executable->devices[i] : NULL;
}

bool pjrt_executable_is_checked(const pjrt_executable *executable) {
  return executable->signature != NULL;
}

size_t pjrt_executable_num_parameters(const pjrt_executable *executable) {
  return executable->num_parameters;
}

static pjrt_dtype dtype_of(const pjrt_spec *spec) {
  return spec ? spec->dtype : PJRT_DTYPE_INVALID;
}

static const int64_t *dims_of(const pjrt_spec *spec, size_t *out_num) {
  static const int64_t none[1];
  *out_num = spec ? spec->num_dims : 0;
  return spec ? spec->dims : none;
}

static const pjrt_spec *parameter(const pjrt_executable *executable, size_t i) {
  return i < executable->num_parameters ? executable->parameter_specs[i] : NULL;
}

static const pjrt_spec *output(const pjrt_executable *executable, size_t i) {
  return i < executable->num_outputs ? executable->output_specs[i] : NULL;
}

pjrt_dtype pjrt_executable_parameter_dtype(const pjrt_executable *executable,
                                           size_t i) {
  return dtype_of(parameter(executable, i));
}

const int64_t *pjrt_executable_parameter_dims(const pjrt_executable *executable,
                                              size_t i, size_t *out_num) {
  return dims_of(parameter(executable, i), out_num);
}

bool pjrt_executable_parameter_is_donated(const pjrt_executable *executable,
                                          size_t i) {
  return i < executable->num_parameters && executable->signature->is_donated[i];
}

size_t pjrt_executable_num_outputs(const pjrt_executable *executable) {
  return executable->num_outputs;
}

pjrt_dtype pjrt_executable_output_dtype(const pjrt_executable *executable,
                                        size_t i) {
  return dtype_of(output(executable, i));
}

const int64_t *pjrt_executable_output_dims(const pjrt_executable *executable,
                                           size_t i, size_t *out_num) {
  return dims_of(output(executable, i), out_num);
}
