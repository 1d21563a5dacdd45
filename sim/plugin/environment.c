/* Configuration through environment variables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

static _Noreturn void refuse(const char *what, const char *text) {
  fprintf(stderr, "pjrt_sim: %s '%s' in the environment\n", what, text);
  exit(2);
}

static int64_t number_up_to(int64_t limit, const char *text) {
  char *end;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end || value < -1 || value > limit)
    refuse("no usable number:", text);
  return value;
}

static int number_from(const char *text) {
  return (int)number_up_to(1000000, text);
}

static void read_int64(const char *name, int64_t *value) {
  const char *text = getenv(name);
  if (text) *value = number_up_to(INT64_MAX, text);
}

static void read_int(const char *name, int *value) {
  const char *text = getenv(name);
  if (text) *value = number_from(text);
}

static void read_bool(const char *name, bool *value) {
  int number = *value;
  read_int(name, &number);
  *value = number != 0;
}

/* Splits a copy of `text` at `separator`; the parts end with NUL. */
static size_t split(const char *text, char separator, char ***out_parts) {
  size_t num = 1;
  for (const char *p = text; *p; p++) num += *p == separator;
  char *copy = sim_copy_forever(text);
  char **parts = sim_allocate_forever(num * sizeof(*parts));
  for (size_t i = 0; i < num; i++) {
    parts[i] = copy;
    char *end = strchr(copy, separator);
    if (end) {
      *end = '\0';
      copy = end + 1;
    }
  }
  *out_parts = parts;
  return num;
}

static size_t read_names(const char *variable, const char *const **out) {
  const char *text = getenv(variable);
  char **names;
  if (!text || !*text) return 0;
  const size_t num = split(text, ',', &names);
  *out = (const char *const *)names;
  return num;
}

static void set_fault(pjrt_sim_fault *fault, const char *setting) {
  const char *value = strchr(setting, '=');
  if (!value) refuse("no value in the fault setting", setting);
  const size_t size = (size_t)(value++ - setting);
#define IS(name) (size == sizeof(name) - 1 && !memcmp(setting, name, size))
  if (IS("nth")) {
    fault->nth = number_from(value);
  } else if (IS("delay_ms")) {
    fault->delay_ms = number_from(value);
  } else if (IS("code")) {
    fault->code = (PJRT_Error_Code)number_from(value);
  } else if (IS("async_code")) {
    fault->async_code = (PJRT_Error_Code)number_from(value);
  } else if (IS("async_delay_ms")) {
    fault->async_delay_ms = number_from(value);
  } else if (IS("message")) {
    fault->message = value;
  } else {
    refuse("unknown fault setting", setting);
  }
#undef IS
}

static void read_faults(const char *text, pjrt_sim_options *options) {
  char **texts, **parts;
  const size_t num = split(text, ';', &texts);
  pjrt_sim_fault *faults = sim_allocate_forever(num * sizeof(*faults));
  for (size_t i = 0; i < num; i++) {
    const size_t num_parts = split(texts[i], ',', &parts);
    faults[i].function = parts[0];
    for (size_t j = 1; j < num_parts; j++) set_fault(&faults[i], parts[j]);
  }
  options->faults = faults;
  options->num_faults = num;
}

static void read_execution(pjrt_sim_execution_mode *out) {
  const char *text = getenv("PJRT_SIM_EXECUTION");
  if (!text) return;
  if (!strcmp(text, "compute"))
    *out = PJRT_SIM_COMPUTE;
  else if (!strcmp(text, "echo"))
    *out = PJRT_SIM_ECHO;
  else
    refuse("expected compute or echo, got", text);
}

void sim_options_from_environment(pjrt_sim_options *options) {
  int table_size = 0;
  read_int("PJRT_SIM_MAJOR", &options->major);
  read_int("PJRT_SIM_MINOR", &options->minor);
  read_int("PJRT_SIM_TABLE_SIZE", &table_size);
  options->table_size = (size_t)table_size;
  read_int64("PJRT_SIM_EXECUTE_LATENCY_US", &options->execute_latency_us);
  read_int64("PJRT_SIM_MEMORY_CAPACITY", &options->memory_capacity);
  read_execution(&options->execution);
  read_int("PJRT_SIM_UNKNOWN_EXTENSIONS", &options->num_unknown_extensions);
  read_int("PJRT_SIM_PAYLOADS", &options->num_payloads);
  read_int("PJRT_SIM_DEVICES", &options->num_devices);
  read_int("PJRT_SIM_REMOTE_DEVICES", &options->num_remote_devices);
  read_bool("PJRT_SIM_NULL_API", &options->null_api);
  read_bool("PJRT_SIM_NO_SIZE_CHECKS", &options->no_size_checks);
  read_bool("PJRT_SIM_EXACT_SIZES", &options->exact_sizes);
  read_bool("PJRT_SIM_EXTENSION_CYCLE", &options->extension_cycle);
  read_bool("PJRT_SIM_NOT_ON_CPU", &options->not_on_cpu);
  read_bool("PJRT_SIM_NO_OPTIMIZED_PROGRAM", &options->no_optimized_program);
  read_bool("PJRT_SIM_GARBAGE_IN_UNKNOWN_EXTENSIONS",
            &options->garbage_in_unknown_extensions);
  options->num_null_functions =
      read_names("PJRT_SIM_NULL_FUNCTIONS", &options->null_functions);
  options->num_absent_extensions =
      read_names("PJRT_SIM_ABSENT_EXTENSIONS", &options->absent_extensions);
  options->num_short_extensions =
      read_names("PJRT_SIM_SHORT_EXTENSIONS", &options->short_extensions);
  options->num_long_extensions =
      read_names("PJRT_SIM_LONG_EXTENSIONS", &options->long_extensions);
  const char *faults = getenv("PJRT_SIM_FAULTS");
  if (faults && *faults) read_faults(faults, options);
}
