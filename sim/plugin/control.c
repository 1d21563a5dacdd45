/* The control interface: configuration, faults, counters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ext/ext.h"
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

static _Thread_local const pjrt_sim_fault *fault_now;

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
  options.faults = faults;
  own_names(&options.null_functions, from->num_null_functions, is_call,
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
}

void pjrt_sim_configure(const pjrt_sim_options *options) {
  sim_futures_release();
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

/* ---- calls and faults ---------------------------------------------------- */

static const pjrt_sim_fault *find_fault(pjrt_call_id id, size_t nth) {
  for (size_t i = 0; i < state.options.num_faults; i++) {
    const pjrt_sim_fault *fault = &state.options.faults[i];
    if (strcmp(fault->function, call_names[id])) continue;
    if (fault->nth == 0 || (size_t)fault->nth == nth) return fault;
  }
  return NULL;
}

void sim_sleep_us(int64_t us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&time, &time)) {
  }
}

static void enter(pjrt_call_id id, size_t struct_size) {
  sim_options();
  pthread_mutex_lock(&state.lock);
  state.calls[id]++;
  state.struct_sizes[id] = struct_size;
  fault_now = find_fault(id, state.calls[id]);
  pthread_mutex_unlock(&state.lock);
}

const pjrt_sim_fault *sim_fault_now(void) { return fault_now; }

/* How much of the args the caller and a plugin of the configured minor both
 * know; an error where a real plugin checks and refuses. */
static PJRT_Error *shared_size(pjrt_call_id id, size_t declared,
                               size_t copy_size, size_t *out) {
  const pjrt_sim_options *options = sim_options();
  const size_t expected = pjrt_args_size_at(id, options->minor);
  *out = expected < copy_size ? expected : copy_size;
  if (options->no_size_checks) return NULL;
  if (declared < expected || (options->exact_sizes && declared != expected))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Unexpected %s_Args size: expected %zu, got %zu. Check "
                     "installed software versions.",
                     call_names[id], expected, declared);
  return NULL;
}

PJRT_Error *sim_slot_begin(sim_slot *call, pjrt_call_id id, void *args,
                           void *copy, size_t copy_size) {
  size_t declared;
  *call = (sim_slot){.id = id, .args = args, .copy = copy};
  memset(copy, 0, copy_size);
  memcpy(&declared, args, sizeof(declared));
  enter(id, declared);
  SIM_TRY(shared_size(id, declared, copy_size, &call->size));
  memcpy(copy, args, call->size);
  const pjrt_sim_fault *fault = fault_now;
  if (!fault) return NULL;
  if (fault->delay_ms) sim_sleep_us(INT64_C(1000) * fault->delay_ms);
  if (!fault->code) return NULL;
  call->size = 0;
  return sim_error(fault->code, "%s",
                   fault->message ? fault->message : "injected fault");
}

PJRT_Error *sim_slot_end(const sim_slot *call, PJRT_Error *error) {
  if (!error) memcpy(call->args, call->copy, call->size);
  fault_now = NULL;
  return error;
}

PJRT_Error *sim_read_struct(pjrt_struct_id id, const char *name,
                            const void *from, void *copy, size_t copy_size) {
  const pjrt_sim_options *options = sim_options();
  const size_t expected = pjrt_struct_size_at(id, options->minor);
  size_t declared;
  if (!from) return sim_misuse("a NULL %s", name);
  memcpy(&declared, from, sizeof(declared));
  if (!options->no_size_checks &&
      (declared < expected || (options->exact_sizes && declared != expected)))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Unexpected %s size: expected %zu, got %zu. Check "
                     "installed software versions.",
                     name, expected, declared);
  memset(copy, 0, copy_size);
  memcpy(copy, from, expected < copy_size ? expected : copy_size);
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
