#include "core/execute_request.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "core/multi_slice.h"
#include "core/plugin.h"
#include "core/raw_values.h"

/* The options that came after the oldest version. A plugin does not look at
 * what it does not know, so one that is set would be lost there. */
#define OPTION(name, since)                         \
  {#name, since, offsetof(pjrt_execute_opts, name), \
   sizeof(((pjrt_execute_opts *)0)->name)}
static const struct {
  const char *name;
  int since;
  size_t offset;
  size_t size;
} options[] = {
    OPTION(context, 64),
    OPTION(call_location, 76),
    OPTION(num_tasks, 78),
    OPTION(multi_slice_config, 97),
    OPTION(use_major_to_minor_data_layout_for_callbacks, 108),
    OPTION(num_hlo_output_callbacks, 112),
    OPTION(custom_options, 116),
};

/* The default of each is zero. */
static bool is_set(const void *option, size_t size) {
  const unsigned char *bytes = option;
  for (size_t i = 0; i < size; i++) {
    if (bytes[i]) return true;
  }
  return false;
}

static pjrt_error *check_versions(const pjrt_plugin *plugin,
                                  const pjrt_execute_opts *opts) {
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    if (plugin->minor >= options[i].since ||
        !is_set((const char *)opts + options[i].offset, options[i].size)) {
      continue;
    }
    return pjrt_error_about(
        pjrt_error_format(PJRT_UNIMPLEMENTED,
                          "%s is newer than the plugin: API 0.%d brought it",
                          options[i].name, options[i].since),
        plugin, "PJRT_LoadedExecutable_Execute");
  }
  return NULL;
}

static pjrt_error *check_list(const char *name, const void *list, size_t num) {
  if (list || num == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu of them",
                           name, num);
}

static pjrt_error *check(const pjrt_execute_opts *opts, size_t num_args) {
  PJRT_TRY(check_list("non_donatable_inputs", opts->non_donatable_inputs,
                      opts->num_non_donatable_inputs));
  PJRT_TRY(check_list("task_ids", opts->task_ids, opts->num_tasks));
  PJRT_TRY(
      check_list("incarnation_ids", opts->incarnation_ids, opts->num_tasks));
  for (size_t i = 0; i < opts->num_non_donatable_inputs; i++) {
    const int64_t index = opts->non_donatable_inputs[i];
    if (index >= 0 && (uint64_t)index < num_args) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "non-donatable input %lld of %zu arguments",
                             (long long)index, num_args);
  }
  return NULL;
}

/* Another plugin's is memory of another kind. */
static pjrt_error *check_multi_slice(const pjrt_client *client,
                                     const pjrt_execute_opts *opts) {
  const struct pjrt_multi_slice_config *config = opts->multi_slice_config;
  if (!config) return NULL;
  PJRT_TRY(pjrt_object_check(&config->object, "multi_slice_config"));
  if (config->object.plugin == client->plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "multi_slice_config is another plugin's");
}

pjrt_error *pjrt_execute_request_read(pjrt_client *client,
                                      const pjrt_execute_opts *opts,
                                      size_t num_devices, size_t num_args,
                                      pjrt_execute_request *out) {
  PJRT_TRY(check(opts, num_args));
  PJRT_TRY(check_versions(client->plugin, opts));
  PJRT_TRY(check_multi_slice(client, opts));
  if (opts->call_location) {
    PJRT_TRY(pjrt_text_copy_path("call_location", opts->call_location,
                                 opts->call_location_size,
                                 &out->call_location));
  }
  PJRT_TRY(pjrt_named_values_to_raw(opts->custom_options, client->plugin,
                                    &out->custom_options,
                                    &out->num_custom_options));
  return pjrt_host_calls_create(client, num_devices, opts, &out->calls);
}

/* Plugins only read the ids. */
void pjrt_execute_request_fill(const pjrt_execute_request *request,
                               const pjrt_execute_opts *opts,
                               PJRT_ExecuteOptions *raw) {
  raw->launch_id = opts->launch_id;
  raw->non_donatable_input_indices = opts->non_donatable_inputs;
  raw->num_non_donatable_input_indices = opts->num_non_donatable_inputs;
  raw->call_location = request->call_location;
  raw->num_tasks = opts->num_tasks;
  raw->task_ids = (int *)(uintptr_t)opts->task_ids;
  raw->incarnation_ids = (int64_t *)(uintptr_t)opts->incarnation_ids;
  if (opts->multi_slice_config) {
    raw->multi_slice_config = opts->multi_slice_config->raw;
  }
  raw->use_major_to_minor_data_layout_for_callbacks =
      opts->use_major_to_minor_data_layout_for_callbacks;
  raw->custom_options = request->custom_options;
  raw->num_custom_options = request->num_custom_options;
  pjrt_host_calls_fill(request->calls, raw);
}

void pjrt_execute_request_clear(pjrt_execute_request *request) {
  free(request->call_location);
  free(request->custom_options);
  pjrt_host_calls_end(request->calls);
}
