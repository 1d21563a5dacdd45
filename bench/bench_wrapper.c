/* What the library itself costs: units of work through it and as bare calls,
 * on a plugin that does nothing.
 *
 *   wrapper [--plugin PLUGIN] [--profile TIMES]
 *
 * Prints nanoseconds and allocations for each unit. With --profile it does the
 * work TIMES and then twice as often, in one call of repeat() each, and prints
 * a line for each such call, with its allocations: a profiler that writes down
 * what each of them took knows the rest. instructions.py is that one.
 *
 * Any plugin will do, but only one that neither works nor allocates shows the
 * library alone: the simulated one with PJRT_SIM_EXECUTION=instant. */
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bare.h"

/* ---- counting allocations ------------------------------------------------ */

/* The C library's own, by the names that it keeps for those who replace them.
 */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t num, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static size_t num_allocations;

void *malloc(size_t size) {
  num_allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t num, size_t size) {
  num_allocations++;
  return __libc_calloc(num, size);
}

void *realloc(void *memory, size_t size) {
  num_allocations++;
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  num_allocations++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = aligned_alloc(alignment, size);
  return *out ? 0 : 12 /* ENOMEM */;
}

/* ---- what is measured ---------------------------------------------------- */

enum { MAX_BUFFERS = 101 };

/* A program of that many scalars on both sides. */
typedef struct bench {
  bare bare;
  pjrt_client *client;
  pjrt_device *device;
  pjrt_executable *executable;
  size_t num_args;
  size_t num_outs;
  pjrt_buffer *args[MAX_BUFFERS];
  pjrt_buffer *outs[MAX_BUFFERS];
  float value;
  volatile int sink; /* for what getters say */
} bench;

static void check(pjrt_error *error) {
  if (!error) return;
  pjrt_error_print(error, stderr);
  exit(EXIT_FAILURE);
}

static void free_outputs(bench *it) {
  for (size_t i = 0; i < it->num_outs; i++) pjrt_buffer_free(it->outs[i]);
}

static void lib_execute(bench *it) {
  check(pjrt_executable_execute(it->executable, it->args, it->num_args, NULL,
                                it->outs, it->num_outs));
  free_outputs(it);
}

/* The same with an event in the caller's hands. */
static void lib_execute_event(bench *it) {
  pjrt_event *done;
  check(pjrt_executable_execute_async(it->executable, it->args, it->num_args,
                                      NULL, it->outs, it->num_outs, &done));
  check(pjrt_event_await(done));
  pjrt_event_free(done);
  free_outputs(it);
}

static void lib_execute_only(bench *it) {
  check(pjrt_executable_execute_async(it->executable, it->args, it->num_args,
                                      NULL, it->outs, it->num_outs, NULL));
  free_outputs(it);
}

/* What is not plain: options are given. */
static void lib_execute_options(bench *it) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.launch_id = 1;
  check(pjrt_executable_execute(it->executable, it->args, it->num_args, &opts,
                                it->outs, it->num_outs));
  free_outputs(it);
}

static void lib_ready(bench *it) {
  pjrt_event *ready;
  check(pjrt_buffer_ready_event(it->args[0], &ready));
  check(pjrt_event_await(ready));
  pjrt_event_free(ready);
}

static void lib_await(bench *it) { check(pjrt_buffer_await(it->args[0])); }

static void lib_upload(bench *it) {
  pjrt_buffer *out;
  check(pjrt_buffer_from_host(it->device, PJRT_F32, NULL, 0, &it->value,
                              sizeof it->value, &out));
  pjrt_buffer_free(out);
}

static void lib_adopt(bench *it) {
  const int64_t num = 1;
  pjrt_buffer *out;
  check(pjrt_buffer_adopt_host(it->device, PJRT_F32, &num, 1, &it->value,
                               sizeof it->value, PJRT_ADOPT_MUTABLE, NULL, NULL,
                               &out));
  pjrt_buffer_free(out);
}

static void lib_download(bench *it) {
  check(pjrt_buffer_to_host(it->args[0], &it->value, sizeof it->value));
}

static void bare_execute_unit(bench *it) { bare_execute_await(&it->bare); }
static void bare_execute_only(bench *it) { bare_execute(&it->bare); }
static void bare_ready_unit(bench *it) { bare_ready(&it->bare); }
static void bare_upload_unit(bench *it) {
  bare_upload(&it->bare, &it->value, NULL, 0);
}
static void bare_adopt_unit(bench *it) {
  bare_upload_in_place(&it->bare, &it->value, sizeof it->value);
}
static void bare_download_unit(bench *it) {
  bare_download(&it->bare, &it->value, sizeof it->value);
}

/* Getters, against one load from memory each. */
enum { GETS = 100 };
#define GET(name, expression)        \
  static void name(bench *it) {      \
    for (int i = 0; i < GETS; i++) { \
      it->sink = (int)(expression);  \
    }                                \
  }
GET(bare_load, *(volatile size_t *)&it->bare.num_args)
GET(lib_buffer_dtype, pjrt_buffer_dtype(it->args[0]))
GET(lib_device_id, pjrt_device_id(it->device))
GET(lib_num_devices, pjrt_client_num_devices(it->client))
GET(lib_num_outputs, pjrt_executable_num_outputs(it->executable))

static const struct unit {
  const char *name;
  size_t num_args;
  size_t num_outs;
  void (*bare)(bench *it);
  void (*library)(bench *it);
} units[] = {
    {"execute 1x1", 1, 1, bare_execute_unit, lib_execute},
    {"execute 101x1", 101, 1, bare_execute_unit, lib_execute},
    {"execute 1x101", 1, 101, bare_execute_unit, lib_execute},
    {"execute 100x100", 100, 100, bare_execute_unit, lib_execute},
    {"execute with event 1x1", 1, 1, bare_execute_unit, lib_execute_event},
    {"execute with event 1x101", 1, 101, bare_execute_unit, lib_execute_event},
    {"execute without waiting 1x1", 1, 1, bare_execute_only, lib_execute_only},
    {"execute with options 100x100", 100, 100, bare_execute_unit,
     lib_execute_options},
    {"ready event", 1, 1, bare_ready_unit, lib_ready},
    {"await", 1, 1, bare_ready_unit, lib_await},
    {"upload", 1, 1, bare_upload_unit, lib_upload},
    {"upload in place", 1, 1, bare_adopt_unit, lib_adopt},
    {"download", 1, 1, bare_download_unit, lib_download},
    {"get buffer dtype 100x", 1, 1, bare_load, lib_buffer_dtype},
    {"get device id 100x", 1, 1, bare_load, lib_device_id},
    {"get num devices 100x", 1, 1, bare_load, lib_num_devices},
    {"get num outputs 100x", 1, 1, bare_load, lib_num_outputs},
};

/* ---- one program --------------------------------------------------------- */

/* Its outputs are its first argument. */
static void write_code(const struct unit *unit, FILE *out) {
  fprintf(out, "func.func @main(");
  for (size_t i = 0; i < unit->num_args; i++) {
    fprintf(out, "%s%%a%zu: tensor<f32>", i ? ", " : "", i);
  }
  fprintf(out, ") -> (");
  for (size_t i = 0; i < unit->num_outs; i++) {
    fprintf(out, "%stensor<f32>", i ? ", " : "");
  }
  fprintf(out, ") {\n  return ");
  for (size_t i = 0; i < unit->num_outs; i++) {
    fprintf(out, "%s%%a0", i ? ", " : "");
  }
  fprintf(out, " : ");
  for (size_t i = 0; i < unit->num_outs; i++) {
    fprintf(out, "%stensor<f32>", i ? ", " : "");
  }
  fprintf(out, "\n}\n");
}

static void open_library(bench *it, pjrt_plugin *plugin, const char *code,
                         size_t code_size) {
  pjrt_program *program;
  check(pjrt_client_create(plugin, NULL, &it->client));
  it->device = pjrt_client_addressable_device(it->client, 0);
  check(pjrt_program_create(code, code_size, PJRT_FORMAT_AUTO, &program));
  check(pjrt_client_compile(it->client, program, NULL, &it->executable));
  pjrt_program_free(program);
  for (size_t i = 0; i < it->num_args; i++) {
    check(pjrt_buffer_from_host(it->device, PJRT_F32, NULL, 0, &it->value,
                                sizeof it->value, &it->args[i]));
  }
}

static void open_unit(bench *it, pjrt_plugin *plugin, const struct unit *unit) {
  char *code;
  size_t code_size;
  FILE *text = open_memstream(&code, &code_size);
  if (!text) exit(EXIT_FAILURE);
  write_code(unit, text);
  fclose(text);
  *it = (bench){.num_args = unit->num_args, .num_outs = unit->num_outs};
  open_library(it, plugin, code, code_size);
  bare_open(pjrt_plugin_path(plugin, NULL), code, unit->num_args,
            unit->num_outs, &it->bare);
  free(code);
}

static void close_unit(bench *it) {
  bare_close(&it->bare);
  for (size_t i = 0; i < it->num_args; i++) pjrt_buffer_free(it->args[i]);
  pjrt_executable_free(it->executable);
  pjrt_client_free(it->client);
}

/* ---- measuring ----------------------------------------------------------- */

/* What profilers look for: never inlined, and nothing else calls it. */
__attribute__((noinline)) void repeat(bench *it, void (*operation)(bench *),
                                      long times);

void repeat(bench *it, void (*operation)(bench *), long times) {
  for (long i = 0; i < times; i++) operation(it);
}

/* The first use fills the free lists and binds the functions. */
static void warm_up(bench *it, void (*operation)(bench *)) {
  for (int i = 0; i < 3; i++) operation(it);
}

static void profile(bench *it, const struct unit *unit, long times) {
  for (int i = 0; i < 2; i++) {
    void (*operation)(bench *) = i ? unit->library : unit->bare;
    warm_up(it, operation);
    for (long factor = 1; factor <= 2; factor++) {
      size_t before = num_allocations;
      repeat(it, operation, factor * times);
      printf("%s\t%s\t%zu\n", unit->name, i ? "library" : "bare",
             num_allocations - before);
    }
  }
}

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double sample(bench *it, void (*operation)(bench *), long times) {
  double start = now_ns();
  repeat(it, operation, times);
  return (now_ns() - start) / (double)times;
}

static double smaller(double a, double b) { return a < b ? a : b; }

static void measure(bench *it, const struct unit *unit) {
  const int rounds = 50, times = 1000;
  double raw = 1e30, library = 1e30;
  warm_up(it, unit->bare);
  warm_up(it, unit->library);
  size_t start = num_allocations;
  repeat(it, unit->bare, times);
  size_t raw_allocations = num_allocations - start;
  repeat(it, unit->library, times);
  size_t library_allocations = num_allocations - start - raw_allocations;
  for (int i = 0; i < rounds; i++) {
    raw = smaller(raw, sample(it, unit->bare, times));
    library = smaller(library, sample(it, unit->library, times));
  }
  printf("%-28s %9.1f %9.1f %9.1f   %9.2f %9.2f\n", unit->name, raw, library,
         library - raw, (double)raw_allocations / times,
         (double)library_allocations / times);
}

static bool read_options(int argc, char **argv, const char **plugin,
                         long *times) {
  for (int i = 1; i < argc; i++) {
    if (i + 1 < argc && strcmp(argv[i], "--plugin") == 0) {
      *plugin = argv[++i];
    } else if (i + 1 < argc && strcmp(argv[i], "--profile") == 0) {
      *times = strtol(argv[++i], NULL, 10);
      if (*times < 1 || *times > 1000000) return false;
    } else {
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  const char *name = "";
  long times = 0;
  pjrt_plugin *plugin;
  bench it;
  if (!read_options(argc, argv, &name, &times)) {
    fprintf(stderr, "usage: wrapper [--plugin PLUGIN] [--profile TIMES]\n");
    return EXIT_FAILURE;
  }
  check(pjrt_plugin_find(name, PJRT_NUL_ENDED, NULL, &plugin));
  if (!times) {
    printf("%-28s %29s   %19s\n", "", "nanoseconds, least", "allocations");
    printf("%-28s %9s %9s %9s   %9s %9s\n", "", "bare", "library", "more",
           "bare", "library");
  }
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    open_unit(&it, plugin, &units[i]);
    if (times) {
      profile(&it, &units[i], times);
    } else {
      measure(&it, &units[i]);
    }
    close_unit(&it);
  }
  pjrt_plugin_free(plugin);
  return EXIT_SUCCESS;
}
