/* The CrossHostTransfers extension. To the simulated plugin hosts are clients,
 * or devices, of one process. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"
#include "pjrt/ext/cross_host_transfers.h"

static const int64_t four[] = {4};
static const int64_t two[] = {2};
static const pjrt_transfer_shape f32_4 = {PJRT_F32, four, 1, NULL};

static pjrt_error *finish(pjrt_event *event) {
  pjrt_error *error = pjrt_event_await(event);
  pjrt_event_free(event);
  return error;
}

/* Another host. */
static pjrt_client *new_client(const fixture *f) {
  pjrt_client *client;
  expect_ok(pjrt_client_create(f->plugin, NULL, &client));
  return client;
}

/* ---- by key -------------------------------------------------------------- */

static const int32_t zero_id[] = {0}, one_id[] = {1};

static pjrt_buffer *receive(pjrt_device *device, int64_t key) {
  pjrt_buffer *buffer;
  expect_ok(
      pjrt_cross_host_receive(device, &f32_4, 1, zero_id, &key, NULL, &buffer));
  return buffer;
}

static pjrt_event *send(pjrt_buffer *buffer, int64_t key) {
  pjrt_event *sent;
  expect_ok(pjrt_cross_host_send(&buffer, 1, one_id, &key, NULL, &sent));
  return sent;
}

/* Between two clients, whichever end comes first. */
static void test_by_key(void **state) {
  const fixture *f = *state;
  pjrt_client *there = new_client(f);
  for (int receiver_is_first = 0; receiver_is_first < 2; receiver_is_first++) {
    pjrt_buffer *received = NULL, *buffer = upload_f32(f->device);
    pjrt_event *sent = NULL;
    pjrt_device *device = pjrt_client_addressable_device(there, 1);
    if (!receiver_is_first) sent = send(buffer, 7);
    received = receive(device, 7);
    if (receiver_is_first) sent = send(buffer, 7);
    expect_ok(finish(sent));
    expect_f32(received);
    assert_ptr_equal(pjrt_buffer_device(received), device);
    pjrt_buffer_free(received);
    pjrt_buffer_free(buffer);
  }
  pjrt_client_free(there);
}

/* Several at once, with a layout and a scalar. */
static void test_several(void **state) {
  const fixture *f = *state;
  const int32_t from[] = {0, 0}, to[] = {1, 1};
  const int64_t keys[] = {1, 2};
  const float scalar = 9;
  float read = 0;
  pjrt_layout *layout;
  pjrt_buffer *received[2], *sent[] = {upload_f32(f->device), NULL};
  pjrt_event *events[2];
  expect_ok(pjrt_buffer_layout(sent[0], &layout));
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, NULL, 0, &scalar,
                                  sizeof scalar, &sent[1]));
  const pjrt_transfer_shape shapes[] = {{PJRT_F32, four, 1, layout},
                                        {PJRT_F32, NULL, 0, NULL}};
  expect_ok(
      pjrt_cross_host_receive(pjrt_client_addressable_device(f->client, 1),
                              shapes, 2, from, keys, NULL, received));
  expect_ok(pjrt_cross_host_send(sent, 2, to, keys, NULL, events));
  for (int i = 0; i < 2; i++) expect_ok(finish(events[i]));
  expect_f32(received[0]);
  expect_ok(pjrt_buffer_to_host(received[1], &read, sizeof read));
  assert_true(read == 9);
  pjrt_layout_free(layout);
  free_buffers(sent, 2);
  free_buffers(received, 2);
}

/* What is sent stays until it is; its handle may go, and its client's. */
static void test_buffers_stay(void **state) {
  fixture *f = *state;
  pjrt_client *there = new_client(f);
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_event *sent = send(buffer, 8);
  expect_error(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION, "");
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  pjrt_buffer *received = receive(pjrt_client_addressable_device(there, 1), 8);
  expect_f32(received);
  expect_ok(finish(sent));
  pjrt_buffer_free(received);
  pjrt_client_free(there);
}

static void test_failing_transfers(void **state) {
  const fixture *f = *state;
  pjrt_buffer *small, *buffer = upload_f32(f->device);
  pjrt_device *device = pjrt_client_addressable_device(f->client, 1);
  const pjrt_transfer_shape f32_2 = {PJRT_F32, two, 1, NULL};
  const int64_t key[] = {9};
  expect_ok(
      pjrt_cross_host_receive(device, &f32_2, 1, zero_id, key, NULL, &small));
  pjrt_event *sent = send(buffer, 9);
  expect_error(finish(sent), PJRT_INVALID_ARGUMENT, "16 bytes are sent");
  expect_error(pjrt_buffer_await(small), PJRT_INVALID_ARGUMENT, "8 are");
  pjrt_buffer_free(small);
  pjrt_buffer_free(buffer);
}

/* ---- by descriptor ------------------------------------------------------- */

static pjrt_cross_host_receiver *open_receiver(pjrt_device *device,
                                               pjrt_buffer **out_buffer) {
  pjrt_cross_host_receiver *receiver;
  pjrt_event *described;
  expect_ok(pjrt_cross_host_receiver_create(device, &f32_4, 1, true, out_buffer,
                                            &receiver, &described));
  expect_ok(finish(described));
  return receiver;
}

static pjrt_error *copy_to(pjrt_buffer *buffer,
                           pjrt_cross_host_receiver *receiver) {
  const void *data;
  size_t size;
  pjrt_event *enqueued;
  expect_ok(pjrt_cross_host_receiver_descriptor(receiver, 0, &data, &size));
  PJRT_TRY(
      pjrt_cross_host_copy_to_remote_device(buffer, data, size, &enqueued));
  return finish(enqueued);
}

static void test_by_descriptor(void **state) {
  fixture *f = *state;
  pjrt_client *there = new_client(f);
  pjrt_buffer *received, *buffer = upload_f32(f->device);
  pjrt_cross_host_receiver *receiver =
      open_receiver(pjrt_client_addressable_device(there, 0), &received);
  pjrt_client_free(there);
  expect_ok(copy_to(buffer, receiver));
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  expect_f32(received);
  pjrt_buffer_free(received);
  pjrt_cross_host_receiver_free(receiver);
  pjrt_cross_host_receiver_free(NULL);
}

static void test_canceling(void **state) {
  const fixture *f = *state;
  pjrt_buffer *received;
  pjrt_event *canceled;
  pjrt_cross_host_receiver *receiver = open_receiver(f->device, &received);
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "changed my mind", PJRT_NUL_ENDED);
  expect_ok(pjrt_cross_host_receiver_cancel(receiver, 0, reason, &canceled));
  expect_ok(finish(canceled));
  expect_error(pjrt_buffer_await(received), PJRT_ABORTED, "changed my mind");
  expect_ok(pjrt_cross_host_receiver_cancel(receiver, 0, reason, &canceled));
  expect_error(finish(canceled), PJRT_NOT_FOUND, "no transfer of this");
  pjrt_error_free(reason);
  pjrt_buffer_free(received);
  pjrt_cross_host_receiver_free(receiver);
}

static void test_failed_sends(void **state) {
  const fixture *f = *state;
  pjrt_event *enqueued;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(
      pjrt_cross_host_copy_to_remote_device(buffer, "junk", 4, &enqueued));
  pjrt_error *error = finish(enqueued);
  assert_int_equal(pjrt_error_num_payloads(error), 1);
  assert_string_equal(pjrt_error_payload_key(error, 0, NULL),
                      PJRT_CROSS_HOST_SENDS_WERE_ENQUEUED);
  assert_string_equal(pjrt_error_payload_value(error, 0, NULL), "false");
  expect_error(error, PJRT_INVALID_ARGUMENT, "none of this plugin's");
  expect_ok(pjrt_buffer_delete(buffer)); /* not held any more */
  pjrt_buffer_free(buffer);
}

enum { NUM_ROUNDS = 50 };

static void *send_rounds(void *user) {
  void **both = user;
  for (int i = 0; i < NUM_ROUNDS; i++) {
    pjrt_buffer *buffer = upload_f32(both[0]);
    expect_ok(finish(send(buffer, 1000 + i)));
    pjrt_buffer_free(buffer);
  }
  return NULL;
}

/* Ends on two threads, while descriptors come on the plugin's. */
static void test_threads(void **state) {
  const fixture *f = *state;
  pjrt_device *there = pjrt_client_addressable_device(f->client, 1);
  void *both[] = {f->device};
  pthread_t sender;
  assert_int_equal(pthread_create(&sender, NULL, send_rounds, both), 0);
  for (int i = 0; i < NUM_ROUNDS; i++) {
    pjrt_cross_host_receiver *receiver;
    pjrt_event *described;
    pjrt_buffer *buffers[2];
    buffers[0] = receive(there, 1000 + i);
    expect_ok(pjrt_cross_host_receiver_create(
        there, &f32_4, 1, i % 2, &buffers[1], &receiver, &described));
    expect_f32(buffers[0]);
    if (i % 3) expect_ok(pjrt_event_await(described));
    pjrt_event_free(described);
    pjrt_cross_host_receiver_free(receiver);
    free_buffers(buffers, 2);
  }
  pthread_join(sender, NULL);
}

/* ---- what is refused ----------------------------------------------------- */

static void test_refused_by_key(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  const int64_t key[] = {1};
  pjrt_buffer *out = (pjrt_buffer *)1, *both[2];
  pjrt_event *sent[2];
  expect_error(
      pjrt_cross_host_receive(NULL, &f32_4, 1, zero_id, key, NULL, &out), bad,
      "device is NULL");
  expect_error(
      pjrt_cross_host_receive(f->device, &f32_4, 0, zero_id, key, NULL, &out),
      bad, "0 shapes");
  expect_error(
      pjrt_cross_host_receive(f->device, &f32_4, 1, zero_id, key, NULL, NULL),
      bad, "out_buffers is NULL");
  expect_error(
      pjrt_cross_host_receive(f->device, &f32_4, 1, NULL, key, NULL, &out), bad,
      "device_ids is NULL");
  assert_null(out);
  expect_error(
      pjrt_cross_host_receive(f->device, &f32_4, 1, zero_id, NULL, NULL, &out),
      bad, "keys is NULL");
  expect_error(pjrt_cross_host_send(NULL, 1, one_id, key, NULL, sent), bad,
               "1 buffers to send, and they are NULL");
  expect_error(pjrt_cross_host_send(both, 0, one_id, key, NULL, sent), bad,
               "0 buffers to send");
  pjrt_client *there = new_client(f);
  both[0] = upload_f32(f->device);
  both[1] = upload_f32(pjrt_client_addressable_device(there, 0));
  expect_error(pjrt_cross_host_send(both, 2, one_id, key, NULL, sent), bad,
               "buffer 1 belongs to another client");
  expect_error(pjrt_cross_host_send(both, 1, one_id, key, NULL, NULL), bad,
               "out_sent is NULL");
  expect_error(pjrt_cross_host_send(both, 1, NULL, key, NULL, sent), bad,
               "device_ids is NULL");
  expect_ok(pjrt_buffer_delete(both[0]));
  expect_error(pjrt_cross_host_send(both, 1, one_id, key, NULL, sent),
               PJRT_FAILED_PRECONDITION, "deleted");
  free_buffers(both, 2);
  pjrt_client_free(there);
}

static void test_refused_by_descriptor(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  pjrt_buffer *received, *buffer = upload_f32(f->device);
  pjrt_cross_host_receiver *receiver = (pjrt_cross_host_receiver *)1;
  pjrt_event *event = (pjrt_event *)1;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  const void *data;
  size_t size;
  expect_error(pjrt_cross_host_receiver_create(NULL, &f32_4, 1, false,
                                               &received, &receiver, &event),
               bad, "device is NULL");
  assert_null(receiver);
  assert_null(event);
  expect_error(pjrt_cross_host_receiver_descriptor(NULL, 0, &data, &size), bad,
               "receiver is NULL");
  expect_error(pjrt_cross_host_receiver_cancel(NULL, 0, reason, &event), bad,
               "receiver is NULL");
  receiver = open_receiver(f->device, &received);
  expect_error(pjrt_cross_host_receiver_descriptor(receiver, 1, &data, &size),
               bad, "buffer 1 of a receiver of 1");
  expect_error(pjrt_cross_host_receiver_cancel(receiver, 0, NULL, &event), bad,
               "reason is NULL");
  pjrt_cross_host_receiver_free(receiver);
  pjrt_buffer_free(received);
  expect_ok(pjrt_cross_host_receiver_create(f->device, &f32_4, 1, false,
                                            &received, &receiver, &event));
  expect_ok(finish(event));
  expect_error(pjrt_cross_host_receiver_cancel(receiver, 0, reason, &event),
               PJRT_FAILED_PRECONDITION, "without can_cancel");
  pjrt_cross_host_receiver_free(receiver);
  pjrt_buffer_free(received);
  pjrt_error_free(reason);
  expect_error(pjrt_cross_host_copy_to_remote_device(NULL, "d", 1, &event), bad,
               "buffer is NULL");
  expect_error(pjrt_cross_host_copy_to_remote_device(buffer, NULL, 1, &event),
               bad, "1 bytes at NULL are no descriptor");
  expect_error(pjrt_cross_host_copy_to_remote_device(buffer, "d", 0, &event),
               bad, "0 bytes are no descriptor");
  pjrt_buffer_free(buffer);
}

/* ---- what plugins lack --------------------------------------------------- */

static pjrt_error *transfer_by_key(const fixture *f) {
  const int64_t key[] = {5};
  pjrt_buffer *received, *buffer = upload_f32(f->device);
  pjrt_error *error =
      pjrt_cross_host_receive(pjrt_client_addressable_device(f->client, 1),
                              &f32_4, 1, zero_id, key, NULL, &received);
  if (!error) expect_ok(finish(send(buffer, 5)));
  pjrt_buffer_free(received);
  pjrt_buffer_free(buffer);
  return error;
}

static pjrt_error *name_tasks(const fixture *f) {
  const int task[] = {0};
  const int64_t incarnation[] = {3}, key[] = {5};
  pjrt_cross_host_opts opts;
  pjrt_buffer *received;
  pjrt_cross_host_opts_init(&opts);
  opts.num_tasks = 1;
  opts.task_ids = task;
  expect_error(pjrt_cross_host_receive(f->device, &f32_4, 1, zero_id, key,
                                       &opts, &received),
               PJRT_INVALID_ARGUMENT, "incarnation_ids is NULL for 1 tasks");
  opts.incarnation_ids = incarnation;
  pjrt_error *error = pjrt_cross_host_receive(f->device, &f32_4, 1, zero_id,
                                              key, &opts, &received);
  if (!error) {
    pjrt_buffer *buffer = upload_f32(f->device);
    pjrt_event *sent;
    expect_ok(pjrt_cross_host_send(&buffer, 1, zero_id, key, &opts, &sent));
    expect_ok(finish(sent));
    pjrt_buffer_free(buffer);
  }
  pjrt_buffer_free(received);
  return error;
}

static pjrt_error *transfer_by_descriptor(const fixture *f) {
  pjrt_buffer *received, *buffer;
  pjrt_cross_host_receiver *receiver;
  pjrt_event *described;
  PJRT_TRY(pjrt_cross_host_receiver_create(f->device, &f32_4, 1, false,
                                           &received, &receiver, &described));
  expect_ok(finish(described));
  buffer = upload_f32(f->device);
  pjrt_error *error = copy_to(buffer, receiver);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(received);
  pjrt_cross_host_receiver_free(receiver);
  return error;
}

static pjrt_error *ask_to_cancel(const fixture *f) {
  pjrt_buffer *received;
  pjrt_cross_host_receiver *receiver;
  pjrt_event *described;
  pjrt_error *error = pjrt_cross_host_receiver_create(
      f->device, &f32_4, 1, true, &received, &receiver, &described);
  if (error) return error;
  error = finish(described);
  pjrt_buffer_free(received);
  pjrt_cross_host_receiver_free(receiver);
  return error;
}

static void test_older_plugins(void **state) {
  const pjrt_code missing = PJRT_UNIMPLEMENTED;
  (void)state;
  expect_error(ext_ask_minor(73, transfer_by_key), missing,
               "the plugin has no extension CrossHostTransfers, which API "
               "0.74 brought");
  expect_error(ext_ask_minor(80, transfer_by_key), missing,
               "has no PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers");
  expect_ok(ext_ask_minor(81, transfer_by_key));
  expect_error(ext_ask_minor(116, name_tasks), missing,
               "1 tasks are named, which API 0.117 brought");
  expect_ok(ext_ask_minor(117, name_tasks));
  expect_error(ext_ask_minor(103, transfer_by_descriptor), missing,
               "copying to a descriptor needs API 0.104");
  expect_ok(ext_ask_minor(104, transfer_by_descriptor));
  expect_error(ext_ask_minor(115, ask_to_cancel), missing,
               "can_cancel is asked for, which API 0.116 brought");
  expect_ok(ext_ask_minor(116, ask_to_cancel));
}

static void test_faults(void **state) {
  const fixture *f = *state;
  const int64_t key[] = {6};
  pjrt_event *event;
  pjrt_buffer *buffer = upload_f32(f->device);
  sim_fail("PJRT_Transfers_PJRT_Client_CrossHostSendBuffers", 1,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_cross_host_send(&buffer, 1, one_id, key, NULL, &event),
               PJRT_UNAVAILABLE, "");
  assert_null(event);
  sim_fail("PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers", 1,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(transfer_by_key(f), PJRT_UNAVAILABLE, "");
  sim_fail("PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers", 1,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(transfer_by_descriptor(f), PJRT_UNAVAILABLE, "");
  sim_fail("PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice", 1,
           PJRT_Error_Code_UNAVAILABLE);
  expect_ok(pjrt_cross_host_copy_to_remote_device(buffer, "d", 1, &event));
  expect_error(finish(event), PJRT_UNAVAILABLE, "");
  sim_configure_default();
  expect_ok(pjrt_buffer_delete(buffer)); /* nothing holds it */
  pjrt_buffer_free(buffer);
}

/* ---- what plugins answer ------------------------------------------------- */

static PJRT_CrossHostTransfers_Extension real_node, node;
static int kind_of_notice;

/* Notifies in the call, as odd as can be, and once more. */
static PJRT_Error *notify_at_once(
    PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers_Args *args) {
  static const char text[] = "abc";
  const char *one[] = {text}, *none[] = {NULL};
  size_t sizes[] = {3}, absurd[] = {SIZE_MAX};
  const PJRT_Transfers_CrossHostRecvNotifier tell = args->notifier.notifier;
  void *user = args->notifier.user_arg;
  int64_t key = 4000 + kind_of_notice;
  int32_t from = 0;
  PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers_Args receive_args = {
      .struct_size =
          PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers_Args_STRUCT_SIZE,
      .client = args->client,
      .num_shapes = args->num_shapes,
      .shape_num_dims = args->shape_num_dims,
      .num_dims = args->num_dims,
      .element_types = args->element_types,
      .layouts = args->layouts,
      .device = args->device,
      .src_global_device_ids = &from,
      .transfer_keys = &key,
      .buffers = args->buffers};
  if (kind_of_notice == 0) tell(NULL, one, sizes, 1, user, NULL, NULL);
  if (kind_of_notice == 0) tell(NULL, NULL, NULL, 0, user, NULL, NULL);
  if (kind_of_notice == 1) tell(NULL, one, sizes, 2, user, NULL, NULL);
  if (kind_of_notice == 2) tell(NULL, NULL, NULL, 1, user, NULL, NULL);
  if (kind_of_notice == 3) tell(NULL, none, sizes, 1, user, NULL, NULL);
  if (kind_of_notice == 4) tell(NULL, one, absurd, 1, user, NULL, NULL);
  return real_node.PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers(
      &receive_args);
}

static void test_odd_notices(void **state) {
  static const char *const parts[] = {NULL, "describes 2 of 1 buffers",
                                      "with NULL", "a descriptor's size",
                                      "a descriptor's size"};
  const fixture *f = *state;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  pjrt_buffer *buffer = upload_f32(f->device);
  EXT_TAKE_NODE(f, CrossHostTransfers, &node);
  real_node = node;
  node.PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers = notify_at_once;
  for (kind_of_notice = 0; kind_of_notice < 5; kind_of_notice++) {
    pjrt_buffer *received;
    pjrt_cross_host_receiver *receiver;
    pjrt_event *described, *canceled;
    const void *data;
    size_t size;
    const int64_t key[] = {4000 + kind_of_notice};
    expect_ok(pjrt_cross_host_receiver_create(
        f->device, &f32_4, 1, true, &received, &receiver, &described));
    pjrt_error *error = finish(described);
    if (kind_of_notice == 0) {
      expect_ok(error);
      expect_ok(pjrt_cross_host_receiver_descriptor(receiver, 0, &data, &size));
      assert_int_equal(size, 3);
      assert_memory_equal(data, "abc", 3);
      expect_error(
          pjrt_cross_host_receiver_cancel(receiver, 0, reason, &canceled),
          PJRT_UNIMPLEMENTED, "gave no way to cancel");
    } else {
      expect_error(error, PJRT_INTERNAL, parts[kind_of_notice]);
      expect_error(
          pjrt_cross_host_receiver_descriptor(receiver, 0, &data, &size),
          PJRT_INTERNAL, parts[kind_of_notice]);
    }
    expect_ok(pjrt_cross_host_send(&buffer, 1, zero_id, key, NULL, &described));
    expect_ok(finish(described));
    pjrt_buffer_free(received);
    pjrt_cross_host_receiver_free(receiver);
  }
  pjrt_error_free(reason);
  pjrt_buffer_free(buffer);
}

static PJRT_Error *no_buffers(
    PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *no_events(
    PJRT_Transfers_PJRT_Client_CrossHostSendBuffers_Args *args) {
  (void)args;
  return NULL;
}

static void test_odd_plugins(void **state) {
  const fixture *f = *state;
  const int64_t key[] = {1};
  pjrt_event *event;
  pjrt_buffer *buffer = upload_f32(f->device);
  EXT_TAKE_NODE(f, CrossHostTransfers, &node);
  node.PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers = no_buffers;
  expect_error(transfer_by_key(f), PJRT_INTERNAL, "buffer is NULL");
  node.PJRT_Transfers_PJRT_Client_CrossHostSendBuffers = no_events;
  expect_ok(pjrt_cross_host_send(&buffer, 1, one_id, key, NULL, &event));
  expect_ok(finish(event));
  node.PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice = NULL;
  expect_error(pjrt_cross_host_copy_to_remote_device(buffer, "d", 1, &event),
               PJRT_UNIMPLEMENTED,
               "has no PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice");
  pjrt_buffer_free(buffer);
}

/* ---- forks --------------------------------------------------------------- */

static void test_forked(void **state) {
  const fixture *f = *state;
  const void *data;
  size_t size;
  int status;
  pjrt_buffer *received, *buffer = upload_f32(f->device);
  pjrt_cross_host_receiver *receiver = open_receiver(f->device, &received);
  const pid_t child = fork();
  if (child == 0) {
    const pjrt_code code = pjrt_error_consume(
        pjrt_cross_host_receiver_descriptor(receiver, 0, &data, &size));
    pjrt_cross_host_receiver_free(receiver);
    _exit(code != PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  expect_ok(copy_to(buffer, receiver));
  pjrt_buffer_free(received);
  pjrt_buffer_free(buffer);
  pjrt_cross_host_receiver_free(receiver);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_by_key),
      sim_test(test_several),
      sim_test(test_buffers_stay),
      sim_test(test_failing_transfers),
      sim_test(test_by_descriptor),
      sim_test(test_canceling),
      sim_test(test_failed_sends),
      sim_test(test_threads),
      sim_test(test_refused_by_key),
      sim_test(test_refused_by_descriptor),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_faults),
      sim_test(test_odd_notices),
      sim_test(test_odd_plugins),
      sim_test(test_forked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
