/* The control interface: configuration, calls, counters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/clock.h"
#include "plugin/faults.h"
#include "plugin/settings.h"

/* The plugin's state. It is the one place where the plugin keeps any: PJRT
 * functions get no pointer to their plugin. */
static struct {
  pthread_mutex_t lock;
  bool is_configured;
  pjrt_sim_options options; /* owns what it points to */
  size_t calls[PJRT_NUM_CALLS];
  size_t struct_sizes[PJRT_NUM_CALLS];
  size_t num_misuses;
  char first_misuse[1024];
  pjrt_sim_execution execution;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const call_names[] = {
#define PJRT_CALL_ROW(function, since, kind) #function,
#include "abi/generated/calls.inc"
};

const char *sim_call_name(pjrt_call_id id) { return call_names[id]; }

pjrt_call_id sim_call_named(const char *function) {
  int id = 0;
  while (id < PJRT_NUM_CALLS && strcmp(call_names[id], function)) id++;
  return (pjrt_call_id)id;
}

/* ---- configuration ------------------------------------------------------- */

void pjrt_sim_options_init(pjrt_sim_options *options) {
  *options = (pjrt_sim_options){
      .struct_size = sizeof(*options),
      .minor = PJRT_NEWEST_MINOR,
      .num_devices = 4,
      .num_nodes = 1,
      .memory_capacity = INT64_C(16) << 30,
      .pinned_host_capacity = INT64_MAX,
      .unpinned_host_capacity = INT64_MAX,
  };
}

static char *copy_of(const char *text) {
  return text ? sim_copy_forever(text) : NULL;
}

/* What an option names must exist, or the test that asks for it tests
 * nothing. */
static bool is_call(const char *function) {
  return sim_call_named(function) != PJRT_NUM_CALLS;
}

static bool is_function(const char *function) {
  return is_call(function) || sim_ext_has_function(function);
}

static void require(bool is_known, const char *what, const char *name) {
  if (is_known) return;
  fprintf(stderr, "pjrt_sim: there is no %s '%s'\n", what, name);
  exit(2);
}

static void own_names(const char *const **names, size_t num,
                      bool is_known(const char *name), const char *what) {
  const char **copies = sim_allocate_forever(num * sizeof(*copies));
  for (size_t i = 0; i < num; i++) {
    require(is_known((*names)[i]), what, (*names)[i]);
    copies[i] = copy_of((*names)[i]);
  }
  *names = copies;
}

static pjrt_sim_options own(const pjrt_sim_options *from) {
  pjrt_sim_options options = *from;
  pjrt_sim_fault *faults =
      sim_allocate_forever(from->num_faults * sizeof(*faults));
  for (size_t i = 0; i < from->num_faults; i++) {
    require(is_function(from->faults[i].function), "function",
            from->faults[i].function);
    faults[i] = from->faults[i];
    faults[i].function = copy_of(from->faults[i].function);
    faults[i].message = copy_of(from->faults[i].message);
  }
  options.mesh = copy_of(from->mesh);
  options.faults = faults;
  own_names(&options.null_functions, from->num_null_functions, is_function,
            "function");
  own_names(&options.absent_extensions, from->num_absent_extensions,
            sim_ext_is_known, "extension");
  own_names(&options.short_extensions, from->num_short_extensions,
            sim_ext_is_known, "extension");
  own_names(&options.long_extensions, from->num_long_extensions,
            sim_ext_is_known, "extension");
  return options;
}

/* Called with the lock held. The options that were in force stay allocated: a
 * call under way on another thread may still look at its fault. */
static void set_options(const pjrt_sim_options *options) {
  pjrt_sim_options fresh;
  if (options) {
    fresh = *options;
  } else {
    pjrt_sim_options_init(&fresh);
    sim_options_from_environment(&fresh);
  }
  state.options = own(&fresh);
  state.is_configured = true;
  sim_clock_start(state.options.virtual_clock);
}

void pjrt_sim_configure(const pjrt_sim_options *options) {
  sim_futures_release();
  sim_clock_finish();
  pthread_mutex_lock(&state.lock);
  set_options(options);
  memset(state.calls, 0, sizeof(state.calls));
  sim_ext_forget_calls();
  memset(state.struct_sizes, 0, sizeof(state.struct_sizes));
  state.num_misuses = 0;
  state.first_misuse[0] = '\0';
  state.execution = (pjrt_sim_execution){0};
  pthread_mutex_unlock(&state.lock);
}

const pjrt_sim_options *sim_options(void) {
  pthread_mutex_lock(&state.lock);
  if (!state.is_configured) set_options(NULL);
  pthread_mutex_unlock(&state.lock);
  return &state.options;
}

/* ---- calls --------------------------------------------------------------- */

static void enter(sim_slot *call, size_t struct_size) {
  const pjrt_call_id id = call->id;
  const char *name = call_names[id];
  sim_options();
  pthread_mutex_lock(&state.lock);
  call->nth = ++state.calls[id];
  state.struct_sizes[id] = struct_size;
  call->fault = sim_fault_find(&state.options, name, strlen(name), call->nth);
  pthread_mutex_unlock(&state.lock);
  sim_fault_set_now(call->fault);
}

int sim_num_new_minors(void) {
  const int num = sim_options()->minor - PJRT_NEWEST_MINOR;
  return num > 0 ? num : 0;
}

/* The size at the configured minor of a struct of which `known` bytes are
 * known. Fields that nobody knows yet stand where their alignment puts them. */
static size_t grown(size_t known) {
  const size_t field = sizeof(void *);
  const size_t num = (size_t)sim_num_new_minors();
  return num ? (known + field - 1) / field * field + num * field : known;
}

PJRT_Error *sim_check_size(const char *name, const void *from, size_t known) {
  const pjrt_sim_options *options = sim_options();
  const unsigned char *bytes = from;
  const size_t expected = grown(known);
  size_t declared;
  memcpy(&declared, from, sizeof(declared));
  if (!options->no_size_checks &&
      (declared < expected || (options->exact_sizes && declared != expected)))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Unexpected %s size: expected %zu, got %zu. Check "
                     "installed software versions.",
                     name, expected, declared);
  for (size_t i = known; i < expected; i++)
    if (bytes[i])
      return sim_misuse(
          "byte %zu of %s, in a field that no caller knows, is %d"
          " instead of 0",
          i, name, bytes[i]);
  return NULL;
}

void sim_write_new_fields(void *args, size_t known) {
  const size_t size = grown(known);
  if (size > known) memset((char *)args + known, 0xa5, size - known);
}

/* The headers of some minors declared less than the fields that were there,
 * and that plugins read and wrote. The first minor that declared all of them
 * tells how many. */
static int minor_of_fields(const char *name) {
  static const struct {
    const char *name;
    int since;
  } corrected[] = {{"PJRT_Plugin_Attributes_Args", 72},
                   {"PJRT_Device_AddressableMemories_Args", 46},
                   {"PJRT_ExecuteOptions", 46}};
  const int minor = sim_options()->minor;
  for (size_t i = 0; i < sizeof corrected / sizeof *corrected; i++)
    if (!strcmp(corrected[i].name, name) && minor < corrected[i].since)
      return corrected[i].since;
  return minor;
}

/* Functions that return nothing can refuse nothing: as in real plugins they
 * use what they know of a struct that is too short. */
static PJRT_Error *take_args(sim_slot *call, size_t declared) {
  const size_t known = pjrt_args_size_at(call->id, sim_options()->minor);
  char args_name[128];
  snprintf(args_name, sizeof(args_name), "%s_Args", call_names[call->id]);
  if (call->is_void && declared < grown(known)) {
    call->size = declared < known ? declared : known;
  } else {
    SIM_TRY(sim_check_size(args_name, call->args, known));
    sim_write_new_fields(call->args, known);
    call->size = pjrt_args_size_at(call->id, minor_of_fields(args_name));
  }
  memcpy(call->copy, call->args, call->size);
  return NULL;
}

PJRT_Error *sim_slot_begin(sim_slot *call) {
  size_t declared;
  memset(call->copy, 0, call->copy_size);
  memcpy(&declared, call->args, sizeof(declared));
  enter(call, declared);
  SIM_TRY(take_args(call, declared));
  return sim_fault_strike(call->fault);
}

PJRT_Error *sim_slot_end(const sim_slot *call, PJRT_Error *error) {
  const char *name = call_names[call->id];
  sim_fault_set_now(NULL);
  if (error) return error;
  if (call->fault && call->fault->garbage_counts)
    sim_fault_garble(sim_options()->seed, name, strlen(name), call->nth,
                     call->copy, call->copy_size);
  memcpy(call->args, call->copy, call->size);
  return NULL;
}

PJRT_Error *sim_read_struct(pjrt_struct_id id, const char *name,
                            const void *from, void *copy, size_t copy_size) {
  const size_t known = pjrt_struct_size_at(id, sim_options()->minor);
  const size_t size = pjrt_struct_size_at(id, minor_of_fields(name));
  if (!from) return sim_misuse("a NULL %s", name);
  SIM_TRY(sim_check_size(name, from, known));
  memset(copy, 0, copy_size);
  memcpy(copy, from, size < copy_size ? size : copy_size);
  return NULL;
}

/* ---- what tests ask ------------------------------------------------------ */

static size_t read_counter(const size_t *counters, const char *function) {
  const pjrt_call_id id = sim_call_named(function);
  require(is_call(function), "function", function);
  pthread_mutex_lock(&state.lock);
  const size_t value = counters[id];
  pthread_mutex_unlock(&state.lock);
  return value;
}

size_t pjrt_sim_num_calls(const char *function) {
  if (sim_ext_has_function(function)) return sim_ext_num_calls(function);
  return read_counter(state.calls, function);
}

size_t pjrt_sim_last_struct_size(const char *function) {
  return read_counter(state.struct_sizes, function);
}

void sim_note_misuse(const char *what) {
  pthread_mutex_lock(&state.lock);
  if (state.num_misuses++ == 0)
    snprintf(state.first_misuse, sizeof(state.first_misuse), "%s", what);
  pthread_mutex_unlock(&state.lock);
}

size_t pjrt_sim_num_misuses(void) {
  pthread_mutex_lock(&state.lock);
  const size_t num = state.num_misuses;
  pthread_mutex_unlock(&state.lock);
  return num;
}

const char *pjrt_sim_first_misuse(void) { return state.first_misuse; }

void sim_note_execution(const pjrt_sim_execution *execution) {
  pthread_mutex_lock(&state.lock);
  state.execution = *execution;
  pthread_mutex_unlock(&state.lock);
}

void pjrt_sim_get_execution(pjrt_sim_execution *out) {
  pthread_mutex_lock(&state.lock);
  *out = state.execution;
  pthread_mutex_unlock(&state.lock);
}

void pjrt_sim_release_events(void) { sim_futures_release(); }
