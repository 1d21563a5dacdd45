/* FFI: the handlers, types and user data that custom calls work with. All of
 * it is the process's, none is ever unregistered. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/ffi.h"

enum {
  MAX_TYPES = 256,
  FIRST_MINOR = 53,
  FIRST_MINOR_WITH_TYPE_INFO = 81,
  FIRST_MINOR_WITH_API_IN_METADATA = 81 /* or a little before */
};

static sim_ffi_handler *handlers;

static struct {
  char *names[MAX_TYPES]; /* NULL: only an id is known */
  int64_t ids[MAX_TYPES];
  void (*deleters[MAX_TYPES])(void *);
  size_t num;
  int64_t last_id;
} types;

static char *name_copy(const char *name, size_t size) {
  char *copy = sim_allocate_forever(size + 1);
  if (size) memcpy(copy, name, size);
  return copy;
}

/* ---- versions ------------------------------------------------------------ */

int sim_ffi_minor(void) {
  static const struct {
    int pjrt_minor;
    int ffi_minor;
  } steps[] = {{0, 0}, {67, 1}, {81, 2}, {94, 3}, {114, 4}, {117, 5}};
  int minor = 0;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    if (sim_options()->minor >= steps[i].pjrt_minor) minor = steps[i].ffi_minor;
  return minor;
}

/* Asks a handler what it is: a call with nothing but a metadata extension. */
static bool ask_metadata(XLA_FFI_Handler *handler, XLA_FFI_Metadata *out) {
  *out = (XLA_FFI_Metadata){
      .struct_size = sizeof(*out),
      .api_version = {.struct_size = XLA_FFI_Api_Version_STRUCT_SIZE},
  };
  XLA_FFI_Metadata_Extension extension = {
      .extension_base = {.struct_size = XLA_FFI_Metadata_Extension_STRUCT_SIZE,
                         .type = XLA_FFI_Extension_Metadata},
      .metadata = out,
  };
  XLA_FFI_CallFrame frame = {
      .struct_size = sizeof(frame),
      .extension_start = &extension.extension_base,
      .stage = XLA_FFI_ExecutionStage_EXECUTE,
  };
  if (sim_options()->minor >= FIRST_MINOR_WITH_API_IN_METADATA)
    frame.api = sim_ffi_api();
  XLA_FFI_Error *error = handler(&frame);
  if (!error) return true;
  sim_ffi_error_free(error);
  return false;
}

static bool is_spoken(const XLA_FFI_Metadata *metadata) {
  return metadata->api_version.major_version == XLA_FFI_API_MAJOR &&
         metadata->api_version.minor_version >= 1 &&
         metadata->api_version.minor_version <= sim_ffi_minor();
}

/* ---- handlers ------------------------------------------------------------ */

/* All names of the machine that this plugin simulates are one. */
static const char *canonical(const char *platform) {
  static const char *const own[] = {"Host", "cpu", "sim"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcasecmp(platform, own[i]) == 0) return own[0];
  return platform;
}

/* Called with the lock held. */
static sim_ffi_handler *find(const char *platform, const char *name) {
  sim_ffi_handler *handler = handlers;
  while (handler && (strcmp(handler->name, name) != 0 ||
                     strcasecmp(handler->platform, platform) != 0))
    handler = handler->next;
  return handler;
}

const sim_ffi_handler *sim_ffi_find_handler(const char *platform,
                                            const char *name) {
  sim_ext_lock();
  const sim_ffi_handler *found = find(canonical(platform), name);
  sim_ext_unlock();
  return found;
}

/* The first registration of a name stays, as in real plugins: NULL, or that
 * one when it is another handler's. */
static const sim_ffi_handler *add_handler(const sim_ffi_handler *fresh) {
  sim_ext_lock();
  const sim_ffi_handler *first = find(fresh->platform, fresh->name);
  if (!first) {
    sim_ffi_handler *handler = sim_allocate_forever(sizeof(*handler));
    *handler = *fresh;
    handler->next = handlers;
    handlers = handler;
  }
  sim_ext_unlock();
  return first && memcmp(first->stages, fresh->stages, sizeof(first->stages))
             ? first
             : NULL;
}

static PJRT_Error *check(const char *name, size_t name_size,
                         const char *platform, XLA_FFI_Handler *const *stages) {
  if (!name || !name_size || !platform)
    return sim_misuse("a handler without a name or platform");
  return stages[XLA_FFI_ExecutionStage_EXECUTE] ? NULL
                                                : sim_misuse("a NULL handler");
}

PJRT_Error *sim_ffi_register(const char *name, size_t name_size,
                             const char *platform, size_t platform_size,
                             XLA_FFI_Handler *const *stages,
                             XLA_FFI_Handler_Traits traits) {
  XLA_FFI_Metadata metadata;
  SIM_TRY(check(name, name_size, platform, stages));
  if (!ask_metadata(stages[XLA_FFI_ExecutionStage_EXECUTE], &metadata) ||
      !is_spoken(&metadata))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the handler for '%.*s' is of FFI 0.%d, and not of 0.1 to "
                     "0.%d",
                     (int)name_size, name, metadata.api_version.minor_version,
                     sim_ffi_minor());
  sim_ffi_handler handler = {
      .name = name_copy(name, name_size),
      .platform =
          (char *)(uintptr_t)canonical(name_copy(platform, platform_size)),
      .traits = traits | metadata.traits,
      .state_type = metadata.state_type_id,
  };
  memcpy(handler.stages, stages, sizeof(handler.stages));
  if (!add_handler(&handler)) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "'%s' has another handler already", handler.name);
}

PJRT_Error *sim_ffi_register_silently(const char *name, size_t name_size,
                                      const char *platform,
                                      size_t platform_size,
                                      XLA_FFI_Handler *const *stages,
                                      XLA_FFI_Handler_Traits traits) {
  SIM_TRY(check(name, name_size, platform, stages));
  PJRT_Error_Destroy_Args args = {
      .error = sim_ffi_register(name, name_size, platform, platform_size,
                                stages, traits)};
  if (args.error) sim_PJRT_Error_Destroy(&args);
  return NULL;
}

static PJRT_Error *register_handler(PJRT_FFI_Register_Handler_Args *args) {
  XLA_FFI_Handler *stages[SIM_FFI_NUM_STAGES] = {0};
  SIM_EXT_ENTER(args, PJRT_FFI_Register_Handler_Args,
                PJRT_FFI_Register_Handler_Args_STRUCT_SIZE);
  memcpy(&stages[XLA_FFI_ExecutionStage_EXECUTE], &args->handler,
         sizeof(args->handler));
  return sim_ffi_register_silently(
      args->target_name, args->target_name_size, args->platform_name,
      args->platform_name_size, stages, (XLA_FFI_Handler_Traits)args->traits);
}

/* ---- types --------------------------------------------------------------- */

static size_t type_index(int64_t id) {
  size_t i = 0;
  while (i < types.num && types.ids[i] != id) i++;
  return i;
}

/* Called with the lock held. */
static const char *add_type(const char *name, size_t size, int64_t *id,
                            void (*deleter)(void *)) {
  for (size_t i = 0; i < types.num; i++)
    if (strlen(types.names[i]) == size &&
        memcmp(types.names[i], name, size) == 0)
      return *id == types.ids[i] ? NULL : "has another id already";
  if (types.num == MAX_TYPES) return "is one type too many";
  if (!*id) {
    do ++types.last_id;
    while (type_index(types.last_id) < types.num);
    *id = types.last_id;
  } else if (type_index(*id) < types.num) {
    return "has the id of another type";
  }
  types.names[types.num] = name_copy(name, size);
  types.ids[types.num] = *id;
  types.deleters[types.num++] = deleter;
  return NULL;
}

const char *sim_ffi_type_register(const char *name, size_t size, int64_t *id,
                                  void (*deleter)(void *)) {
  sim_ext_lock();
  const char *problem = add_type(name, size, id, deleter);
  sim_ext_unlock();
  return problem;
}

bool sim_ffi_type_is_known(int64_t id) {
  sim_ext_lock();
  const bool is_known = type_index(id) < types.num;
  sim_ext_unlock();
  return is_known;
}

void sim_ffi_type_delete(int64_t id, void *value) {
  sim_ext_lock();
  const size_t i = type_index(id);
  void (*deleter)(void *) = i < types.num ? types.deleters[i] : NULL;
  sim_ext_unlock();
  if (deleter && value) deleter(value);
}

static PJRT_Error *type_register(PJRT_FFI_Type_Register_Args *args) {
  const bool has_info = sim_options()->minor >= FIRST_MINOR_WITH_TYPE_INFO;
  void (*deleter)(void *) = NULL;
  SIM_EXT_ENTER(args, PJRT_FFI_Type_Register_Args, has_info ? 48 : 40);
  if (!args->type_name || !args->type_name_size)
    return sim_misuse("a type without a name");
  if (has_info && args->type_info) deleter = args->type_info->deleter;
  const char *problem = sim_ffi_type_register(
      args->type_name, args->type_name_size, &args->type_id, deleter);
  if (!problem) return NULL;
  return sim_error(PJRT_Error_Code_INTERNAL, "type '%.*s' %s",
                   (int)args->type_name_size, args->type_name, problem);
}

/* ---- user data ----------------------------------------------------------- */

/* As it was before 0.81, with who frees the data. */
typedef struct old_user_data {
  int64_t type_id;
  void *data;
  void (*deleter)(void *);
} old_user_data;

typedef struct user_data {
  struct user_data *next;
  old_user_data value;
} user_data;

static const char user_data_key; /* its address */

static void user_data_release(void *data) {
  user_data *one = *(user_data **)data;
  while (one) {
    user_data *next = one->next;
    if (one->value.deleter) one->value.deleter(one->value.data);
    free(one);
    one = next;
  }
}

static user_data **user_data_of(PJRT_ExecuteContext *context) {
  return sim_attached(&context->attachments, &user_data_key,
                      sizeof(user_data *), user_data_release);
}

bool sim_ffi_user_data(PJRT_ExecuteContext *context, int64_t type_id,
                       void **out) {
  if (!context) return false;
  user_data **list = user_data_of(context);
  sim_ext_lock();
  const user_data *one = *list;
  while (one && one->value.type_id != type_id) one = one->next;
  sim_ext_unlock();
  if (one) *out = one->value.data;
  return one != NULL;
}

static PJRT_Error *user_data_add(PJRT_FFI_UserData_Add_Args *args) {
  const bool is_old = sim_options()->minor < FIRST_MINOR_WITH_TYPE_INFO;
  old_user_data value = {.type_id = 0};
  void *found;
  SIM_EXT_ENTER(args, PJRT_FFI_UserData_Add_Args, is_old ? 48 : 40);
  memcpy(&value, &args->user_data,
         is_old ? sizeof(value) : sizeof(args->user_data));
  SIM_REQUIRE(args->context, SIM_CONTEXT);
  if (!sim_ffi_type_is_known(value.type_id))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "type id %lld is not registered",
                     (long long)value.type_id);
  if (sim_ffi_user_data(args->context, value.type_id, &found))
    return sim_error(PJRT_Error_Code_INTERNAL,
                     "the context has user data of type id %lld already",
                     (long long)value.type_id);
  user_data **list = user_data_of(args->context);
  user_data *one = sim_allocate(sizeof(*one));
  one->value = value;
  sim_ext_lock();
  one->next = *list;
  *list = one;
  sim_ext_unlock();
  return NULL;
}

/* Its first nodes had one slot, for user data. */
static void adapt(void *node, int minor) {
  PJRT_FFI_Extension *ffi = node;
  if (minor == FIRST_MINOR)
    memcpy(&ffi->type_register, &ffi->user_data_add,
           sizeof(ffi->user_data_add));
}

static const PJRT_FFI_Extension node = {
    .type_register = type_register,
    .user_data_add = user_data_add,
    .register_handler = register_handler,
};

const sim_extension sim_ext_ffi = {
    .type = PJRT_Extension_Type_FFI,
    .name = "FFI",
    .steps = {{FIRST_MINOR, 32}, {54, 40}, {74, 48}},
    .node = &node,
    .node_size = sizeof(node),
    .adapt = adapt,
};
