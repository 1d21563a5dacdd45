/* Arrays of the host: how long they are needed, how they lie there, and which
 * element types they have. */
#include "check.h"

static void check_round_trip(PJRT_HostBufferSemantics semantics, size_t shift) {
  static const int64_t dims[] = {2, 3};
  _Alignas(64) int32_t memory[32];
  int32_t *data = memory + shift, back[6] = {0};
  PJRT_Buffer *buffer;
  PJRT_Event *done;
  PJRT_Client *client = new_client();
  for (int i = 0; i < 6; i++) data[i] = i * 100;
  const host_array array = {.client = client,
                            .data = data,
                            .type = PJRT_Buffer_Type_S32,
                            .dims = dims,
                            .num_dims = 2,
                            .host_buffer_semantics = semantics,
                            .device = device_of(client, 0)};
  CHECK(!upload(array, &buffer, &done));
  const bool is_view =
      semantics >= PJRT_HostBufferSemantics_kImmutableZeroCopy && shift == 0;
  CHECK(is_ready(done) == !is_view);
  CHECK(!await_free(download(buffer, back, sizeof(back))));
  CHECK(!memcmp(data, back, sizeof(back)));
  free_buffer(buffer);
  CHECK(is_ready(done));
  free_event(done);
  free_client(client);
}

static void check_semantics(void) {
  for (int semantics = 0; semantics < 4; semantics++) {
    check_round_trip((PJRT_HostBufferSemantics)semantics, 0);
    check_round_trip((PJRT_HostBufferSemantics)semantics, 1);
  }
}

static void check_strides(void) {
  static const int16_t data[] = {1, 2, 3, 4, 5, 6};
  static const int16_t expected[] = {1, 3, 5, 2, 4, 6};
  static const int64_t dims[] = {2, 3}, strides[] = {2, 4};
  static const int64_t column_major[] = {0, 1};
  int16_t back[6], transposed[6];
  PJRT_Buffer *buffer;
  PJRT_Client *client = new_client();
  const host_array array = {.client = client,
                            .data = data,
                            .type = PJRT_Buffer_Type_S16,
                            .dims = dims,
                            .num_dims = 2,
                            .byte_strides = strides,
                            .num_byte_strides = 2,
                            .device = device_of(client, 0)};
  CHECK(!upload(array, &buffer, NULL));
  CHECK(!await_free(download(buffer, back, sizeof(back))));
  CHECK(!memcmp(back, expected, sizeof(back)));
  PJRT_Buffer_MemoryLayout layout = {
      .struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE,
      .tiled = {.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE,
                .minor_to_major = column_major,
                .minor_to_major_size = 2}};
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .host_layout = &layout,
       .dst = transposed, .dst_size = sizeof(transposed));
  CHECK(!api->PJRT_Buffer_ToHostBuffer(&args) && !await_free(args.event));
  CHECK(!memcmp(transposed, data, sizeof(data)));
  free_buffer(buffer);
  free_client(client);
}

/* Types that a plugin of 0.81 knows, and does not know yet. */
static void check_types(void) {
  static const unsigned char data[5] = {1, 0, 1, 0, 1};
  static const int64_t dims[] = {5};
  PJRT_Buffer *buffer;
  use_minor(81);
  PJRT_Client *client = new_client();
  host_array array = {.client = client,
                      .data = data,
                      .type = PJRT_Buffer_Type_S2,
                      .dims = dims,
                      .num_dims = 1,
                      .device = device_of(client, 0)};
  CHECK(!upload(array, &buffer, NULL));
  ARGS(PJRT_Buffer_OnDeviceSizeInBytes, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_OnDeviceSizeInBytes(&args));
  CHECK(args.on_device_size_in_bytes == 2);
  free_buffer(buffer);
  array.type = PJRT_Buffer_Type_S1;
  CHECK(says(upload(array, &buffer, NULL), PJRT_Error_Code_INTERNAL,
             "misuse: element type 30"));
  CHECK(sim.num_misuses() == 1);
  CHECK(!strcmp(sim.first_misuse(), "element type 30"));
  free_client(client);
}

void suite_uploads(void) {
  run_check("host-buffer-semantics", check_semantics);
  run_check("strides", check_strides);
  run_check("element-types", check_types);
}
