/* What goes wrong on request: errors with payloads, and events that fail, come
 * late or never. */
#include "check.h"

static void count_payload(const char *key, size_t key_size, const char *value,
                          size_t value_size, void *arg) {
  if (key_size == 18 && value_size == 7 && key[18] && value[7]) ++*(int *)arg;
}

static void check_payloads(void) {
  pjrt_sim_options options = default_options();
  int count = 0;
  options.num_payloads = 2;
  use_options(&options);
  MAKE(look, PJRT_Client_LookupDevice, .client = NULL);
  PJRT_Error *error = api->PJRT_Client_LookupDevice(&look);
  ARGS(PJRT_Error_ForEachPayload, .error = error, .visitor = count_payload,
       .user_arg = &count);
  CHECK(error && !api->PJRT_Error_ForEachPayload(&args));
  CHECK(count == 2);
  CHECK(says(error, PJRT_Error_Code_INTERNAL, "misuse: "));
  CHECK(sim.num_misuses() == 1);
}

static void check_nth_call(void) {
  static const pjrt_sim_fault fault = {.function = "PJRT_Client_Create",
                                       .nth = 2,
                                       .code = PJRT_Error_Code_UNAVAILABLE,
                                       .message = "gone"};
  use_fault(&fault, 0);
  ARGS(PJRT_Client_Create, .client = NULL);
  CHECK(!api->PJRT_Client_Create(&args));
  free_client(args.client);
  args.client = (PJRT_Client *)&args;
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_UNAVAILABLE,
             "gone"));
  CHECK(args.client == (PJRT_Client *)&args);
  CHECK(!api->PJRT_Client_Create(&args));
  free_client(args.client);
}

static void on_ready(PJRT_Error *error, void *arg) {
  *(bool *)arg = says(error, PJRT_Error_Code_DATA_LOSS, "lost");
}

static void check_held_events(void) {
  static const pjrt_sim_fault fault = {.function = "PJRT_Buffer_ToHostBuffer",
                                       .async_code = PJRT_Error_Code_DATA_LOSS,
                                       .async_delay_ms = -1,
                                       .message = "lost"};
  float back[4] = {7, 7, 7, 7};
  bool was_called = false;
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  PJRT_Event *event = download(buffer, back, sizeof(back));
  CHECK(event && !is_ready(event));
  ARGS(PJRT_Event_OnReady, .event = event, .callback = on_ready,
       .user_arg = &was_called);
  CHECK(!api->PJRT_Event_OnReady(&args) && !was_called);
  sim.release_events();
  CHECK(is_ready(event) && was_called && back[0] == 7);
  CHECK(says(await_free(event), PJRT_Error_Code_DATA_LOSS, "lost"));
  free_buffer(buffer);
  free_client(client);
}

/* The bytes of a held upload are taken when it completes, not before. */
static void check_late_upload(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_Client_BufferFromHostBuffer", .async_delay_ms = 20};
  static const int64_t dims[] = {2};
  int32_t data[] = {1, 2}, back[2];
  PJRT_Buffer *buffer;
  PJRT_Event *done;
  use_fault(&fault, 0);
  PJRT_Client *client = new_client();
  const host_array array = {
      .client = client,
      .data = data,
      .type = PJRT_Buffer_Type_S32,
      .dims = dims,
      .num_dims = 1,
      .host_buffer_semantics =
          PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes,
      .device = device_of(client, 0)};
  CHECK(!upload(array, &buffer, &done));
  data[1] = 5;
  CHECK(!await_free(done));
  CHECK(!await_free(download(buffer, back, sizeof(back))));
  CHECK(back[0] == 1 && back[1] == 5);
  free_buffer(buffer);
  free_client(client);
}

/* Those of extensions have the same faults, counts and checks. */
static void check_extensions(void) {
  static const pjrt_sim_fault fault = {
      .function = "PJRT_Layouts_MemoryLayout_Serialize",
      .nth = 2,
      .code = PJRT_Error_Code_UNAVAILABLE,
      .message = "not now"};
  use_fault(&fault, 0);
  ARGS(PJRT_Layouts_MemoryLayout_Serialize, .layout = NULL);
  CHECK(says(layouts()->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(says(layouts()->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_UNAVAILABLE, "not now"));
  CHECK(sim.num_calls(fault.function) == 2);
  args.struct_size = 8;
  CHECK(says(layouts()->PJRT_Layouts_MemoryLayout_Serialize(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Layouts_MemoryLayout_Serialize_Args size: "
             "expected 56, got 8."));
}

void suite_faults(void) {
  run_check("payloads", check_payloads);
  run_check("nth-call", check_nth_call);
  run_check("held-events", check_held_events);
  run_check("late-upload", check_late_upload);
  run_check("faults-of-extensions", check_extensions);
}
