/* What every function of an extension does first, and what they share. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/faults.h"

static const char *const args_names[] = {
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, kind, since) #args,
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, kind, since) \
  #function "_Args",
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_NESTED_ROW
#undef PJRT_EXTENSION_SLOT_ROW
};

enum { NUM_FUNCTIONS = sizeof args_names / sizeof *args_names };

static atomic_size_t num_calls[NUM_FUNCTIONS];

/* The index of a function: the name of its args struct without "_Args". */
static size_t function_named(const char *name, size_t size) {
  size_t i = 0;
  while (i < NUM_FUNCTIONS && (strlen(args_names[i]) != size + 5 ||
                               memcmp(args_names[i], name, size) != 0))
    i++;
  return i;
}

bool sim_ext_has_function(const char *function) {
  return function_named(function, strlen(function)) < NUM_FUNCTIONS;
}

size_t sim_ext_num_calls(const char *function) {
  const size_t i = function_named(function, strlen(function));
  return i < NUM_FUNCTIONS ? atomic_load(&num_calls[i]) : 0;
}

void sim_ext_forget_calls(void) {
  for (size_t i = 0; i < NUM_FUNCTIONS; i++) atomic_store(&num_calls[i], 0);
}

/* Counts the call, and finds out whether it is one that goes wrong. */
static void count(sim_ext_call *call) {
  const size_t name_size = strlen(call->args_name) - strlen("_Args");
  const size_t i = function_named(call->args_name, name_size);
  if (i < NUM_FUNCTIONS) {
    call->nth = atomic_fetch_add(&num_calls[i], 1) + 1;
    call->fault =
        sim_fault_find(sim_options(), call->args_name, name_size, call->nth);
  }
  sim_fault_set_now(call->fault);
}

PJRT_Error *sim_ext_enter(sim_ext_call *call) {
  count(call);
  if (!call->args) return sim_misuse("NULL %s", call->args_name);
  if (call->size) {
    SIM_TRY(sim_check_size(call->args_name, call->args, call->size));
    sim_write_new_fields(call->args, call->size);
  }
  return sim_fault_strike(call->fault);
}

bool sim_ext_enter_void(sim_ext_call *call) {
  PJRT_Error *error = sim_ext_enter(call);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
  return !error;
}

/* Args without a struct_size are as long as they ever were. */
static size_t size_of_args(const sim_ext_call *call) {
  size_t declared = SIZE_MAX;
  if (call->size) memcpy(&declared, call->args, sizeof(declared));
  return declared;
}

void sim_ext_leave(const sim_ext_call *call) {
  sim_fault_set_now(NULL);
  if (call->args && call->fault && call->fault->garbage_counts)
    sim_fault_garble(sim_options()->seed, call->args_name,
                     strlen(call->args_name) - strlen("_Args"), call->nth,
                     call->args, size_of_args(call));
}

/* ---- attachments --------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void sim_ext_lock(void) { pthread_mutex_lock(&lock); }
void sim_ext_unlock(void) { pthread_mutex_unlock(&lock); }

void *sim_attached(sim_attachment **list, const void *key, size_t size,
                   void (*release)(void *data)) {
  sim_ext_lock();
  sim_attachment *found = *list;
  while (found && found->key != key) found = found->next;
  if (!found) {
    found = sim_allocate(sizeof(*found) + size);
    found->key = key;
    found->release = release;
    found->next = *list;
    *list = found;
  }
  sim_ext_unlock();
  return found->data;
}

void sim_attachments_release(sim_attachment **list) {
  while (*list) {
    sim_attachment *one = *list;
    *list = one->next;
    if (one->release) one->release(one->data);
    free(one);
  }
}

/* ---- texts and bytes ----------------------------------------------------- */

sim_holder *sim_holder_create(const void *bytes, size_t size) {
  sim_holder *holder = sim_new(SIM_OTHER, sizeof(*holder));
  holder->bytes = sim_text(bytes, size);
  return holder;
}

void sim_holder_free(sim_holder *holder) {
  free(holder->bytes);
  sim_delete(holder, SIM_OTHER);
}

void sim_write_varint(sim_bytes *out, uint64_t value) {
  unsigned char byte;
  do {
    byte = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    sim_bytes_append(out, &byte, 1);
    value >>= 7;
  } while (value);
}

void sim_write_number(sim_bytes *out, int number, uint64_t value) {
  sim_write_varint(out, (uint64_t)number << 3);
  sim_write_varint(out, value);
}

void sim_write_bytes(sim_bytes *out, int number, const void *data,
                     size_t size) {
  sim_write_varint(out, (uint64_t)number << 3 | 2);
  sim_write_varint(out, size);
  sim_bytes_append(out, data, size);
}
