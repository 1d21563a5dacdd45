/* What the library costs on the hot path: each operation through it, and as
 * bare calls on the same plugin in the same run.
 *
 *   hot_path [--plugin PLUGIN] [--rounds N]
 *
 * A sample is the mean of a batch of about a millisecond. Rounds take one
 * sample of each side in turn, so that a noisy neighbour hits both. */
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bare.h"

static const char code[] =
    "func.func @main(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {\n"
    "  %sum = stablehlo.add %a, %b : tensor<f32>\n"
    "  return %sum : tensor<f32>\n"
    "}\n";

enum { LARGE = 4 << 20, MAX_ROUNDS = 1000 };

typedef struct bench {
  bare bare;
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_device *device;
  pjrt_executable *executable;
  pjrt_buffer *args[2];
  void *large; /* LARGE bytes, aligned for use in place */
  float value;
} bench;

static void check(pjrt_error *error) {
  if (!error) return;
  pjrt_error_print(error, stderr);
  exit(EXIT_FAILURE);
}

/* The library's side. */

static pjrt_buffer *execute(bench *it) {
  pjrt_buffer *out;
  check(pjrt_executable_execute_async(it->executable, it->args, 2, NULL, &out,
                                      1, NULL));
  return out;
}

static void lib_execute(bench *it) { pjrt_buffer_free(execute(it)); }

static void lib_execute_await(bench *it) {
  pjrt_buffer *out;
  check(pjrt_executable_execute(it->executable, it->args, 2, NULL, &out, 1));
  pjrt_buffer_free(out);
}

static void lib_upload(bench *it, const void *data, size_t size) {
  const int64_t num = (int64_t)(size / sizeof(float));
  pjrt_buffer *out;
  check(pjrt_buffer_from_host(it->device, PJRT_F32, &num, 1, data, size, &out));
  pjrt_buffer_free(out);
}

static void lib_upload_small(bench *it) {
  lib_upload(it, &it->value, sizeof it->value);
}

static void lib_upload_large(bench *it) { lib_upload(it, it->large, LARGE); }

static void lib_adopt_large(bench *it) {
  const int64_t num = LARGE / sizeof(float);
  pjrt_buffer *out;
  check(pjrt_buffer_adopt_host(it->device, PJRT_F32, &num, 1, it->large, LARGE,
                               PJRT_ADOPT_MUTABLE, NULL, NULL, &out));
  pjrt_buffer_free(out);
}

static void lib_download(bench *it) {
  check(pjrt_buffer_to_host(it->args[0], &it->value, sizeof it->value));
}

static void lib_round_trip(bench *it) {
  pjrt_buffer *kept = it->args[0];
  check(pjrt_buffer_from_host(it->device, PJRT_F32, NULL, 0, &it->value,
                              sizeof it->value, &it->args[0]));
  pjrt_buffer *out = execute(it);
  check(pjrt_buffer_to_host(out, &it->value, sizeof it->value));
  pjrt_buffer_free(out);
  pjrt_buffer_free(it->args[0]);
  it->args[0] = kept;
}

/* The bare side. */

static void raw_execute(bench *it) { bare_execute(&it->bare); }
static void raw_execute_await(bench *it) { bare_execute_await(&it->bare); }
static void raw_upload_small(bench *it) {
  bare_upload(&it->bare, &it->value, sizeof it->value);
}
static void raw_upload_large(bench *it) {
  bare_upload(&it->bare, it->large, LARGE);
}
static void raw_adopt_large(bench *it) {
  bare_upload_in_place(&it->bare, it->large, LARGE);
}
static void raw_download(bench *it) {
  bare_download(&it->bare, &it->value, sizeof it->value);
}
static void raw_round_trip(bench *it) {
  bare_round_trip(&it->bare, &it->value);
}

static const struct operation {
  const char *name;
  void (*library)(bench *it);
  void (*raw)(bench *it);
} operations[] = {
    {"execute, f32[] add", lib_execute, raw_execute},
    {"execute and await", lib_execute_await, raw_execute_await},
    {"upload 4 B", lib_upload_small, raw_upload_small},
    {"upload 4 MiB", lib_upload_large, raw_upload_large},
    {"upload 4 MiB in place", lib_adopt_large, raw_adopt_large},
    {"download 4 B", lib_download, raw_download},
    {"round trip 4 B", lib_round_trip, raw_round_trip},
};

/* Timing. */

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double sample(bench *it, void (*operation)(bench *), int batch) {
  double start = now_us();
  for (int i = 0; i < batch; i++) operation(it);
  return (now_us() - start) / batch;
}

/* How many calls take about a millisecond. */
static int batch_of(bench *it, void (*operation)(bench *)) {
  int batch = 1;
  while (batch < 4096 && sample(it, operation, batch) * batch < 1000) {
    batch *= 2;
  }
  return batch;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void measure(bench *it, const struct operation *row, int rounds) {
  double library[MAX_ROUNDS], raw[MAX_ROUNDS];
  int batch = batch_of(it, row->raw);
  sample(it, row->library, batch); /* first use fills the free lists */
  for (int i = 0; i < rounds; i++) {
    raw[i] = sample(it, row->raw, batch);
    library[i] = sample(it, row->library, batch);
  }
  qsort(library, (size_t)rounds, sizeof *library, compare);
  qsort(raw, (size_t)rounds, sizeof *raw, compare);
  double library_median = library[rounds / 2], raw_median = raw[rounds / 2];
  printf("%-22s %9.2f %9.2f   %9.2f %9.2f   %6.2f %6.2f\n", row->name, raw[0],
         raw_median, library[0], library_median, library[0] / raw[0],
         library_median / raw_median);
}

static void open_all(bench *it, const char *plugin) {
  pjrt_program *program;
  check(pjrt_plugin_find(plugin, PJRT_NUL_ENDED, NULL, &it->plugin));
  check(pjrt_client_create(it->plugin, NULL, &it->client));
  it->device = pjrt_client_addressable_device(it->client, 0);
  check(pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO, &program));
  check(pjrt_client_compile(it->client, program, NULL, &it->executable));
  pjrt_program_free(program);
  check(pjrt_host_alloc(LARGE, &it->large));
  memset(it->large, 0, LARGE);
  for (int i = 0; i < 2; i++) {
    check(pjrt_buffer_from_host(it->device, PJRT_F32, NULL, 0, &it->value,
                                sizeof it->value, &it->args[i]));
  }
  bare_open(pjrt_plugin_path(it->plugin, NULL), code, &it->bare);
}

static void close_all(bench *it) {
  bare_close(&it->bare);
  for (int i = 0; i < 2; i++) pjrt_buffer_free(it->args[i]);
  pjrt_executable_free(it->executable);
  pjrt_client_free(it->client);
  pjrt_plugin_free(it->plugin);
  pjrt_host_free(it->large);
}

int main(int argc, char **argv) {
  const char *plugin = "";
  int rounds = 100;
  for (int i = 1; i < argc; i++) {
    if (i + 1 < argc && strcmp(argv[i], "--plugin") == 0) {
      plugin = argv[++i];
    } else if (i + 1 < argc && strcmp(argv[i], "--rounds") == 0) {
      rounds = (int)strtol(argv[++i], NULL, 10);
    } else {
      rounds = 0;
    }
  }
  if (rounds < 1 || rounds > MAX_ROUNDS) {
    fprintf(stderr, "usage: hot_path [--plugin PLUGIN] [--rounds 1..%d]\n",
            MAX_ROUNDS);
    return EXIT_FAILURE;
  }
  bench it = {.value = 1};
  open_all(&it, plugin);
  printf(
      "microseconds              bare calls           library     "
      "        ratio\n");
  printf("%-22s %9s %9s   %9s %9s   %6s %6s\n", "", "min", "median", "min",
         "median", "min", "median");
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    measure(&it, &operations[i], rounds);
  }
  close_all(&it);
  return EXIT_SUCCESS;
}
