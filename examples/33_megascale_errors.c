/* What went wrong in a job of several slices: a coordinator collects the errors
 * of its workers, and has the plugin find out where they come from.
 *
 *   33_megascale_errors PLUGIN   (the simulated one, or libtpu) */
#include <pjrt/ext/megascale.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

enum { NUM_WORKERS = 2 };

/* Hears of every error of its process; the thread may be anyone's. */
static void hear(const char *error, size_t error_size, void *user) {
  (void)error;
  fprintf(user, "a worker failed: %zu bytes say why\n", error_size);
}

/* What a worker sends to the coordinator. */
static pjrt_error *fail(pjrt_plugin *plugin, int32_t launch_id, void **out,
                        size_t *out_size) {
  bool is_new;
  pjrt_megascale_failure failure;
  pjrt_megascale_failure_init(&failure);
  failure.type = PJRT_MEGASCALE_HANG_DETECTED;
  failure.code = PJRT_DEADLINE_EXCEEDED;
  failure.message = "slice 1 did not answer";
  failure.message_size = PJRT_NUL_ENDED;
  failure.launch_id = launch_id;
  PJRT_TRY(
      pjrt_megascale_runtime_error(plugin, &failure, &is_new, out, out_size));
  printf("launch %d failed%s\n", (int)launch_id, is_new ? "" : ", again");
  return NULL;
}

static pjrt_error *show_state(const pjrt_megascale_aggregator *aggregator) {
  size_t size;
  bool is_active;
  PJRT_TRY(pjrt_megascale_aggregator_size(aggregator, &size));
  PJRT_TRY(pjrt_megascale_aggregator_is_active(aggregator, &is_active));
  printf("%zu errors, %s\n", size, is_active ? "collecting" : "done");
  return NULL;
}

static pjrt_error *collect(pjrt_plugin *plugin,
                           pjrt_megascale_aggregator *aggregator) {
  static const char *const workers[NUM_WORKERS] = {"slice 0", "slice 2"};
  pjrt_error *error = NULL;
  for (int i = 0; !error && i < NUM_WORKERS; i++) {
    void *bytes = NULL;
    size_t size = 0;
    error = fail(plugin, 7, &bytes, &size);
    if (!error)
      error = pjrt_megascale_aggregator_add(aggregator, workers[i],
                                            PJRT_NUL_ENDED, bytes, size);
    pjrt_host_free(bytes);
  }
  return error ? error : show_state(aggregator);
}

/* The plugin writes the cause to its own log. */
static pjrt_error *find_cause(pjrt_megascale_aggregator *aggregator) {
  pjrt_megascale_digest *digest;
  PJRT_TRY(pjrt_megascale_aggregator_process(aggregator, &digest));
  pjrt_error *error = pjrt_megascale_digest_log(digest);
  pjrt_megascale_digest_free(digest);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_megascale_aggregator *aggregator = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error = pjrt_megascale_register_error_handler(plugin, "example",
                                                  PJRT_NUL_ENDED, hear, stderr);
  if (!error)
    error = pjrt_megascale_aggregator_create(plugin, "example", PJRT_NUL_ENDED,
                                             &aggregator);
  if (!error) error = collect(plugin, aggregator);
  if (!error) error = find_cause(aggregator);
  if (!error)
    error = pjrt_megascale_unregister_error_handler(plugin, "example",
                                                    PJRT_NUL_ENDED);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_megascale_aggregator_free(aggregator);
  pjrt_plugin_free(plugin);
  return status;
}
