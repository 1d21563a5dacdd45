/* Megascale: runtime errors, and who hears of them. They travel as
 * MegaScaleRuntimeError. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/megascale.h"

PJRT_Error *sim_megascale_check_name(const char *what, const char *name,
                                     size_t size) {
  if (name && size) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%s is empty", what);
}

/* ---- handlers ------------------------------------------------------------ */

typedef struct handler {
  struct handler *next;
  PJRT_Megascale_ErrorHandler function;
  void *user_data;
  size_t name_size;
  char name[];
} handler;

/* For the process, as in real plugins. */
static handler *handlers;

/* Where the handler of this name is, or the end of the list. With the lock
 * held. */
static handler **find_handler(const char *name, size_t size) {
  handler **at = &handlers;
  while (*at && ((*at)->name_size != size || memcmp((*at)->name, name, size)))
    at = &(*at)->next;
  return at;
}

SIM_MEGASCALE_FUNCTION(RegisterErrorHandler) {
  SIM_EXT_ENTER(args, PJRT_Megascale_RegisterErrorHandler_Args,
                PJRT_Megascale_RegisterErrorHandler_Args_STRUCT_SIZE);
  const size_t size = args->handler_name_size;
  SIM_TRY(sim_megascale_check_name("handler_name", args->handler_name, size));
  if (!args->handler) return sim_misuse("NULL handler");
  handler *made = sim_allocate(sizeof(*made) + size);
  made->function = args->handler;
  made->user_data = args->user_data;
  made->name_size = size;
  memcpy(made->name, args->handler_name, size);
  sim_ext_lock();
  handler **at = find_handler(args->handler_name, size);
  const bool is_new = !*at;
  if (is_new) *at = made;
  sim_ext_unlock();
  if (is_new) return NULL;
  free(made);
  return sim_error(PJRT_Error_Code_ALREADY_EXISTS,
                   "an error handler '%.*s' is registered", (int)size,
                   args->handler_name);
}

SIM_MEGASCALE_FUNCTION(UnregisterErrorHandler) {
  SIM_EXT_ENTER(args, PJRT_Megascale_UnregisterErrorHandler_Args,
                PJRT_Megascale_UnregisterErrorHandler_Args_STRUCT_SIZE);
  const size_t size = args->handler_name_size;
  SIM_TRY(sim_megascale_check_name("handler_name", args->handler_name, size));
  sim_ext_lock();
  handler **at = find_handler(args->handler_name, size);
  handler *taken = *at;
  if (taken) *at = taken->next;
  sim_ext_unlock();
  if (!taken)
    return sim_error(PJRT_Error_Code_NOT_FOUND,
                     "there is no error handler '%.*s'", (int)size,
                     args->handler_name);
  free(taken);
  return NULL;
}

/* Without the lock, so that a handler may unregister itself. */
static void tell_handlers(const sim_bytes *error) {
  size_t num = 0, told = 0;
  sim_ext_lock();
  for (const handler *h = handlers; h; h = h->next) num++;
  handler *copies = sim_allocate(num * sizeof(*copies));
  for (const handler *h = handlers; h; h = h->next) copies[told++] = *h;
  sim_ext_unlock();
  for (size_t i = 0; i < num; i++)
    copies[i].function((const char *)error->data, error->size,
                       copies[i].user_data);
  free(copies);
}

/* ---- runtime errors ------------------------------------------------------ */

typedef struct runtime_error {
  struct runtime_error *next;
  int32_t launch_id;
  int32_t type;
  sim_bytes bytes;
} runtime_error;

/* The first of each launch and type, for the process. */
static runtime_error *runtime_errors;

static void write_runtime_error(
    const PJRT_Megascale_GetOrCreateRuntimeError_Args *args, sim_bytes *out) {
  char text[640];
  const int size = snprintf(
      text, sizeof(text), "%s: %.*s",
      pjrt_code_name((pjrt_code)args->status_code),
      args->status_message_size < 512 ? (int)args->status_message_size : 512,
      args->status_message_size ? args->status_message : "");
  sim_write_number(out, SIM_ERROR_TYPE, (uint64_t)args->error_type);
  sim_write_bytes(out, SIM_ERROR_MESSAGE, text, (size_t)size);
  sim_write_number(out, SIM_ERROR_START_MS,
                   (uint64_t)(args->start_time_nanos / 1000000));
  sim_write_number(out, SIM_ERROR_LAUNCH_ID, (uint64_t)args->launch_id);
  if (args->has_unrecoverable_error_type)
    sim_write_number(out, SIM_ERROR_UNRECOVERABLE_TYPE,
                     (uint64_t)args->unrecoverable_error_type);
}

static runtime_error *find_or_add(
    const PJRT_Megascale_GetOrCreateRuntimeError_Args *args, bool *out_is_new) {
  sim_ext_lock();
  runtime_error *found = runtime_errors;
  while (found && (found->launch_id != args->launch_id ||
                   found->type != args->error_type))
    found = found->next;
  *out_is_new = !found;
  if (!found) {
    found = sim_allocate(sizeof(*found));
    found->launch_id = args->launch_id;
    found->type = args->error_type;
    write_runtime_error(args, &found->bytes);
    found->next = runtime_errors;
    runtime_errors = found;
  }
  sim_ext_unlock();
  return found;
}

static PJRT_Error *check_enum(const char *what, int32_t value, int32_t first,
                              int32_t last) {
  if (value >= first && value <= last) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%s is %d, expected %d to %d", what, value, first, last);
}

struct PJRT_Megascale_SerializedError {
  sim_holder holder;
};

static void serialized_free(PJRT_Megascale_SerializedError *error) {
  sim_holder_free(&error->holder);
}

SIM_MEGASCALE_FUNCTION(GetOrCreateRuntimeError) {
  SIM_EXT_ENTER(args, PJRT_Megascale_GetOrCreateRuntimeError_Args,
                PJRT_Megascale_GetOrCreateRuntimeError_Args_STRUCT_SIZE);
  SIM_TRY(check_enum("error_type", args->error_type, SIM_HANG_DETECTED,
                     SIM_CANCELLED));
  SIM_TRY(check_enum("status_code", args->status_code, PJRT_Error_Code_OK,
                     PJRT_Error_Code_UNAUTHENTICATED));
  if (args->has_unrecoverable_error_type)
    SIM_TRY(check_enum("unrecoverable_error_type",
                       args->unrecoverable_error_type, 0, 2));
  if (args->status_message_size && !args->status_message)
    return sim_misuse("NULL status_message");
  const runtime_error *error = find_or_add(args, &args->is_new_error);
  if (args->is_new_error) tell_handlers(&error->bytes);
  sim_holder *holder = sim_holder_create(error->bytes.data, error->bytes.size);
  args->serialized_error = holder->bytes;
  args->serialized_error_size = error->bytes.size;
  args->error = (PJRT_Megascale_SerializedError *)holder;
  args->error_deleter = serialized_free;
  return NULL;
}
