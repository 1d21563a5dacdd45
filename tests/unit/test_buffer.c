/* Buffers: what can be asked of them, downloads, mappings, the end. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t two_by_three[] = {2, 3};

static pjrt_buffer *upload_matrix(const fixture *f) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, two_by_three, 2, floats,
                                  sizeof floats, &buffer));
  return buffer;
}

/* The contents arrive when sim.release_events() is called. */
static pjrt_buffer *upload_held(const fixture *f, PJRT_Error_Code code) {
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_event *done;
  pjrt_upload_opts_init(&opts);
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  sim_hold("PJRT_Client_BufferFromHostBuffer", code);
  expect_ok(pjrt_buffer_from_host_async(f->device, PJRT_F32, two_by_three, 2,
                                        floats, sizeof floats, &opts, &buffer,
                                        &done));
  pjrt_event_free(done);
  return buffer;
}

/* Every function that needs a live buffer, on this one. */
static void expect_useless(pjrt_buffer *buffer, pjrt_code code,
                           const char *part) {
  pjrt_memory *memory = (pjrt_memory *)(void *)&memory;
  pjrt_layout *layout = (pjrt_layout *)(void *)&memory;
  pjrt_event *event = (pjrt_event *)(void *)&memory;
  pjrt_array *array = (pjrt_array *)(void *)&memory;
  const void *data = &memory;
  size_t size = 9;
  int64_t dims[2];
  bool flags[2] = {true, true};
  float read[6];
  expect_error(pjrt_buffer_memory(buffer, &memory), code, part);
  expect_error(pjrt_buffer_on_device_size(buffer, &size), code, part);
  expect_error(pjrt_buffer_layout(buffer, &layout), code, part);
  expect_error(pjrt_buffer_unpadded_dims(buffer, dims, 2), code, part);
  expect_error(pjrt_buffer_dynamic_dims(buffer, flags, 2), code, part);
  expect_error(pjrt_buffer_is_on_cpu(buffer, flags), code, part);
  expect_error(pjrt_buffer_ready_event(buffer, &event), code, part);
  assert_true(!memory && !layout && !event && !flags[0] && size == 0);
  expect_error(pjrt_buffer_await(buffer), code, part);
  expect_error(pjrt_buffer_to_host(buffer, read, sizeof read), code, part);
  event = (pjrt_event *)(void *)&memory;
  expect_error(pjrt_buffer_to_host_async(buffer, read, sizeof read, &event),
               code, part);
  expect_error(pjrt_buffer_to_array(buffer, &array), code, part);
  expect_error(pjrt_buffer_map(buffer, &data, &size), code, part);
  assert_true(!event && !array && !data && size == 0);
}

static void test_null(void **state) {
  (void)state;
  expect_useless(NULL, PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_error(pjrt_buffer_delete(NULL), PJRT_INVALID_ARGUMENT, "NULL");
  expect_error(pjrt_buffer_unmap(NULL), PJRT_INVALID_ARGUMENT, "NULL");
}

/* ---- facts --------------------------------------------------------------- */

static void test_facts_from_the_plugin(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  pjrt_memory *memory;
  pjrt_layout *layout;
  size_t size;
  int64_t dims[2];
  bool dynamic[2], on_cpu;
  expect_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, pjrt_device_default_memory(f->device));
  expect_ok(pjrt_buffer_on_device_size(buffer, &size));
  assert_int_equal(size, 24);
  expect_ok(pjrt_buffer_layout(buffer, &layout));
  assert_true(pjrt_layout_is_row_major(layout));
  pjrt_layout_free(layout);
  expect_ok(pjrt_buffer_unpadded_dims(buffer, dims, 2));
  assert_memory_equal(dims, two_by_three, sizeof dims);
  expect_ok(pjrt_buffer_dynamic_dims(buffer, dynamic, 2));
  assert_false(dynamic[0] || dynamic[1]);
  expect_ok(pjrt_buffer_is_on_cpu(buffer, &on_cpu));
  assert_true(on_cpu);
  expect_error(pjrt_buffer_unpadded_dims(buffer, dims, 1),
               PJRT_INVALID_ARGUMENT, "room for 1 dimensions");
  expect_error(pjrt_buffer_dynamic_dims(buffer, dynamic, 3),
               PJRT_INVALID_ARGUMENT, "where the buffer has 2");
  pjrt_buffer_free(buffer);
}

static PJRT_Error *two_dynamic(PJRT_Buffer_DynamicDimensionIndices_Args *args) {
  static const size_t indices[] = {1, 77};
  args->dynamic_dim_indices = indices;
  args->num_dynamic_dims = 2;
  return NULL;
}

static PJRT_Error *foreign_memory(PJRT_Buffer_Memory_Args *args) {
  args->memory = (PJRT_Memory *)(void *)args;
  return NULL;
}

static void test_odd_answers(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  pjrt_memory *memory;
  bool dynamic[2];
  f->plugin->table.PJRT_Buffer_DynamicDimensionIndices = two_dynamic;
  f->plugin->table.PJRT_Buffer_Memory = foreign_memory;
  expect_ok(pjrt_buffer_dynamic_dims(buffer, dynamic, 2));
  assert_true(!dynamic[0] && dynamic[1]);
  expect_error(pjrt_buffer_memory(buffer, &memory), PJRT_INTERNAL,
               "none of the client's 12");
  f->plugin->table.PJRT_Client_AddressableMemories = NULL;
  expect_error(pjrt_buffer_memory(buffer, &memory), PJRT_UNIMPLEMENTED,
               "PJRT_Client_AddressableMemories");
  assert_null(memory);
  pjrt_buffer_free(buffer);
}

/* Orders that are none, and tiles, are not believed: the plugin downloads. */
static int64_t odd_order[2];
static size_t odd_tiles;

static PJRT_Error *odd_layout(PJRT_Buffer_GetMemoryLayout_Args *args) {
  args->layout.type = PJRT_Buffer_MemoryLayout_Type_Tiled;
  args->layout.tiled.minor_to_major = odd_order;
  args->layout.tiled.minor_to_major_size = 2;
  args->layout.tiled.num_tiles = odd_tiles;
  return NULL;
}

static void test_layouts_that_are_not_believed(void **state) {
  static const int64_t orders[][2] = {{0, 0}, {2, 0}, {-1, 0}, {1, 0}};
  const fixture *f = *state;
  float read[6];
  f->plugin->table.PJRT_Buffer_GetMemoryLayout = odd_layout;
  for (size_t i = 0; i < 4; i++) {
    pjrt_client *client;
    pjrt_buffer *buffer;
    memcpy(odd_order, orders[i], sizeof odd_order);
    odd_tiles = i == 3;
    expect_ok(pjrt_client_create(f->plugin, NULL, &client));
    expect_ok(pjrt_buffer_from_host(pjrt_client_device(client, 0), PJRT_F32,
                                    two_by_three, 2, floats, sizeof floats,
                                    &buffer));
    const size_t before = sim.num_calls("PJRT_Buffer_ToHostBuffer");
    expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
    assert_memory_equal(read, floats, sizeof read);
    assert_int_equal(sim.num_calls("PJRT_Buffer_ToHostBuffer"), before + 1);
    pjrt_buffer_free(buffer);
    pjrt_client_free(client);
  }
}

/* Column-major memory is put into rows where it is read in place. */
static void test_column_major(void **state) {
  const fixture *f = *state;
  const float expected[] = {1, 3, 5, 2, 4, 6};
  float read[6];
  memcpy(odd_order, (const int64_t[]){0, 1}, sizeof odd_order);
  odd_tiles = 0;
  f->plugin->table.PJRT_Buffer_GetMemoryLayout = odd_layout;
  pjrt_buffer *buffer = upload_matrix(f);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, expected, sizeof read);
  pjrt_buffer_free(buffer);
}

/* ---- the end ------------------------------------------------------------- */

static void test_delete(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  size_t num_dims;
  assert_false(pjrt_buffer_is_deleted(buffer));
  expect_ok(pjrt_buffer_delete(buffer));
  expect_ok(pjrt_buffer_delete(buffer));
  assert_int_equal(sim.num_calls("PJRT_Buffer_Delete"), 1);
  assert_true(pjrt_buffer_is_deleted(buffer));
  expect_useless(buffer, PJRT_FAILED_PRECONDITION, "f32[2,3] was deleted");
  /* The facts stay. */
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  assert_int_equal(pjrt_buffer_dims(buffer, &num_dims)[1], 3);
  pjrt_buffer_free(buffer);
}

static void test_parents_first(void **state) {
  fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  fixture_drop(f);
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  expect_nothing_alive();
}

/* ---- readiness ----------------------------------------------------------- */

static void test_ready_event(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_held(f, PJRT_Error_Code_DATA_LOSS);
  pjrt_event *event;
  bool ready;
  expect_ok(pjrt_buffer_ready_event(buffer, &event));
  expect_ok(pjrt_event_is_ready(event, &ready));
  assert_false(ready);
  sim.release_events();
  pjrt_error *error = pjrt_event_await(event);
  assert_string_equal(pjrt_error_call(error), "PJRT_Buffer_ReadyEvent");
  expect_error(error, PJRT_DATA_LOSS, "the fault");
  expect_error(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "the fault");
  pjrt_event_free(event);
  pjrt_buffer_free(buffer);
}

/* ---- downloads ----------------------------------------------------------- */

static void test_wrong_room(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  pjrt_event *done = (pjrt_event *)buffer;
  float read[6];
  expect_error(pjrt_buffer_to_host(buffer, read, 23), PJRT_INVALID_ARGUMENT,
               "room for 23 bytes, where the buffer f32[2,3] has 24");
  expect_error(pjrt_buffer_to_host_async(buffer, read, 25, &done),
               PJRT_INVALID_ARGUMENT, "room for 25 bytes");
  assert_null(done);
  expect_error(pjrt_buffer_to_host(buffer, NULL, 24), PJRT_INVALID_ARGUMENT,
               "dst is NULL");
  pjrt_buffer_free(buffer);
}

static bool is_done(pjrt_event *event) {
  bool ready;
  expect_ok(pjrt_event_is_ready(event, &ready));
  return ready;
}

/* What is ready is copied at once; what is not, by the plugin, later. */
static void test_async_download(void **state) {
  const fixture *f = *state;
  pjrt_event *done;
  float read[6] = {0};
  pjrt_buffer *buffer = upload_held(f, PJRT_Error_Code_OK);
  expect_ok(pjrt_buffer_to_host_async(buffer, read, sizeof read, &done));
  assert_false(is_done(done));
  sim.release_events();
  expect_ok(pjrt_event_await(done));
  assert_memory_equal(read, floats, sizeof read);
  pjrt_event_free(done);
  memset(read, 0, sizeof read);
  expect_ok(pjrt_buffer_to_host_async(buffer, read, sizeof read, &done));
  assert_true(is_done(done));
  assert_memory_equal(read, floats, sizeof read);
  assert_int_equal(sim.num_calls("PJRT_Buffer_ToHostBuffer"), 1);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
}

/* Contents that never came, read in every way. */
static void try_failed_contents(const fixture *f) {
  pjrt_event *done;
  pjrt_array *array;
  const void *data;
  float read[6];
  pjrt_buffer *buffer = upload_held(f, PJRT_Error_Code_DATA_LOSS);
  expect_ok(pjrt_buffer_to_host_async(buffer, read, sizeof read, &done));
  sim.release_events();
  pjrt_error *error = pjrt_event_await(done);
  assert_string_equal(pjrt_error_call(error), "PJRT_Buffer_ToHostBuffer");
  expect_error(error, PJRT_DATA_LOSS, "the fault");
  pjrt_event_free(done);
  expect_error(pjrt_buffer_to_host(buffer, read, sizeof read), PJRT_DATA_LOSS,
               "the fault");
  expect_error(pjrt_buffer_to_array(buffer, &array), PJRT_DATA_LOSS, "fault");
  expect_error(pjrt_buffer_map(buffer, &data, NULL), PJRT_DATA_LOSS, "fault");
  assert_true(!array && !data);
  pjrt_buffer_free(buffer);
}

static void test_failed_contents(void **state) {
  const fixture *f = *state;
  try_failed_contents(f);
  f->plugin->table.PJRT_Buffer_IsOnCpu = NULL;
  try_failed_contents(f);
}

static void test_to_array(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  pjrt_array *array;
  size_t num_dims;
  expect_ok(pjrt_buffer_to_array(buffer, &array));
  assert_int_equal(pjrt_array_dtype(array), PJRT_F32);
  assert_memory_equal(pjrt_array_dims(array, &num_dims), two_by_three,
                      sizeof two_by_three);
  assert_memory_equal(pjrt_array_data(array), floats, sizeof floats);
  pjrt_array_free(array);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_null),
      sim_test(test_facts_from_the_plugin),
      sim_test(test_odd_answers),
      sim_test(test_layouts_that_are_not_believed),
      sim_test(test_column_major),
      sim_test(test_delete),
      sim_test(test_parents_first),
      sim_test(test_ready_event),
      sim_test(test_wrong_room),
      sim_test(test_async_download),
      sim_test(test_failed_contents),
      sim_test(test_to_array),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
