/* The runtime's extensions on accelerators' plugins without their hardware:
 * which are there, and what they refuse. They do nothing without a client, so
 * what they do is tested on the simulated plugin alone.
 * tier: all */
#include <stdio.h>
#include <string.h>

#include "compat/plugins.h"
#include "pjrt/ext/example.h"
#include "pjrt/raw.h"

/* Keeps libtpu from asking the network, and from minding another user's lock
 * file. */
static int spare_the_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  return 0;
}

/* ---- which are there ----------------------------------------------------- */

enum { NUM_TYPES = 6 };

static const int types[NUM_TYPES] = {
    PJRT_Extension_Type_RawBuffer,
    PJRT_Extension_Type_Example,
    PJRT_Extension_Type_CrossHostTransfers,
    PJRT_Extension_Type_Callback,
    PJRT_Extension_Type_HostAllocator,
    PJRT_Extension_Type_HostMemoryAllocator,
};

/* Sizes of their nodes; 0: the plugin has none. */
typedef struct presence {
  const char *variable;
  size_t sizes[NUM_TYPES];
} presence;

static void check_presence(const presence *expected) {
  pjrt_plugin *plugin = open_plugin(expected->variable);
  for (int i = 0; i < NUM_TYPES; i++) {
    const size_t at = pjrt_plugin_find_extension(plugin, types[i]);
    const size_t size = pjrt_plugin_extension_size(plugin, at);
    if (size != expected->sizes[i]) {
      fail_msg("%s: %s has %zu bytes, expected %zu", expected->variable,
               pjrt_extension_name(types[i]), size, expected->sizes[i]);
    }
  }
  pjrt_example *example;
  assert_code(pjrt_example_create(plugin, &example), PJRT_UNIMPLEMENTED,
              "the plugin has no extension Example");
  assert_null(example);
  pjrt_plugin_free(plugin);
}

static void tpu_has_four(void **state) {
  (void)state;
  check_presence(&(presence){"PJRT_TEST_PLUGIN_TPU", {80, 0, 56, 40, 0, 32}});
}

static void cuda_has_transfers(void **state) {
  static const presence all[] = {
      {"PJRT_TEST_PLUGIN_CUDA", {0, 0, 56, 0, 0, 0}},
      {"PJRT_TEST_PLUGIN_CUDA_0_114", {0, 0, 56, 0, 0, 0}},
      {"PJRT_TEST_PLUGIN_CUDA_0_76", {0, 0, 40, 0, 0, 0}},
      {"PJRT_TEST_PLUGIN_CUDA_0_57", {0}},
      {"PJRT_TEST_PLUGIN_CUDA_0_40", {0}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_presence(&all[i]);
}

static void tenstorrent_has_host_memory(void **state) {
  (void)state;
  check_presence(&(presence){"PJRT_TEST_PLUGIN_TT", {0, 0, 0, 0, 0, 32}});
}

/* ---- what they refuse ---------------------------------------------------- */

static const void *node_of(const pjrt_plugin *plugin, int type) {
  return pjrt_plugin_extension_raw(plugin,
                                   pjrt_plugin_find_extension(plugin, type));
}

/* The error of the plugin's says this; destroys it. */
static void expect_refusal(const pjrt_plugin *plugin, PJRT_Error *error,
                           const char *text) {
  char message[400];
  const PJRT_Api *api = pjrt_plugin_raw(plugin);
  PJRT_Error_Message_Args said = {
      .struct_size = PJRT_Error_Message_Args_STRUCT_SIZE, .error = error};
  PJRT_Error_Destroy_Args end = {
      .struct_size = PJRT_Error_Destroy_Args_STRUCT_SIZE, .error = error};
  assert_non_null(error);
  api->PJRT_Error_Message(&said);
  snprintf(message, sizeof message, "%.*s", (int)said.message_size,
           said.message);
  api->PJRT_Error_Destroy(&end);
  if (!strstr(message, text)) fail_msg("expected '%s' in: %s", text, message);
}

/* Asks the slot with args that are too short for anything. */
#define EXPECT_SIZE(plugin, slot, fn, size)                      \
  do {                                                           \
    fn##_Args args_ = {.struct_size = 1};                        \
    expect_refusal((plugin), (slot)(&args_), "expected " #size); \
  } while (0)

static void tpu_wants_these_sizes(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  const PJRT_RawBuffer_Extension *raw =
      node_of(plugin, PJRT_Extension_Type_RawBuffer);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_CreateRawAliasOfBuffer,
              PJRT_RawBuffer_CreateRawAliasOfBuffer, 32);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_Destroy, PJRT_RawBuffer_Destroy, 24);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_GetOnDeviceSizeInBytes,
              PJRT_RawBuffer_GetOnDeviceSizeInBytes, 32);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_GetMemorySpace,
              PJRT_RawBuffer_GetMemorySpace, 32);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_CopyRawHostToDevice,
              PJRT_RawBuffer_CopyRawHostToDevice, 56);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_CopyRawDeviceToHost,
              PJRT_RawBuffer_CopyRawDeviceToHost, 56);
  EXPECT_SIZE(plugin, raw->PJRT_RawBuffer_GetHostPointer,
              PJRT_RawBuffer_GetHostPointer, 32);
  const PJRT_Callback_Extension *callback =
      node_of(plugin, PJRT_Extension_Type_Callback);
  EXPECT_SIZE(plugin, callback->register_callback,
              PJRT_Callback_RegisterCallback, 40);
  EXPECT_SIZE(plugin, callback->invoke_callback, PJRT_Callback_InvokeCallback,
              32);
  const PJRT_HostMemoryAllocator_Extension *memory =
      node_of(plugin, PJRT_Extension_Type_HostMemoryAllocator);
  EXPECT_SIZE(plugin, memory->allocate, PJRT_HostMemoryAllocator_Allocate, 64);
  pjrt_plugin_free(plugin);
}

static void tpu_allocates_for_no_client(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  const PJRT_HostMemoryAllocator_Extension *memory =
      node_of(plugin, PJRT_Extension_Type_HostMemoryAllocator);
  PJRT_HostMemoryAllocator_Allocate_Args args = {
      .struct_size = PJRT_HostMemoryAllocator_Allocate_Args_STRUCT_SIZE,
      .size = 64,
      .numa_node = -1};
  expect_refusal(plugin, memory->allocate(&args), "null client");
  pjrt_plugin_free(plugin);
}

/* Two of its four check sizes; the others end the process on them. */
static void check_transfers(const char *variable) {
  pjrt_plugin *plugin = open_plugin(variable);
  const PJRT_CrossHostTransfers_Extension *node =
      node_of(plugin, PJRT_Extension_Type_CrossHostTransfers);
  EXPECT_SIZE(plugin,
              node->PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers,
              PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers, 104);
  if (node->base.struct_size >= PJRT_CrossHostTransfers_Extension_STRUCT_SIZE) {
    assert_non_null(node->PJRT_Transfers_PJRT_Client_CrossHostSendBuffers);
    EXPECT_SIZE(plugin,
                node->PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers,
                PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers, 96);
  }
  pjrt_plugin_free(plugin);
}

static void transfers_want_these_sizes(void **state) {
  (void)state;
  check_transfers("PJRT_TEST_PLUGIN_TPU");
  check_transfers("PJRT_TEST_PLUGIN_CUDA");
  check_transfers("PJRT_TEST_PLUGIN_CUDA_0_114");
  check_transfers("PJRT_TEST_PLUGIN_CUDA_0_76");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpu_has_four),
      cmocka_unit_test(cuda_has_transfers),
      cmocka_unit_test(tenstorrent_has_host_memory),
      cmocka_unit_test(tpu_wants_these_sizes),
      cmocka_unit_test(tpu_allocates_for_no_client),
      cmocka_unit_test(transfers_want_these_sizes),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
