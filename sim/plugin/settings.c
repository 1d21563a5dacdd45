#include "plugin/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/internal.h"

typedef enum setting_kind {
  IS_INT,
  IS_INT64,
  IS_SIZE,
  IS_BOOL,
  IS_TEXT,
  IS_CHOICE, /* an enum, stored as an int */
  IS_NAMES
} setting_kind;

typedef struct setting {
  const char *name;
  setting_kind kind;
  size_t offset;
  int64_t least, most;        /* of numbers */
  const char *const *choices; /* NULL at the end */
  size_t num_offset;          /* where names are counted */
  bool is_of_client;
} setting;

static const char *const executions[] = {"compute", "echo", "instant", NULL};
static const char *const callbacks[] = {"as_completed", "foreign_threads",
                                        "registering_call", NULL};

enum { MAX_INT = 1000000, MAX_DEVICES = 100000 };

#define AT(field) offsetof(pjrt_sim_options, field)
#define NUMBER(name, kind, field, least, most) \
  {name, kind, AT(field), least, most, NULL, 0, false}
#define FLAG(field) {#field, IS_BOOL, AT(field), 0, 1, NULL, 0, false}
#define NAMES(field) \
  {#field, IS_NAMES, AT(field), 0, 0, NULL, AT(num_##field), false}
#define CHOICE(field, choices) \
  {#field, IS_CHOICE, AT(field), 0, 0, choices, 0, false}
#define CLIENT_NUMBER(name, kind, field, least, most) \
  {name, kind, AT(field), least, most, NULL, 0, true}
#define CLIENT_FLAG(field) {#field, IS_BOOL, AT(field), 0, 1, NULL, 0, true}

static const setting settings[] = {
    NUMBER("major", IS_INT, major, -1, MAX_INT),
    NUMBER("minor", IS_INT, minor, -1, MAX_INT),
    NUMBER("table_size", IS_SIZE, table_size, 0, INT64_MAX),
    FLAG(null_api),
    NAMES(null_functions),
    FLAG(no_size_checks),
    FLAG(exact_sizes),
    NAMES(absent_extensions),
    NAMES(short_extensions),
    NAMES(long_extensions),
    NUMBER("unknown_extensions", IS_INT, num_unknown_extensions, 0, MAX_INT),
    FLAG(garbage_in_unknown_extensions),
    FLAG(extension_cycle),
    NUMBER("seed", IS_INT64, seed, INT64_MIN, INT64_MAX),
    NUMBER("payloads", IS_INT, num_payloads, 0, MAX_INT),
    FLAG(stubbed_errors),
    CHOICE(callbacks, callbacks),
    NUMBER("slow_thread", IS_INT, slow_thread, 0, MAX_INT),
    NUMBER("slow_thread_us", IS_INT64, slow_thread_us, 0, INT64_MAX),
    FLAG(chunks_out_of_order),
    FLAG(virtual_clock),
    FLAG(no_optimized_program),
    CHOICE(execution, executions),
    CLIENT_NUMBER("devices", IS_INT, num_devices, 0, MAX_DEVICES),
    CLIENT_NUMBER("remote_devices", IS_INT, num_remote_devices, 0, MAX_DEVICES),
    CLIENT_NUMBER("node_id", IS_INT, node_id, 0, MAX_INT),
    CLIENT_NUMBER("num_nodes", IS_INT, num_nodes, 1, MAX_INT),
    CLIENT_NUMBER("mesh", IS_TEXT, mesh, 0, 0),
    CLIENT_NUMBER("memory_capacity", IS_INT64, memory_capacity, 0, INT64_MAX),
    CLIENT_NUMBER("pinned_host_capacity", IS_INT64, pinned_host_capacity, 0,
                  INT64_MAX),
    CLIENT_NUMBER("unpinned_host_capacity", IS_INT64, unpinned_host_capacity, 0,
                  INT64_MAX),
    CLIENT_FLAG(tiled_layouts),
    CLIENT_FLAG(not_on_cpu),
    CLIENT_NUMBER("execute_latency_us", IS_INT64, execute_latency_us, 0,
                  INT64_MAX),
    CLIENT_NUMBER("transfer_latency_us", IS_INT64, transfer_latency_us, 0,
                  INT64_MAX),
    CLIENT_NUMBER("transfer_bytes_per_s", IS_INT64, transfer_bytes_per_s, 0,
                  INT64_MAX),
};

enum { NUM_SETTINGS = sizeof settings / sizeof *settings };

/* ---- setting fields ------------------------------------------------------ */

static void *field_of(pjrt_sim_options *options, const setting *s) {
  return (char *)options + s->offset;
}

/* Whether the number is one that the setting takes. */
static bool set_number(pjrt_sim_options *options, const setting *s,
                       int64_t value) {
  void *field = field_of(options, s);
  if (value < s->least || value > s->most) return false;
  if (s->kind == IS_INT) *(int *)field = (int)value;
  if (s->kind == IS_INT64) *(int64_t *)field = value;
  if (s->kind == IS_SIZE) *(size_t *)field = (size_t)value;
  if (s->kind == IS_BOOL) *(bool *)field = value != 0;
  return true;
}

static bool set_choice(pjrt_sim_options *options, const setting *s,
                       const char *text, size_t size) {
  for (int i = 0; s->choices[i]; i++) {
    if (strlen(s->choices[i]) != size || memcmp(s->choices[i], text, size))
      continue;
    memcpy(field_of(options, s), &i, sizeof(i));
    return true;
  }
  return false;
}

static void set_text(pjrt_sim_options *options, const setting *s,
                     const char *text, size_t size) {
  char *copy = sim_allocate_forever(size + 1);
  memcpy(copy, text, size);
  *(const char **)field_of(options, s) = copy;
}

/* ---- create options ------------------------------------------------------ */

static const setting *setting_named(const char *name, size_t size) {
  for (size_t i = 0; i < NUM_SETTINGS; i++)
    if (settings[i].is_of_client && strlen(settings[i].name) == size &&
        !memcmp(settings[i].name, name, size))
      return &settings[i];
  return NULL;
}

static PJRT_NamedValue_Type type_of(const setting *s) {
  if (s->kind == IS_TEXT || s->kind == IS_CHOICE)
    return PJRT_NamedValue_kString;
  return s->kind == IS_BOOL ? PJRT_NamedValue_kBool : PJRT_NamedValue_kInt64;
}

static PJRT_Error *set_from(pjrt_sim_options *options, const setting *s,
                            const PJRT_NamedValue *value) {
  switch (value->type) {
    case PJRT_NamedValue_kBool:
      set_number(options, s, value->bool_value);
      return NULL;
    case PJRT_NamedValue_kInt64:
      if (set_number(options, s, value->int64_value)) return NULL;
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "%s is %lld, expected %lld to %lld", s->name,
                       (long long)value->int64_value, (long long)s->least,
                       (long long)s->most);
    default:
      if (s->kind == IS_TEXT) {
        set_text(options, s, value->string_value, value->value_size);
        return NULL;
      }
      if (set_choice(options, s, value->string_value, value->value_size))
        return NULL;
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%s cannot be '%.*s'",
                       s->name, (int)value->value_size, value->string_value);
  }
}

PJRT_Error *sim_options_set(const char *function, pjrt_sim_options *options,
                            const PJRT_NamedValue *value) {
  const setting *s = setting_named(value->name, value->name_size);
  if (!s)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Unexpected option name passed to %s: %.*s", function,
                     (int)value->name_size, value->name);
  if (value->type != type_of(s))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Option %s has type %d, expected %d", s->name,
                     (int)value->type, (int)type_of(s));
  return set_from(options, s, value);
}

/* ---- the environment ----------------------------------------------------- */

static _Noreturn void refuse(const char *what, const char *text) {
  fprintf(stderr, "pjrt_sim: %s '%s' in the environment\n", what, text);
  exit(2);
}

static int64_t number_from(const char *text) {
  char *end;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end) refuse("no usable number:", text);
  return value;
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

static void read_names(pjrt_sim_options *options, const setting *s,
                       const char *text) {
  char **names;
  if (!*text) return;
  const size_t num = split(text, ',', &names);
  *(const char *const **)field_of(options, s) = (const char *const *)names;
  *(size_t *)(void *)((char *)options + s->num_offset) = num;
}

static void read_setting(pjrt_sim_options *options, const setting *s,
                         const char *text) {
  switch (s->kind) {
    case IS_NAMES:
      read_names(options, s, text);
      return;
    case IS_TEXT:
      set_text(options, s, text, strlen(text));
      return;
    case IS_CHOICE:
      if (!set_choice(options, s, text, strlen(text)))
        refuse("no such choice:", text);
      return;
    default:
      if (!set_number(options, s, number_from(text)))
        refuse("no usable number:", text);
  }
}

static const char *variable(const setting *s) {
  char name[64] = "PJRT_SIM_";
  size_t size = strlen(name);
  for (const char *c = s->name; *c; c++)
    name[size++] = (char)toupper((unsigned char)*c);
  return getenv(name);
}

/* ---- faults -------------------------------------------------------------- */

static int int_from(const char *text) {
  const int64_t value = number_from(text);
  if (value < -1 || value > MAX_INT) refuse("no usable number:", text);
  return (int)value;
}

static void set_fault(pjrt_sim_fault *fault, const char *part) {
  const char *value = strchr(part, '=');
  if (!value) refuse("no value in the fault setting", part);
  const size_t size = (size_t)(value++ - part);
#define IS(name) (size == sizeof(name) - 1 && !memcmp(part, name, size))
  if (IS("nth")) {
    fault->nth = int_from(value);
  } else if (IS("one_in")) {
    fault->one_in = int_from(value);
  } else if (IS("delay_ms")) {
    fault->delay_ms = int_from(value);
  } else if (IS("code")) {
    fault->code = (PJRT_Error_Code)int_from(value);
  } else if (IS("async_code")) {
    fault->async_code = (PJRT_Error_Code)int_from(value);
  } else if (IS("async_delay_ms")) {
    fault->async_delay_ms = int_from(value);
  } else if (IS("garbage_counts")) {
    fault->garbage_counts = int_from(value) != 0;
  } else if (IS("lose_device")) {
    fault->loses_device = true;
    fault->device_id = int_from(value);
  } else if (IS("message")) {
    fault->message = value;
  } else {
    refuse("unknown fault setting", part);
  }
#undef IS
}

static void read_faults(pjrt_sim_options *options, const char *text) {
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

void sim_options_from_environment(pjrt_sim_options *options) {
  for (size_t i = 0; i < NUM_SETTINGS; i++) {
    const char *text = variable(&settings[i]);
    if (text) read_setting(options, &settings[i], text);
  }
  const char *faults = getenv("PJRT_SIM_FAULTS");
  if (faults && *faults) read_faults(options, faults);
}
