/* Time: latencies, bandwidth, the virtual clock; where callbacks run; slow
 * threads, and pieces out of order. No case looks at a real clock. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

/* ---- short ways ---------------------------------------------------------- */

/* The virtual clock alone. */
static pjrt_sim_options timed(void) {
  pjrt_sim_options options = default_options();
  options.virtual_clock = true;
  return options;
}

/* Whether the event is not ready at `us` less one, and is at `us`. */
static bool comes_at(PJRT_Event *event, int64_t us) {
  sim.advance_us(us - 1 - sim.now_us());
  if (is_ready(event)) return false;
  sim.advance_us(1);
  return is_ready(event) && sim.now_us() == us;
}

static bool await_until(PJRT_Event *event, int64_t us) {
  return !await_free(event) && sim.now_us() == us;
}

/* Bytes to device 0; NULL after a failure. */
static PJRT_Buffer *upload_bytes(PJRT_Client *client, const void *data,
                                 size_t size,
                                 PJRT_HostBufferSemantics semantics,
                                 PJRT_Event **out_done) {
  const int64_t dims[] = {(int64_t)size};
  const host_array array = {.client = client,
                            .data = data,
                            .type = PJRT_Buffer_Type_U8,
                            .dims = dims,
                            .num_dims = 1,
                            .host_buffer_semantics = semantics,
                            .device = device_of(client, 0)};
  PJRT_Buffer *buffer;
  return upload(array, &buffer, out_done) ? NULL : buffer;
}

/* Without waiting for anything. */
static PJRT_Buffer *upload_four(PJRT_Client *client, int device) {
  static const int64_t dims[] = {4};
  const host_array array = {.client = client,
                            .data = FOUR,
                            .type = PJRT_Buffer_Type_F32,
                            .dims = dims,
                            .num_dims = 1,
                            .device = device_of(client, device)};
  PJRT_Buffer *buffer;
  PJRT_Event *done;
  if (upload(array, &buffer, &done)) return NULL;
  free_event(done);
  return buffer;
}

static PJRT_Event *download_raw(PJRT_Buffer *buffer, void *dst, int64_t offset,
                                int64_t size) {
  ARGS(PJRT_Buffer_CopyRawToHost, .buffer = buffer, .dst = dst,
       .offset = offset, .transfer_size = size);
  return api->PJRT_Buffer_CopyRawToHost(&args) ? NULL : args.event;
}

/* The output; `out_done` may be NULL. */
static PJRT_Buffer *launch(PJRT_LoadedExecutable *loaded, PJRT_Buffer *arg,
                           PJRT_Event **out_done) {
  PJRT_Buffer *out;
  return execute(loaded, &arg, 1, &out, out_done) ? NULL : out;
}

/* ---- programs ------------------------------------------------------------ */

static void check_one_program(void) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 100;
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  PJRT_Buffer *out = launch(loaded, arg, &done);
  CHECK(out && sim.now_us() == 0);
  CHECK(comes_at(done, 100) && buffer_is_ready(out));
  CHECK(holds_floats(out, TWICE, 4) && sim.now_us() == 100);
  free_event(done);
  free_buffer(arg);
  free_buffer(out);
  free_loaded(loaded);
  free_client(client);
}

/* Eight programs in flight end after eight times the latency. */
static void run_eight(pjrt_sim_execution_mode mode, const float *expected) {
  enum { NUM = 8 };
  pjrt_sim_options options = timed();
  options.execute_latency_us = 100;
  options.execution = mode;
  PJRT_Buffer *outs[NUM];
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  for (int i = 0; i < NUM; i++) CHECK(outs[i] = launch(loaded, arg, NULL));
  sim.advance_us(300);
  for (int i = 0; i < NUM; i++) CHECK(buffer_is_ready(outs[i]) == (i < 3));
  CHECK(await_until(ready_event(outs[NUM - 1]), 800));
  for (int i = 0; i < NUM; i++) {
    CHECK(holds_floats(outs[i], expected, 4));
    free_buffer(outs[i]);
  }
  free_buffer(arg);
  free_loaded(loaded);
  free_client(client);
}

static void check_eight_programs(void) { run_eight(PJRT_SIM_COMPUTE, TWICE); }
static void check_eight_echoes(void) { run_eight(PJRT_SIM_ECHO, FOUR); }

/* A program begins when its argument is ready. */
static void check_chain(void) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 100;
  options.transfer_latency_us = 30;
  float back[4] = {0};
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  PJRT_Buffer *first = launch(loaded, arg, NULL);
  PJRT_Buffer *second = launch(loaded, first, NULL);
  PJRT_Event *event = download(second, back, sizeof(back));
  CHECK(comes_at(event, 30 + 100 + 100 + 30));
  CHECK(back[3] == 16);
  free_event(event);
  free_buffer(arg);
  free_buffer(first);
  free_buffer(second);
  free_loaded(loaded);
  free_client(client);
}

/* Without latencies nothing takes time, also under the virtual clock. */
static void check_no_latency(void) {
  const pjrt_sim_options options = timed();
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  PJRT_Buffer *out = launch(loaded, arg, NULL);
  CHECK(buffer_is_ready(arg) && buffer_is_ready(out));
  CHECK(holds_floats(out, TWICE, 4) && sim.now_us() == 0);
  free_buffer(arg);
  free_buffer(out);
  free_loaded(loaded);
  free_client(client);
}

/* Also where a client alone was asked for it. */
static void check_create_option(void) {
  const pjrt_sim_options options = timed();
  PJRT_NamedValue latency = {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
                             .name = "execute_latency_us",
                             .name_size = 18,
                             .type = PJRT_NamedValue_kInt64,
                             .int64_value = 70,
                             .value_size = 1};
  free_client(client_with(&options));
  ARGS(PJRT_Client_Create, .create_options = &latency, .num_options = 1);
  CHECK(!api->PJRT_Client_Create(&args));
  PJRT_LoadedExecutable *loaded = load_twice(args.client);
  PJRT_Buffer *arg = upload_four(args.client, 0);
  PJRT_Buffer *out = launch(loaded, arg, NULL);
  CHECK(await_until(ready_event(out), 70));
  free_buffer(arg);
  free_buffer(out);
  free_loaded(loaded);
  free_client(args.client);
}

/* ---- transfers ----------------------------------------------------------- */

enum { MEGABYTE = 1000000 };

static pjrt_sim_options with_link(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 5;
  options.transfer_bytes_per_s = 1000000000;
  return options;
}

/* The host's memory is read when the transfer ends, and needed until then. */
static void check_upload_bandwidth(void) {
  const pjrt_sim_options options = with_link();
  unsigned char *data = calloc(MEGABYTE, 1), last = 0;
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer = upload_bytes(
      client, data, MEGABYTE,
      PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes, &done);
  CHECK(buffer);
  sim.advance_us(1004);
  CHECK(!is_ready(done) && !buffer_is_ready(buffer));
  data[MEGABYTE - 1] = 7;
  CHECK(comes_at(done, 1005) && buffer_is_ready(buffer));
  free(data);
  CHECK(await_until(download_raw(buffer, &last, MEGABYTE - 1, 1), 1011));
  CHECK(last == 7);
  free_event(done);
  free_buffer(buffer);
  free_client(client);
}

/* The host's memory is free at once, and the buffer is ready later. */
static void check_upload_during_call(void) {
  const pjrt_sim_options options = with_link();
  unsigned char data[1000] = {1}, back = 0;
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer =
      upload_bytes(client, data, sizeof(data),
                   PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done);
  CHECK(buffer && is_ready(done) && !buffer_is_ready(buffer));
  data[0] = 2;
  PJRT_Event *ready = ready_event(buffer);
  CHECK(comes_at(ready, 6));
  CHECK(await_until(download_raw(buffer, &back, 0, 1), 12) && back == 1);
  free_event(ready);
  free_event(done);
  free_buffer(buffer);
  free_client(client);
}

/* What works in the host's memory moves nothing. */
static void check_zero_copy(void) {
  const pjrt_sim_options options = with_link();
  _Alignas(64) static unsigned char data[64];
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer =
      upload_bytes(client, data, sizeof(data),
                   PJRT_HostBufferSemantics_kImmutableZeroCopy, &done);
  CHECK(buffer && buffer_is_ready(buffer) && !is_ready(done));
  free_buffer(buffer);
  CHECK(is_ready(done));
  free_event(done);
  free_client(client);
}

/* Both directions use the same link; another device has its own. */
static void check_shared_link(void) {
  const pjrt_sim_options options = with_link();
  static unsigned char data[2000];
  float back[4];
  PJRT_Event *done, *down;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *early = upload_four(client, 0);
  PJRT_Buffer *other = upload_four(client, 1);
  PJRT_Event *other_ready = ready_event(other);
  CHECK(await_until(ready_event(early), 6) && is_ready(other_ready));
  down = download(early, back, sizeof(back)); /* to 12 */
  PJRT_Buffer *late = upload_bytes(
      client, data, sizeof(data),
      PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes, &done);
  CHECK(late && comes_at(down, 12) && !is_ready(done));
  CHECK(comes_at(done, 19) && back[3] == 4);
  free_event(other_ready);
  free_event(down);
  free_event(done);
  free_buffer(early);
  free_buffer(other);
  free_buffer(late);
  free_client(client);
}

/* Between devices the links of both are used. */
static void check_copy_between_devices(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 10;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer = upload_four(client, 0); /* to 10 */
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = buffer,
       .dst_device = device_of(client, 1));
  CHECK(!api->PJRT_Buffer_CopyToDevice(&args)); /* 10 to 20 */
  sim.advance_us(10);
  PJRT_Buffer *first = upload_four(client, 0); /* 20 to 30 */
  PJRT_Buffer *second = upload_four(client, 1);
  PJRT_Buffer *third = upload_four(client, 2); /* 10 to 20 */
  PJRT_Event *copied = ready_event(args.dst_buffer);
  CHECK(comes_at(copied, 20));
  CHECK(buffer_is_ready(third) && !buffer_is_ready(first));
  CHECK(await_until(ready_event(second), 30) && buffer_is_ready(first));
  CHECK(holds_floats(args.dst_buffer, FOUR, 4));
  free_event(copied);
  free_buffer(buffer);
  free_buffer(args.dst_buffer);
  free_buffer(first);
  free_buffer(second);
  free_buffer(third);
  free_client(client);
}

static void check_destination_later(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 10;
  float back[4] = {0};
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer = upload_four(client, 0);
  ARGS(PJRT_Buffer_CopyRawToHostFuture, .buffer = buffer,
       .transfer_size = sizeof(back));
  CHECK(!api->PJRT_Buffer_CopyRawToHostFuture(&args));
  sim.advance_us(50);
  CHECK(!is_ready(args.event));
  MAKE(known, PJRT_Buffer_CopyRawToHostFuture_Callback,
       .callback_data = args.callback_data, .dst = back);
  args.future_ready_callback(&known);
  CHECK(comes_at(args.event, 60) && back[2] == 3);
  free_event(args.event);
  free_buffer(buffer);
  free_client(client);
}

static void check_raw_copy(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 10;
  PJRT_Client *client = client_with(&options);
  const PJRT_RawBuffer_Extension *raw =
      find_extension(PJRT_Extension_Type_RawBuffer);
  PJRT_Buffer *buffer = upload_four(client, 0);
  ARGS(PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = buffer);
  CHECK(!raw->PJRT_RawBuffer_CreateRawAliasOfBuffer(&args));
  MAKE(in, PJRT_RawBuffer_CopyRawHostToDevice, .buffer = args.raw_buffer,
       .src = TWICE, .transfer_size = sizeof(TWICE));
  CHECK(!raw->PJRT_RawBuffer_CopyRawHostToDevice(&in));
  CHECK(comes_at(in.event, 20) && holds_floats(buffer, TWICE, 4));
  MAKE(destroy, PJRT_RawBuffer_Destroy, .buffer = args.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_Destroy(&destroy));
  free_event(in.event);
  free_buffer(buffer);
  free_client(client);
}

static void check_cross_host(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 10;
  static const int64_t dims[] = {4}, keys[] = {5};
  const int64_t *shapes[] = {dims};
  size_t num_dims[] = {1};
  PJRT_Buffer_Type types[] = {PJRT_Buffer_Type_F32};
  const int ids[] = {1};
  PJRT_Event *sent = NULL;
  PJRT_Buffer *received = NULL;
  PJRT_Client *client = client_with(&options);
  const PJRT_CrossHostTransfers_Extension *extension =
      find_extension(PJRT_Extension_Type_CrossHostTransfers);
  PJRT_Buffer *buffer = upload_four(client, 0);
  ARGS(PJRT_Transfers_PJRT_Client_CrossHostSendBuffers, .client = client,
       .num_buffers = 1, .buffers = &buffer, .dst_global_device_ids = ids,
       .transfer_keys = keys, .send_events = &sent);
  CHECK(!extension->PJRT_Transfers_PJRT_Client_CrossHostSendBuffers(&args));
  MAKE(receive, PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers,
       .client = client, .num_shapes = 1, .shape_num_dims = num_dims,
       .num_dims = shapes, .element_types = types,
       .device = device_of(client, 1), .src_global_device_ids = ids,
       .transfer_keys = keys, .buffers = &received);
  CHECK(
      !extension->PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers(&receive));
  CHECK(comes_at(sent, 20) && buffer_is_ready(received));
  CHECK(holds_floats(received, FOUR, 4));
  free_event(sent);
  free_buffer(received);
  free_buffer(buffer);
  free_client(client);
}

/* ---- pieces -------------------------------------------------------------- */

enum { NUM_PIECES = 12 };

typedef struct pieces {
  PJRT_AsyncHostToDeviceTransferManager *manager;
  PJRT_Buffer *buffer;
  int32_t data[NUM_PIECES];
  PJRT_Event *events[NUM_PIECES];
} pieces;

static bool make_manager(PJRT_Client *client, pieces *p) {
  static int64_t dims[] = {NUM_PIECES};
  PJRT_ShapeSpec spec = {.struct_size = PJRT_ShapeSpec_STRUCT_SIZE,
                         .dims = dims,
                         .num_dims = 1,
                         .element_type = PJRT_Buffer_Type_S32};
  MAKE(memory, PJRT_Device_DefaultMemory, .device = device_of(client, 0));
  if (api->PJRT_Device_DefaultMemory(&memory)) return false;
  ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice, .client = client,
       .shape_specs = &spec, .num_shape_specs = 1, .memory = memory.memory);
  if (api->PJRT_Client_CreateBuffersForAsyncHostToDevice(&args)) return false;
  MAKE(retrieve, PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer,
       .transfer_manager = args.transfer_manager);
  p->manager = args.transfer_manager;
  if (api->PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(&retrieve))
    return false;
  p->buffer = retrieve.buffer_out;
  return true;
}

static bool send_pieces(pieces *p) {
  for (int i = 0; i < NUM_PIECES; i++) {
    p->data[i] = 100 + i;
    ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferData,
         .transfer_manager = p->manager, .data = &p->data[i],
         .offset = (int64_t)sizeof(int32_t) * i,
         .transfer_size = sizeof(int32_t),
         .is_last_transfer = i == NUM_PIECES - 1);
    if (api->PJRT_AsyncHostToDeviceTransferManager_TransferData(&args))
      return false;
    p->events[i] = args.done_with_h2d_transfer;
  }
  return true;
}

static void free_manager(pieces *p) {
  ARGS(PJRT_AsyncHostToDeviceTransferManager_Destroy,
       .transfer_manager = p->manager);
  api->PJRT_AsyncHostToDeviceTransferManager_Destroy(&args);
}

/* The order in which the events come, as time passes. */
static void order_of(PJRT_Event *const *events, int *out_order) {
  bool is_seen[NUM_PIECES] = {0};
  for (int n = 0; n < NUM_PIECES; sim.advance_us(1))
    for (int i = 0; i < NUM_PIECES; i++)
      if (!is_seen[i] && is_ready(events[i])) {
        is_seen[i] = true;
        out_order[n++] = i;
      }
}

static bool is_in_order(const int *order) {
  for (int i = 0; i < NUM_PIECES; i++)
    if (order[i] != i) return false;
  return true;
}

/* Sends them, and sees that all arrive where they belong. */
static bool upload_pieces(int64_t seed, bool out_of_order, int *out_order) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 3;
  options.chunks_out_of_order = out_of_order;
  options.seed = seed;
  int32_t back[NUM_PIECES];
  pieces p;
  PJRT_Client *client = client_with(&options);
  if (!make_manager(client, &p) || !send_pieces(&p)) return false;
  order_of(p.events, out_order);
  bool is_right = buffer_is_ready(p.buffer);
  free_manager(&p);
  is_right &= !await_free(download(p.buffer, back, sizeof(back))) &&
              !memcmp(back, p.data, sizeof(back));
  for (int i = 0; i < NUM_PIECES; i++) free_event(p.events[i]);
  free_buffer(p.buffer);
  free_client(client);
  return is_right;
}

static void check_pieces_in_order(void) {
  int order[NUM_PIECES];
  CHECK(upload_pieces(1, false, order) && is_in_order(order));
  CHECK(sim.now_us() == 3 * NUM_PIECES + 1 + 3);
}

static void check_pieces_out_of_order(void) {
  int first[NUM_PIECES], again[NUM_PIECES], other[NUM_PIECES];
  CHECK(upload_pieces(1, true, first) && !is_in_order(first));
  CHECK(upload_pieces(1, true, again));
  CHECK(!memcmp(first, again, sizeof(first)));
  CHECK(upload_pieces(2, true, other));
  CHECK(memcmp(first, other, sizeof(first)) != 0);
}

/* Also without any latency, and in the other direction. */
static void check_raw_pieces(void) {
  pjrt_sim_options options = timed();
  options.chunks_out_of_order = true;
  int order[NUM_PIECES];
  unsigned char data[NUM_PIECES], back[NUM_PIECES] = {0};
  PJRT_Event *done, *events[NUM_PIECES];
  PJRT_Client *client = client_with(&options);
  for (int i = 0; i < NUM_PIECES; i++) data[i] = (unsigned char)(i + 1);
  PJRT_Buffer *buffer =
      upload_bytes(client, data, sizeof(data),
                   PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done);
  for (int i = 0; i < NUM_PIECES; i++)
    CHECK(events[i] = download_raw(buffer, &back[i], i, 1));
  order_of(events, order);
  CHECK(!is_in_order(order) && !memcmp(data, back, sizeof(data)));
  for (int i = 0; i < NUM_PIECES; i++) free_event(events[i]);
  free_event(done);
  free_buffer(buffer);
  free_client(client);
}

/* A retrieved buffer may go while its pieces are under way. */
static void check_pieces_of_nobody(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 3;
  pieces p;
  PJRT_Client *client = client_with(&options);
  CHECK(make_manager(client, &p) && send_pieces(&p));
  free_buffer(p.buffer);
  free_manager(&p);
  for (int i = 0; i < NUM_PIECES; i++)
    CHECK(await_until(p.events[i], 3 * (i + 1)));
  free_client(client);
}

static void check_failing_piece(void) {
  const pjrt_sim_fault fault = {
      .function = "PJRT_AsyncHostToDeviceTransferManager_TransferData",
      .nth = 2,
      .async_code = PJRT_Error_Code_DATA_LOSS};
  pjrt_sim_options options = timed();
  options.faults = &fault;
  options.num_faults = 1;
  pieces p;
  PJRT_Client *client = client_with(&options);
  CHECK(make_manager(client, &p) && send_pieces(&p));
  for (int i = 0; i < NUM_PIECES; i++) {
    PJRT_Error *error = await_free(p.events[i]);
    CHECK(i == 1 ? says(error, PJRT_Error_Code_DATA_LOSS, "") : !error);
  }
  CHECK(says(await_free(ready_event(p.buffer)), PJRT_Error_Code_DATA_LOSS,
             "a piece of the transfer failed"));
  free_manager(&p);
  free_buffer(p.buffer);
  free_client(client);
}

/* ---- streams ------------------------------------------------------------- */

static const char *const RECEIVE =
    "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %r:2 = \"stablehlo.recv\"(%t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 6, type = 3>, is_host_transfer = "
    "true}> : (!stablehlo.token) -> (tensor<4xf32>, !stablehlo.token)\n"
    "  %0 = stablehlo.add %a, %r#0 : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n}";

typedef struct mailbox {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  PJRT_CopyToDeviceStream *stream;
} mailbox;

/* Hands the stream to the thread of the test. */
static void post(PJRT_CopyToDeviceStream *stream, void *arg) {
  mailbox *box = arg;
  pthread_mutex_lock(&box->lock);
  box->stream = stream;
  pthread_cond_signal(&box->changed);
  pthread_mutex_unlock(&box->lock);
}

static PJRT_CopyToDeviceStream *take(mailbox *box) {
  pthread_mutex_lock(&box->lock);
  while (!box->stream) pthread_cond_wait(&box->changed, &box->lock);
  pthread_mutex_unlock(&box->lock);
  return box->stream;
}

static PJRT_Buffer *launch_receiving(PJRT_LoadedExecutable *loaded,
                                     PJRT_Buffer *arg, mailbox *box) {
  PJRT_RecvCallbackInfo recv = {6, box, post}, *recvs[] = {&recv};
  const PJRT_ExecuteOptions options = {.recv_callbacks = recvs,
                                       .num_recv_ops = 1};
  PJRT_Buffer *out;
  return execute_with(options, loaded, &arg, 1, &out, NULL) ? NULL : out;
}

static void count_deleted(void *data, void *arg) {
  (void)data;
  ++*(int *)arg;
}

static PJRT_Event *add_chunk(PJRT_CopyToDeviceStream *stream,
                             const float *value, int *num_deleted) {
  PJRT_Chunk chunk = {.data = (void *)(uintptr_t)value,
                      .size = sizeof(*value),
                      .deleter = count_deleted,
                      .deleter_arg = num_deleted};
  ARGS(PJRT_CopyToDeviceStream_AddChunk, .stream = stream, .chunk = &chunk);
  return api->PJRT_CopyToDeviceStream_AddChunk(&args) ? NULL
                                                      : args.transfer_complete;
}

/* While a program waits for its host, time can pass; it ends when its chunks
 * are there, and the stream may be gone before. */
static void receive(bool out_of_order, int64_t expected_end) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 10;
  options.transfer_latency_us = 20;
  options.chunks_out_of_order = out_of_order;
  mailbox box = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
  PJRT_Event *events[4];
  PJRT_LoadedExecutable *loaded;
  int num_deleted = 0;
  PJRT_Client *client = client_with(&options);
  CHECK(!compile(client, RECEIVE, 1, &loaded));
  PJRT_Buffer *arg = upload_four(client, 0);
  CHECK(await_until(ready_event(arg), 20));
  PJRT_Buffer *out = launch_receiving(loaded, arg, &box);
  PJRT_CopyToDeviceStream *stream = take(&box);
  sim.advance_us(80);
  CHECK(!buffer_is_ready(out) && sim.now_us() == 100);
  for (int i = 0; i < 4; i++)
    CHECK(events[i] = add_chunk(stream, &FOUR[i], &num_deleted));
  MAKE(destroy, PJRT_CopyToDeviceStream_Destroy, .stream = stream);
  CHECK(!api->PJRT_CopyToDeviceStream_Destroy(&destroy) && num_deleted == 0);
  CHECK(!await_free(ready_event(out)) && num_deleted == 4);
  CHECK(out_of_order || sim.now_us() == expected_end);
  for (int i = 0; i < 4; i++) free_event(events[i]);
  CHECK(holds_floats(out, TWICE, 4));
  free_buffer(arg);
  free_buffer(out);
  free_loaded(loaded);
  free_client(client);
}

static void check_chunks(void) { receive(false, 100 + 4 * 20); }
static void check_chunks_out_of_order(void) { receive(true, 0); }

static const char *const SEND =
    "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
    "true}> : (tensor<4xf32>, !stablehlo.token) -> !stablehlo.token\n"
    "  return %a : tensor<4xf32>\n}";

static PJRT_Error *take_chunk(PJRT_Chunk *chunk, PJRT_CallbackError *make_error,
                              size_t total, bool is_done, void *arg) {
  (void)make_error;
  (void)total;
  (void)is_done;
  chunk->deleter(chunk->data, chunk->deleter_arg);
  *(int64_t *)arg = sim.now_us();
  return NULL;
}

/* What a program sends goes over the link before the host gets it. */
static void check_send(void) {
  pjrt_sim_options options = timed();
  options.transfer_latency_us = 20;
  int64_t taken_at = -1;
  PJRT_SendCallbackInfo send = {5, &taken_at, take_chunk}, *sends[] = {&send};
  const PJRT_ExecuteOptions sending = {.send_callbacks = sends,
                                       .num_send_ops = 1};
  PJRT_LoadedExecutable *loaded;
  PJRT_Client *client = client_with(&options);
  CHECK(!compile(client, SEND, 1, &loaded));
  PJRT_Buffer *arg = upload_four(client, 0), *out;
  CHECK(!execute_with(sending, loaded, &arg, 1, &out, NULL));
  CHECK(await_until(ready_event(out), 40) && taken_at == 40);
  free_buffer(arg);
  free_buffer(out);
  free_loaded(loaded);
  free_client(client);
}

/* ---- faults -------------------------------------------------------------- */

static void check_delayed_event(void) {
  const pjrt_sim_fault faults[] = {
      {.function = "PJRT_Buffer_ToHostBuffer", .nth = 1, .async_delay_ms = 2},
      {.function = "PJRT_Buffer_ToHostBuffer",
       .nth = 2,
       .async_code = PJRT_Error_Code_DATA_LOSS,
       .async_delay_ms = 1},
      {.function = "PJRT_Buffer_ToHostBuffer", .nth = 3, .async_delay_ms = -1},
      {.function = "PJRT_Buffer_IsOnCpu", .delay_ms = 3}};
  pjrt_sim_options options = timed();
  options.faults = faults;
  options.num_faults = 4;
  float back[4];
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer = upload_four(client, 0);
  PJRT_Event *late = download(buffer, back, sizeof(back));
  PJRT_Event *failing = download(buffer, back, sizeof(back));
  PJRT_Event *never = download(buffer, back, sizeof(back));
  CHECK(comes_at(failing, 1000) && comes_at(late, 2000));
  CHECK(says(await_free(failing), PJRT_Error_Code_DATA_LOSS, ""));
  /* A call that takes its time lets time pass. */
  MAKE(is_on_cpu, PJRT_Buffer_IsOnCpu, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_IsOnCpu(&is_on_cpu) && sim.now_us() == 5000);
  CHECK(!is_ready(never));
  sim.release_events();
  CHECK(is_ready(never));
  free_event(late);
  free_event(never);
  free_buffer(buffer);
  free_client(client);
}

/* Configuring anew ends what was pending, and begins at 0. */
static void check_configure(void) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 1000;
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  PJRT_Buffer *outs[3];
  for (int i = 0; i < 2; i++) CHECK(outs[i] = launch(loaded, arg, NULL));
  sim.advance_us(10);
  CHECK(!buffer_is_ready(outs[0]));
  sim.configure(&options);
  CHECK(sim.now_us() == 0);
  CHECK(buffer_is_ready(outs[0]) && buffer_is_ready(outs[1]));
  CHECK(holds_floats(outs[1], TWICE, 4));
  /* The device is free again. */
  CHECK(outs[2] = launch(loaded, arg, NULL));
  CHECK(await_until(ready_event(outs[2]), 1000));
  for (int i = 0; i < 3; i++) free_buffer(outs[i]);
  free_buffer(arg);
  free_loaded(loaded);
  free_client(client);
}

/* In real time as well: nobody waits out an hour. */
static void check_configure_in_real_time(void) {
  pjrt_sim_options options = timed();
  options.virtual_clock = false;
  options.transfer_latency_us = INT64_C(3600) * 1000000;
  PJRT_Client *client = client_with(&options);
  PJRT_Buffer *buffer = upload_four(client, 0);
  CHECK(!buffer_is_ready(buffer));
  use_defaults();
  CHECK(buffer_is_ready(buffer));
  free_buffer(buffer);
  free_client(client);
}

/* What is still to come may outlive its client. */
static void check_events_outlive_client(void) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 100;
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  free_buffer(launch(loaded, arg, &done));
  free_buffer(arg);
  free_loaded(loaded);
  free_client(client);
  CHECK(comes_at(done, 100));
  free_event(done);
}

/* In real time things end in the order of their times too. */
static void check_real_time(void) {
  enum { NUM = 4 };
  pjrt_sim_options options = timed();
  options.virtual_clock = false;
  options.execute_latency_us = 1000;
  PJRT_Buffer *outs[NUM];
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  const int64_t start = sim.now_us();
  for (int i = 0; i < NUM; i++) CHECK(outs[i] = launch(loaded, arg, NULL));
  CHECK(!await_free(ready_event(outs[NUM - 1])));
  CHECK(sim.now_us() - start >= NUM * 1000);
  for (int i = 0; i < NUM; i++) {
    CHECK(buffer_is_ready(outs[i]));
    free_buffer(outs[i]);
  }
  free_buffer(arg);
  free_loaded(loaded);
  free_client(client);
}

/* ---- callbacks ----------------------------------------------------------- */

typedef struct call {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool was_made;
  pthread_t thread;
  PJRT_Error_Code code;
} call;

#define NO_CALL \
  {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static void note(PJRT_Error *error, void *arg) {
  call *c = arg;
  MAKE(code, PJRT_Error_GetCode, .error = error);
  MAKE(destroy, PJRT_Error_Destroy, .error = error);
  if (error) api->PJRT_Error_GetCode(&code);
  api->PJRT_Error_Destroy(&destroy);
  pthread_mutex_lock(&c->lock);
  c->was_made = true;
  c->thread = pthread_self();
  c->code = code.code;
  pthread_cond_signal(&c->changed);
  pthread_mutex_unlock(&c->lock);
}

static bool was_made(call *c) {
  pthread_mutex_lock(&c->lock);
  const bool was = c->was_made;
  pthread_mutex_unlock(&c->lock);
  return was;
}

static bool came_on_another_thread(call *c) {
  pthread_mutex_lock(&c->lock);
  while (!c->was_made) pthread_cond_wait(&c->changed, &c->lock);
  const bool is_other = !pthread_equal(c->thread, pthread_self());
  pthread_mutex_unlock(&c->lock);
  return is_other;
}

static bool on_ready(PJRT_Event *event, call *c) {
  ARGS(PJRT_Event_OnReady, .event = event, .callback = note, .user_arg = c);
  return !api->PJRT_Event_OnReady(&args);
}

/* The event of a program that takes 100 us. */
static PJRT_Event *event_at_100(pjrt_sim_callback_mode mode,
                                PJRT_Client **out_client) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 100;
  options.callbacks = mode;
  PJRT_Event *done = NULL;
  *out_client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(*out_client);
  PJRT_Buffer *arg = upload_four(*out_client, 0);
  free_buffer(launch(loaded, arg, &done));
  free_buffer(arg);
  free_loaded(loaded);
  return done;
}

static void check_callbacks_as_completed(void) {
  PJRT_Client *client;
  call first = NO_CALL, second = NO_CALL;
  PJRT_Event *event = event_at_100(PJRT_SIM_CALLBACKS_AS_COMPLETED, &client);
  CHECK(on_ready(event, &first) && !was_made(&first));
  sim.advance_us(99);
  CHECK(!was_made(&first));
  sim.advance_us(1);
  CHECK(was_made(&first) && !came_on_another_thread(&first));
  CHECK(on_ready(event, &second) && was_made(&second));
  free_event(event);
  free_client(client);
}

static void check_callbacks_on_foreign_threads(void) {
  PJRT_Client *client;
  call first = NO_CALL, second = NO_CALL, third = NO_CALL;
  PJRT_Event *event =
      event_at_100(PJRT_SIM_CALLBACKS_ON_FOREIGN_THREADS, &client);
  CHECK(on_ready(event, &first) && on_ready(event, &second));
  CHECK(!was_made(&first));
  sim.advance_us(100); /* waits for them as well */
  CHECK(was_made(&first) && came_on_another_thread(&first));
  CHECK(was_made(&second) && came_on_another_thread(&second));
  CHECK(on_ready(event, &third) && came_on_another_thread(&third));
  sim.advance_us(0);
  free_event(event);
  free_client(client);
}

static void check_callbacks_in_registering_call(void) {
  PJRT_Client *client;
  call first = NO_CALL;
  PJRT_Event *event =
      event_at_100(PJRT_SIM_CALLBACKS_IN_REGISTERING_CALL, &client);
  CHECK(on_ready(event, &first) && was_made(&first));
  CHECK(!came_on_another_thread(&first) && sim.now_us() == 100);
  free_event(event);
  free_client(client);
}

/* ---- slow threads -------------------------------------------------------- */

/* The first thread rests, so the second one overtakes it. */
static void check_slow_thread(void) {
  pjrt_sim_options options = timed();
  options.execute_latency_us = 10;
  options.slow_thread = 1;
  options.slow_thread_us = 1000;
  PJRT_Event *slow, *quick;
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  PJRT_Buffer *first = launch(loaded, arg, &slow);
  PJRT_Buffer *second = launch(loaded, arg, &quick);
  CHECK(comes_at(quick, 20) && !is_ready(slow));
  CHECK(comes_at(slow, 1000));
  CHECK(holds_floats(first, TWICE, 4) && holds_floats(second, TWICE, 4));
  free_event(slow);
  free_event(quick);
  free_buffer(arg);
  free_buffer(first);
  free_buffer(second);
  free_loaded(loaded);
  free_client(client);
}

/* A client that goes waits for its threads, while time passes. */
static void check_slow_thread_at_the_end(void) {
  pjrt_sim_options options = timed();
  options.slow_thread = 1;
  options.slow_thread_us = 1000;
  PJRT_Event *done;
  PJRT_Client *client = client_with(&options);
  PJRT_LoadedExecutable *loaded = load_twice(client);
  PJRT_Buffer *arg = upload_four(client, 0);
  free_buffer(launch(loaded, arg, &done));
  CHECK(!is_ready(done));
  free_buffer(arg);
  free_loaded(loaded);
  free_client(client);
  CHECK(is_ready(done) && sim.now_us() == 1000);
  free_event(done);
}

void suite_time(void) {
  run_check("time-program", check_one_program);
  run_check("time-eight-programs", check_eight_programs);
  run_check("time-eight-echoes", check_eight_echoes);
  run_check("time-chain", check_chain);
  run_check("time-no-latency", check_no_latency);
  run_check("time-create-option", check_create_option);
  run_check("time-upload", check_upload_bandwidth);
  run_check("time-upload-during-call", check_upload_during_call);
  run_check("time-zero-copy", check_zero_copy);
  run_check("time-shared-link", check_shared_link);
  run_check("time-between-devices", check_copy_between_devices);
  run_check("time-destination-later", check_destination_later);
  run_check("time-raw-copy", check_raw_copy);
  run_check("time-cross-host", check_cross_host);
  run_check("time-pieces", check_pieces_in_order);
  run_check("time-pieces-out-of-order", check_pieces_out_of_order);
  run_check("time-raw-pieces", check_raw_pieces);
  run_check("time-pieces-of-nobody", check_pieces_of_nobody);
  run_check("time-failing-piece", check_failing_piece);
  run_check("time-chunks", check_chunks);
  run_check("time-chunks-out-of-order", check_chunks_out_of_order);
  run_check("time-send", check_send);
  run_check("time-delayed-events", check_delayed_event);
  run_check("time-configure", check_configure);
  run_check("time-configure-real", check_configure_in_real_time);
  run_check("time-outlives-client", check_events_outlive_client);
  run_check("time-real", check_real_time);
  run_check("callbacks-as-completed", check_callbacks_as_completed);
  run_check("callbacks-on-foreign-threads", check_callbacks_on_foreign_threads);
  run_check("callbacks-in-registering-call",
            check_callbacks_in_registering_call);
  run_check("slow-thread", check_slow_thread);
  run_check("slow-thread-at-the-end", check_slow_thread_at_the_end);
}
