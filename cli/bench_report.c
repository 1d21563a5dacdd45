#include <jansson.h>
#include <string.h>

#include "bench.h"

/* The time that this share of the runs kept within. */
static int64_t percentile(const struct timings *t, size_t percent) {
  const size_t rank = (t->num_runs * percent + 99) / 100;
  return t->run_ns[rank ? rank - 1 : 0];
}

static double per_second(const struct timings *t) {
  return t->total_ns ? 1e9 * (double)t->num_runs / (double)t->total_ns : 0;
}

/* ---- text ---------------------------------------------------------------- */

/* With three significant digits, as "12.3 us". */
static void print_time(FILE *out, const char *what, int64_t ns) {
  static const char *const units[] = {"ns", "us", "ms", "s"};
  double value = (double)ns;
  size_t unit = 0;
  while (value >= 999.5 && unit < 3) {
    value /= 1000;
    unit++;
  }
  const int decimals = value >= 99.95 || unit == 0 ? 0 : value >= 9.995 ? 1 : 2;
  fprintf(out, "%-12s %.*f %s\n", what, decimals, value, units[unit]);
}

static status print_text(const struct cli *cli, const bench_options *options,
                         const struct timings *t) {
  print_time(cli->out, "compile", t->compile_ns);
  print_time(cli->out, "upload", t->upload_ns);
  print_time(cli->out, "run, min", percentile(t, 0));
  print_time(cli->out, "run, median", percentile(t, 50));
  print_time(cli->out, "run, p90", percentile(t, 90));
  print_time(cli->out, "run, p99", percentile(t, 99));
  fprintf(cli->out, "%-12s %zu, after %lld to warm up\n", "runs", t->num_runs,
          (long long)options->warmup);
  fprintf(cli->out, "%-12s %.6g runs/s\n", "throughput", per_second(t));
  return STATUS_OK;
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *devices_json(const pjrt_executable *executable) {
  json_t *ids = json_array();
  for (size_t i = 0; i < pjrt_executable_num_devices(executable); i++) {
    const pjrt_device *device = pjrt_executable_device(executable, i);
    json_array_append_new(ids, json_integer(pjrt_device_id(device)));
  }
  return ids;
}

static json_t *times_json(const struct timings *t) {
  double sum = 0;
  for (size_t i = 0; i < t->num_runs; i++) sum += (double)t->run_ns[i];
  return json_pack(
      "{s:I, s:I, s:I, s:I, s:I, s:f}", "min", (json_int_t)percentile(t, 0),
      "median", (json_int_t)percentile(t, 50), "p90",
      (json_int_t)percentile(t, 90), "p99", (json_int_t)percentile(t, 99),
      "max", (json_int_t)percentile(t, 100), "mean", sum / (double)t->num_runs);
}

static json_t *text_json(const char *text) {
  json_t *string = json_string(text);
  return string ? string : json_null();
}

static status print_json(const struct cli *cli, const bench_options *options,
                         const char *model, const pjrt_executable *executable,
                         const struct timings *t) {
  const pjrt_client *client = pjrt_executable_client(executable);
  const pjrt_plugin *plugin = pjrt_client_plugin(client);
  json_t *all = json_object();
  json_object_set_new(all, "model", text_json(model));
  json_object_set_new(all, "plugin", text_json(pjrt_plugin_path(plugin, NULL)));
  json_object_set_new(all, "api_minor",
                      json_integer(pjrt_plugin_api_minor(plugin)));
  json_object_set_new(all, "platform",
                      text_json(pjrt_client_platform_name(client, NULL)));
  json_object_set_new(all, "devices", devices_json(executable));
  json_object_set_new(all, "transfers", json_boolean(options->transfers));
  json_object_set_new(all, "in_flight", json_integer(options->in_flight));
  json_object_set_new(all, "warmup", json_integer(options->warmup));
  json_object_set_new(all, "runs", json_integer((json_int_t)t->num_runs));
  json_object_set_new(all, "compile_ns", json_integer(t->compile_ns));
  json_object_set_new(all, "upload_ns", json_integer(t->upload_ns));
  json_object_set_new(all, "run_ns", times_json(t));
  json_object_set_new(all, "runs_per_s", json_real(per_second(t)));
  int failed = json_dumpf(all, cli->out, JSON_INDENT(2));
  fputc('\n', cli->out);
  json_decref(all);
  return failed && !ferror(cli->out) ? fail_system(cli, "json_dumpf")
                                     : STATUS_OK;
}

status bench_report(const struct cli *cli, const bench_options *options,
                    const char *model, const pjrt_executable *executable,
                    const struct timings *timings) {
  if (!options->json) return print_text(cli, options, timings);
  return print_json(cli, options, model, executable, timings);
}
