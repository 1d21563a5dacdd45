/* Pointers that a plugin should have given and did not, and sizes that it
 * should not have: functions of the plugin's table are replaced. Errors of
 * ours, as plugins get them. */
#include "abi/call.h"
#include "core/client.h"
#include "core/kvstore.h"
#include "sim_fixture.h"

static const int64_t four[] = {4};

/* Reports success, and sets nothing. */
static PJRT_Error *give_nothing(void *args) {
  (void)args;
  return NULL;
}

#define GIVES_NOTHING(f, function)                              \
  do {                                                          \
    PJRT_Error *(*stub_)(void *) = give_nothing;                \
    memcpy(&(f)->plugin->table.function, &stub_, sizeof stub_); \
  } while (0)

static void no_executable_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  GIVES_NOTHING(f, PJRT_Client_Compile);
  expect_error(try_compile(f->client, pass_program, NULL, &executable),
               PJRT_INTERNAL, "gives no executable");
  assert_null(executable);
}

static void no_loaded_executable_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_executable *loaded;
  void *data;
  size_t size;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(pjrt_executable_serialize(executable, &data, &size));
  GIVES_NOTHING(f, PJRT_Executable_DeserializeAndLoad);
  expect_error(pjrt_executable_load(f->client, data, size, &loaded),
               PJRT_INTERNAL, "gives no executable");
  assert_null(loaded);
  pjrt_host_free(data);
  pjrt_executable_free(executable);
}

static void no_unloaded_executable_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  GIVES_NOTHING(f, PJRT_LoadedExecutable_GetExecutable);
  expect_error(try_compile(f->client, pass_program, NULL, &executable),
               PJRT_INTERNAL, "gives no executable");
  assert_null(executable);
}

static void no_buffer_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_buffer *made;
  GIVES_NOTHING(f, PJRT_Client_CreateUninitializedBuffer);
  expect_error(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, four, 1,
                                                NULL, &made),
               PJRT_INTERNAL, "buffer is NULL");
  assert_null(made);
  expect_error(pjrt_buffer_from_raw(f->device, NULL, &made), PJRT_INTERNAL,
               "buffer is NULL");
}

static void no_uploaded_buffer_is_an_error(void **state) {
  fixture *f = *state;
  static const float data[4];
  pjrt_buffer *made;
  GIVES_NOTHING(f, PJRT_Client_BufferFromHostBuffer);
  expect_error(pjrt_buffer_from_host(f->device, PJRT_F32, four, 1, data,
                                     sizeof data, &made),
               PJRT_INTERNAL, "buffer is NULL");
  assert_null(made);
}

/* The memory may be that of several devices: the plugin is not asked of which
 * one nothing is. */
static void no_copy_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_buffer *made, *buffer = upload_f32(f->device);
  pjrt_memory *memory = pjrt_device_memory(f->device, 0);
  const size_t num_devices = memory->num_devices;
  GIVES_NOTHING(f, PJRT_Buffer_CopyToMemory);
  sim_configure_default();
  memory->num_devices = 2;
  expect_error(pjrt_buffer_copy_to_memory(buffer, memory, &made), PJRT_INTERNAL,
               "buffer is NULL");
  memory->num_devices = num_devices;
  assert_null(made);
  assert_int_equal(sim.num_calls("PJRT_Buffer_Device"), 0);
  pjrt_buffer_free(buffer);
}

static void no_transfer_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_transfer *transfer;
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  GIVES_NOTHING(f, PJRT_Client_CreateBuffersForAsyncHostToDevice);
  expect_error(pjrt_transfer_create(f->device, NULL, &shape, 1, &transfer),
               PJRT_INTERNAL, "gives no transfer manager");
  assert_null(transfer);
}

static void no_buffer_of_a_transfer_is_an_error(void **state) {
  fixture *f = *state;
  pjrt_transfer *transfer;
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  GIVES_NOTHING(f, PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer);
  expect_error(pjrt_transfer_create(f->device, NULL, &shape, 1, &transfer),
               PJRT_INTERNAL, "gives no buffer");
  assert_null(transfer);
}

/* ---- sizes --------------------------------------------------------------- */

/* 4 bytes the first time, and a million when there is room for 4. */
static PJRT_Error *tell_too_much(PJRT_Executable_OptimizedProgram_Args *args) {
  args->program->format = "hlo";
  args->program->format_size = 3;
  args->program->code_size = args->program->code ? 1000000 : 4;
  return NULL;
}

static void program_is_no_larger_than_its_room(void **state) {
  fixture *f = *state;
  pjrt_program *program;
  pjrt_executable *executable;
  f->plugin->table.PJRT_Executable_OptimizedProgram = tell_too_much;
  executable = compile(f->client, pass_program, NULL);
  assert_false(pjrt_executable_is_checked(executable));
  expect_error(pjrt_executable_optimized_program(executable, &program),
               PJRT_INTERNAL, "1000000 bytes of a program of 4");
  assert_null(program);
  pjrt_executable_free(executable);
}

/* ---- errors for plugins -------------------------------------------------- */

static PJRT_Error_Code seen;
static char words[64];

/* The handle is never looked into. */
static PJRT_Error *note_error(PJRT_Error_Code code, const char *message,
                              size_t message_size) {
  assert_in_range(message_size, 1, sizeof words - 1);
  memcpy(words, message, message_size);
  words[message_size] = '\0';
  seen = code;
  return (PJRT_Error *)&seen;
}

static void plugins_get_codes_that_they_know(void **state) {
  static const struct {
    int ours, theirs;
  } codes[] = {{1, 1}, {16, 16}, {17, 2}, {99, 2}, {-1, 2}};
  PJRT_CallbackError make = note_error, none = NULL;
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    pjrt_error *error =
        pjrt_error_create((pjrt_code)codes[i].ours, "a bad day", 9);
    assert_ptr_equal(pjrt_error_to_plugin(error, &make), &seen);
    assert_int_equal(seen, codes[i].theirs);
    assert_string_equal(words, "a bad day");
  }
  assert_null(pjrt_error_to_plugin(NULL, &make));
  assert_null(
      pjrt_error_to_plugin(pjrt_error_create(PJRT_ABORTED, "x", 1), NULL));
  assert_null(
      pjrt_error_to_plugin(pjrt_error_create(PJRT_ABORTED, "x", 1), &none));
}

static pjrt_error *refuse(void *user, const char *key, size_t key_size,
                          pjrt_kvstore_value *value) {
  (void)user, (void)key, (void)key_size, (void)value;
  return pjrt_error_create((pjrt_code)99, "a bad day", 9);
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  (void)user, (void)key, (void)key_size, (void)value, (void)value_size;
  return NULL;
}

/* A store may say what it likes. */
static void stores_give_codes_that_plugins_know(void **state) {
  pjrt_kvstore_functions functions;
  pjrt_kvstore_loan loan = {0};
  PJRT_CallbackError make = note_error;
  PJRT_Client_Create_Args create = {0};
  PJRT_KeyValueTryGetCallback_Args args = {
      .key = "k", .key_size = 1, .callback_error = &make, .user_arg = &loan};
  (void)state;
  pjrt_kvstore_functions_init(&functions);
  functions.name = "unwell";
  functions.try_get = refuse;
  functions.put = put;
  expect_ok(pjrt_kvstore_create(&functions, &loan.store));
  pjrt_kvstore_lend(&loan, &create);
  assert_ptr_equal(create.kv_try_get_callback(&args), &seen);
  assert_int_equal(seen, PJRT_Error_Code_UNKNOWN);
  assert_null(args.value);
  pjrt_kvstore_free(loan.store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(no_executable_is_an_error),
      sim_test(no_loaded_executable_is_an_error),
      sim_test(no_unloaded_executable_is_an_error),
      sim_test(no_buffer_is_an_error),
      sim_test(no_uploaded_buffer_is_an_error),
      sim_test(no_copy_is_an_error),
      sim_test(no_transfer_is_an_error),
      sim_test(no_buffer_of_a_transfer_is_an_error),
      sim_test(program_is_no_larger_than_its_room),
      cmocka_unit_test(plugins_get_codes_that_they_know),
      cmocka_unit_test(stores_give_codes_that_plugins_know),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
