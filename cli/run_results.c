#include <errno.h>
#include <string.h>

#include "run.h"

/* "result[1]", with its device where there are several. */
static void result_name(const struct results *results, size_t i, char *out,
                        size_t out_size) {
  if (results->num_devices == 1) {
    snprintf(out, out_size, "result[%zu]", i);
  } else {
    snprintf(out, out_size, "device[%zu] result[%zu]", i / results->num_outputs,
             i % results->num_outputs);
  }
}

status results_check_counts(const struct cli *cli, const run_options *options,
                            size_t num_devices, size_t num_outputs) {
  size_t num = num_devices * num_outputs;
  if (options->outputs.num && options->outputs.num != num) {
    return fail(cli, STATUS_USAGE,
                "expected no --output or one for each of %zu results, found "
                "%zu",
                num, options->outputs.num);
  }
  size_t num_expected = options->expected.num;
  if (num_expected && num_expected != num && num_expected != num_outputs) {
    return fail(cli, STATUS_USAGE,
                "expected no --expected-output or one for each of %zu results, "
                "found %zu",
                num, num_expected);
  }
  return STATUS_OK;
}

static status print_result(const struct cli *cli, const run_options *options,
                           const struct results *results, size_t i) {
  char name[64];
  result_name(results, i, name, sizeof name);
  fprintf(cli->out, "%s: ", name);
  pjrt_error *error = pjrt_array_print(results->arrays[i],
                                       (size_t)options->max_elements, cli->out);
  fputc('\n', cli->out);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_OUTPUT, error, "cannot print %s", name);
}

static status deliver_one(const struct cli *cli, const run_options *options,
                          const struct results *results, size_t i) {
  const char *target = options->outputs.num ? options->outputs.items[i] : "-";
  if (!*target) return STATUS_OK;
  if (strcmp(target, "-") == 0) return print_result(cli, options, results, i);
  const char *path = target[0] == '@' ? target + 1 : target;
  pjrt_error *error = pjrt_npy_write(path, PJRT_NUL_ENDED, results->arrays[i]);
  return error ? fail_plainly(cli, STATUS_OUTPUT, error) : STATUS_OK;
}

status results_deliver(const struct cli *cli, const run_options *options,
                       const struct results *results) {
  /* Who compares wants the verdict, unless they ask for the values too. */
  if (options->outputs.num == 0 && options->expected.num) return STATUS_OK;
  status code = STATUS_OK;
  size_t num = results->num_devices * results->num_outputs;
  for (size_t i = 0; code == STATUS_OK && i < num; i++) {
    code = deliver_one(cli, options, results, i);
  }
  return code;
}

static status compare_one(const struct cli *cli,
                          const pjrt_tolerance *tolerance,
                          struct given_array *expected,
                          const struct results *results, size_t i) {
  pjrt_array *actual = results->arrays[i];
  pjrt_error *error = array_settle(expected, pjrt_array_dtype(actual));
  if (!error) error = pjrt_array_compare(actual, expected->array, tolerance);
  if (!error) return STATUS_OK;
  char name[64];
  result_name(results, i, name, sizeof name);
  return fail_error(cli, STATUS_DIFFERS, error, "%s differs from %.60s%s", name,
                    expected->text, strlen(expected->text) > 60 ? "..." : "");
}

status results_compare(const struct cli *cli, const run_options *options,
                       struct given_arrays *expected,
                       const struct results *results) {
  if (expected->num == 0) return STATUS_OK;
  pjrt_tolerance tolerance;
  pjrt_tolerance_init(&tolerance);
  tolerance.ulps = (uint64_t)options->ulps;
  tolerance.relative = options->rtol;
  tolerance.absolute = options->atol;
  size_t num = results->num_devices * results->num_outputs;
  status worst = STATUS_OK;
  for (size_t i = 0; i < num; i++) {
    struct given_array *want = &expected->items[i % expected->num];
    status code = compare_one(cli, &tolerance, want, results, i);
    if (code != STATUS_OK) worst = code;
  }
  if (worst == STATUS_OK) {
    fprintf(cli->out, "all %zu results are as expected\n", num);
  }
  return worst;
}
