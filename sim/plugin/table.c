/* PJRT_Api: a slot for every row of the call table, each going through the
 * checks of control.c and the faults of faults.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/instant.h"

#define BEGIN(fn, returns_nothing)               \
  fn##_Args copy;                                \
  sim_slot call = {.id = PJRT_CALL_##fn,         \
                   .is_void = (returns_nothing), \
                   .args = args,                 \
                   .copy = &copy,                \
                   .copy_size = sizeof copy};    \
  PJRT_Error *error = sim_slot_begin(&call)

#define PJRT_CALL_ROW(fn, since, kind)                          \
  static PJRT_Error *slot_##fn(fn##_Args *args) {               \
    BEGIN(fn, false);                                           \
    if (!error && !sim_is_mutant(#fn)) error = sim_##fn(&copy); \
    return sim_slot_end(&call, error);                          \
  }
/* These can neither refuse nor fail. */
#define PJRT_CALL_ROW_VOID(fn, since, kind)                               \
  static void slot_##fn(fn##_Args *args) {                                \
    BEGIN(fn, true);                                                      \
    if (!error && !sim_is_mutant(#fn)) sim_##fn(&copy);                   \
    error = sim_slot_end(&call, error);                                   \
    if (error)                                                            \
      sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error}); \
  }
#include "abi/generated/calls.inc"

const PJRT_Api sim_slots = {
#define PJRT_CALL_ROW(fn, since, kind) .fn = slot_##fn,
#include "abi/generated/calls.inc"
};

/* What stands behind the end of a plugin's table is anything but NULL, and so
 * are the slots of newer minors. */
static PJRT_Error *slot_past_the_end(void *args) {
  (void)args;
  fputs("pjrt_sim: a slot behind the end of the table was called\n", stderr);
  abort();
}

typedef PJRT_Error *any_slot(void *args);

static void set_slot(PJRT_Api *api, int id, any_slot *slot) {
  const size_t offset =
      offsetof(PJRT_Api, PJRT_Error_Destroy) + (size_t)id * sizeof(slot);
  memcpy((char *)api + offset, &slot, sizeof(slot));
}

/* How many slots the plugin that is asked for really has. */
static int num_slots(const pjrt_sim_options *options) {
  const size_t first = offsetof(PJRT_Api, PJRT_Error_Destroy);
  const int num = pjrt_api_functions_at(options->minor);
  if (!options->table_size) return num;
  if (options->table_size < first) return 0;
  const size_t fit = (options->table_size - first) / sizeof(any_slot *);
  return fit < (size_t)num ? (int)fit : num;
}

static void fill(PJRT_Api *api, const pjrt_sim_options *options) {
  *api = sim_slots;
  if (options->execution == PJRT_SIM_INSTANT) sim_instant_fill(api);
  if (options->stubbed_errors) sim_stub_errors(api);
  const int end = PJRT_NUM_CALLS + sim_num_new_minors();
  for (int id = num_slots(options); id < end; id++)
    set_slot(api, id, slot_past_the_end);
  for (size_t i = 0; i < options->num_null_functions; i++) {
    const pjrt_call_id id = sim_call_named(options->null_functions[i]);
    if (id != PJRT_NUM_CALLS) set_slot(api, (int)id, NULL);
  }
}

const PJRT_Api *GetPjrtApi(void) {
  const pjrt_sim_options *options = sim_options();
  if (options->null_api) return NULL;
  const size_t new_size = (size_t)sim_num_new_minors() * sizeof(any_slot *);
  PJRT_Api *api = sim_allocate_forever(sizeof(*api) + new_size);
  fill(api, options);
  api->struct_size = options->table_size
                         ? options->table_size
                         : pjrt_api_size_at(options->minor) + new_size;
  api->extension_start = sim_ext_chain(options);
  api->pjrt_api_version = (PJRT_Api_Version){
      .struct_size = PJRT_Api_Version_STRUCT_SIZE,
      .major_version = options->major,
      .minor_version = options->minor,
  };
  return api;
}
