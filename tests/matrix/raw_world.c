/* Making what raw calls take, and keeping what they give. */
#include "raw.h"

#include "abi/plugin.h"

const float raw_values[RAW_NUM_VALUES] = {1, 2, 3, 4};

/* ---- the rows ------------------------------------------------------------ */

#define RAW_ROW(function, args, wrapper)                                \
  static pjrt_error *call_##function(pjrt_plugin *plugin, void *room) { \
    return wrapper(plugin, room);                                       \
  }
#include "raw_rows.inc"

static const raw_row rows[] = {
#define RAW_ROW(function, args, wrapper) \
  {#function, #args, sizeof(args), call_##function},
#include "raw_rows.inc"
};

const raw_row *raw_find_row(const char *function) {
  return &rows[matrix_index(function)];
}

/* ---- where handles come from, and go ------------------------------------- */

typedef struct handle_type {
  const char *type;
  const char *made_by;
  const char *ended_by; /* NULL: it belongs to something else */
} handle_type;

static const handle_type handle_types[] = {
    {"PJRT_Client *", "PJRT_Client_Create", "PJRT_Client_Destroy"},
    {"PJRT_Device *", "PJRT_Client_LookupDevice", NULL},
    {"PJRT_DeviceDescription *", "PJRT_Device_GetDescription", NULL},
    {"PJRT_Memory *", "PJRT_Device_DefaultMemory", NULL},
    {"PJRT_Buffer *", "PJRT_Client_BufferFromHostBuffer",
     "PJRT_Buffer_Destroy"},
    {"PJRT_Event *", "PJRT_Buffer_ReadyEvent", "PJRT_Event_Destroy"},
    {"PJRT_LoadedExecutable *", "PJRT_Client_Compile",
     "PJRT_LoadedExecutable_Destroy"},
    {"PJRT_Executable *", "PJRT_LoadedExecutable_GetExecutable",
     "PJRT_Executable_Destroy"},
    {"PJRT_TopologyDescription *", "PJRT_Client_TopologyDescription",
     "PJRT_TopologyDescription_Destroy"},
    {"PJRT_ExecuteContext *", "PJRT_ExecuteContext_Create",
     "PJRT_ExecuteContext_Destroy"},
    {"PJRT_AsyncHostToDeviceTransferManager *",
     "PJRT_Client_CreateBuffersForAsyncHostToDevice",
     "PJRT_AsyncHostToDeviceTransferManager_Destroy"},
    {"PJRT_AsyncTrackingEvent *", "PJRT_Device_CreateAsyncTrackingEvent",
     "PJRT_AsyncTrackingEvent_Destroy"},
    {"PJRT_FulfillAliasBufferCallback *", "PJRT_Client_CreateAliasBuffer",
     NULL},
    {"PJRT_CopyToDeviceStream *", NULL, "PJRT_CopyToDeviceStream_Destroy"},
    {"PJRT_Error *", NULL, "PJRT_Error_Destroy"},
};

static const handle_type *find_type(const char *type) {
  for (size_t i = 0; i < sizeof handle_types / sizeof *handle_types; i++) {
    if (!strcmp(handle_types[i].type, type)) return &handle_types[i];
  }
  return NULL;
}

static const char *without_const(const char *type) {
  return strncmp(type, "const ", 6) ? type : type + 6;
}

void raw_remember(matrix_attempt *a, const char *type, void *handle,
                  const char *made_by) {
  raw_world *w = raw(a);
  if (w->num_things == RAW_MAX_THINGS) abort();
  w->things[w->num_things++] = (raw_thing){type, handle, made_by};
}

void raw_forget(matrix_attempt *a, const void *handle) {
  for (size_t i = 0; i < raw(a)->num_things; i++) {
    if (raw(a)->things[i].handle == handle) raw(a)->things[i].handle = NULL;
  }
}

static void *latest(matrix_attempt *a, const char *type) {
  for (size_t i = raw(a)->num_things; i-- > 0;) {
    const raw_thing *thing = &raw(a)->things[i];
    if (thing->handle && !strcmp(thing->type, type)) return thing->handle;
  }
  return NULL;
}

pjrt_error *raw_get(matrix_attempt *a, const char *type, void *out) {
  max_align_t room[RAW_ARGS_SIZE / sizeof(max_align_t)];
  const handle_type *known = find_type(type);
  void *handle = latest(a, type);
  if (!handle && known && known->made_by) {
    PJRT_TRY(raw_call(a, known->made_by, room));
    handle = latest(a, type);
  }
  memcpy(out, &handle, sizeof handle);
  return NULL;
}

/* ---- filling in ---------------------------------------------------------- */

static bool is_field_of(const matrix_field *field, const raw_row *row) {
  return !strcmp(field->structure, row->args);
}

static const raw_input *find_input(const char *function, const char *field) {
  for (size_t i = 0; i < raw_num_inputs; i++) {
    const raw_input *input = &raw_inputs[i];
    if (!strcmp(input->field, field) &&
        (!input->function || !strcmp(input->function, function)))
      return input;
  }
  return NULL;
}

static pjrt_error *fill_field(matrix_attempt *a, const raw_row *row,
                              const matrix_field *field, void *args) {
  void *at = (char *)args + field->offset;
  const raw_input *input = find_input(row->function, field->name);
  if (input && input->pointer) {
    memcpy(at, &input->pointer, sizeof input->pointer);
  } else if (input) {
    memcpy(at, &input->number, field->size); /* little-endian, as all hosts */
  } else if (!strcmp(field->class, "HANDLE")) {
    return raw_get(a, without_const(field->type), at);
  }
  return NULL;
}

pjrt_error *raw_fill(matrix_attempt *a, const raw_row *row, void *args) {
  const raw_hook *hook = raw_find_hook(row->function);
  memset(args, 0, RAW_ARGS_SIZE);
  PJRT_TRY(matrix_open(a));
  raw_begin(a);
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (is_field_of(field, row) && strcmp(field->direction, "OUT"))
      PJRT_TRY(fill_field(a, row, field, args));
  }
  return hook && hook->before ? hook->before(a, args) : NULL;
}

static bool is_handle_out(const matrix_field *field) {
  return !strcmp(field->class, "HANDLE") && !strcmp(field->direction, "OUT");
}

void raw_keep(matrix_attempt *a, const raw_row *row, const void *args) {
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    void *handle;
    if (!is_field_of(field, row) || !is_handle_out(field)) continue;
    memcpy(&handle, (const char *)args + field->offset, sizeof handle);
    if (handle) raw_remember(a, field->type, handle, row->function);
  }
}

pjrt_error *raw_call(matrix_attempt *a, const char *function, void *args) {
  const raw_row *row = raw_find_row(function);
  PJRT_TRY(raw_fill(a, row, args));
  PJRT_TRY(row->call(a->plugin, args));
  raw_keep(a, row, args);
  return NULL;
}

/* ---- beginning and end --------------------------------------------------- */

static const char add_program[] =
    "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n"
    "}\n";

/* The structs that args point to, in the sizes that this plugin takes. */
void raw_begin(matrix_attempt *a) {
  static const int64_t dims[] = {RAW_NUM_VALUES};
  raw_world *w = raw(a);
  const size_t *sizes = a->plugin->struct_size;
  if (w->is_filled) return;
  w->is_filled = true;
  w->program.value =
      (PJRT_Program){.struct_size = sizes[PJRT_STRUCT_PJRT_Program],
                     .code = (char *)(uintptr_t)add_program,
                     .code_size = sizeof add_program - 1,
                     .format = "mlir",
                     .format_size = 4};
  w->options.value = (PJRT_ExecuteOptions){
      .struct_size = sizes[PJRT_STRUCT_PJRT_ExecuteOptions]};
  w->shape.value =
      (PJRT_ShapeSpec){.struct_size = sizes[PJRT_STRUCT_PJRT_ShapeSpec],
                       .dims = dims,
                       .num_dims = 1,
                       .element_type = PJRT_Buffer_Type_F32};
  w->process.value =
      (PJRT_ProcessInfo){.struct_size = sizes[PJRT_STRUCT_PJRT_ProcessInfo],
                         .state = PJRT_ProcessState_kConnected};
}

/* The client's own topology is not the caller's to destroy. */
static bool is_owned(const raw_thing *thing) {
  return thing->handle && thing->made_by &&
         strcmp(thing->made_by, "PJRT_Client_TopologyDescription");
}

static void end_thing(matrix_attempt *a, const raw_thing *thing) {
  max_align_t args[RAW_ARGS_SIZE / sizeof(max_align_t)] = {0};
  const handle_type *type = find_type(thing->type);
  if (!type || !type->ended_by || !is_owned(thing)) return;
  const raw_row *row = raw_find_row(type->ended_by);
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (is_field_of(field, row) && !strcmp(field->class, "HANDLE"))
      memcpy((char *)args + field->offset, &thing->handle, sizeof(void *));
  }
  pjrt_error_free(row->call(a->plugin, args));
}

void raw_end(matrix_attempt *a) {
  raw_world *w = raw(a);
  while (w->num_things > 0) end_thing(a, &w->things[--w->num_things]);
}

/* ---- looking at what came ------------------------------------------------ */

pjrt_error *raw_await(matrix_attempt *a, PJRT_Event *event) {
  PJRT_Event_Await_Args args;
  memset(&args, 0, sizeof args);
  args.event = event;
  return pjrt_raw_PJRT_Event_Await(a->plugin, &args);
}

pjrt_error *raw_expect(matrix_attempt *a, PJRT_Buffer *buffer, float factor) {
  float read[RAW_NUM_VALUES] = {-1};
  PJRT_Buffer_ToHostBuffer_Args args;
  memset(&args, 0, sizeof args);
  args.src = buffer;
  args.dst = read;
  args.dst_size = sizeof read;
  PJRT_TRY(pjrt_raw_PJRT_Buffer_ToHostBuffer(a->plugin, &args));
  raw_remember(a, "PJRT_Event *", args.event, "PJRT_Buffer_ToHostBuffer");
  PJRT_TRY(raw_await(a, args.event));
  for (size_t i = 0; i < RAW_NUM_VALUES; i++)
    MATRIX_EXPECT(a, read[i] == factor * raw_values[i]);
  return NULL;
}
