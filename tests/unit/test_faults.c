/* Everything that can go wrong on the plugin's side, one thing at a time: a
 * whole life of a program runs while the nth call of each function fails, or
 * while the function is missing. The error must come out as it went in, no
 * output may be set, nothing may leak, and no dead handle may be used. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

/* ---- what may be missed -------------------------------------------------- */

/* Functions whose failure is nobody's business: the work goes on. */
static const char *const swallowed[] = {
    /* Destroying must never be fatal. */
    "PJRT_Event_Destroy", "PJRT_Client_Destroy", "PJRT_Buffer_Destroy",
    "PJRT_Executable_Destroy", "PJRT_LoadedExecutable_Destroy",
    "PJRT_AsyncHostToDeviceTransferManager_Destroy",
    "PJRT_CopyToDeviceStream_Destroy", "PJRT_ExecuteContext_Destroy",
    "PJRT_TopologyDescription_Destroy", "PJRT_AsyncTrackingEvent_Destroy",
    /* The executable is unchecked, then. */
    "PJRT_Executable_OptimizedProgram",
    /* The order stays unknown, and downloads go through the plugin. */
    "PJRT_Buffer_GetMemoryLayout",
    /* Where nobody asked for them, there are none. */
    "PJRT_Buffer_DynamicDimensionIndices",
    /* The launch itself was a success. */
    "PJRT_Buffer_IsDeleted", "PJRT_Buffer_DecreaseExternalReferenceCount"};

/* Functions whose absence is not felt by the scenario. */
static const char *const dispensable[] = {
    "PJRT_Plugin_Initialize", "PJRT_Plugin_Attributes",
    "PJRT_Client_PlatformName", "PJRT_Client_PlatformVersion",
    "PJRT_Client_ProcessIndex", "PJRT_Client_AddressableMemories",
    "PJRT_DeviceDescription_ProcessIndex", "PJRT_DeviceDescription_Kind",
    "PJRT_DeviceDescription_DebugString", "PJRT_DeviceDescription_ToString",
    "PJRT_DeviceDescription_Attributes", "PJRT_Device_LocalHardwareId",
    "PJRT_Device_AddressableMemories", "PJRT_Device_DefaultMemory",
    "PJRT_Memory_Kind_Id", "PJRT_Memory_Kind", "PJRT_Memory_DebugString",
    "PJRT_Memory_ToString", "PJRT_Memory_AddressableByDevices",
    "PJRT_Error_ForEachPayload", "PJRT_TopologyDescription_PlatformName",
    "PJRT_TopologyDescription_PlatformVersion",
    "PJRT_TopologyDescription_Attributes",
    /* Reading in place gives way to the plugin's own copy. */
    "PJRT_Buffer_IsOnCpu", "PJRT_Buffer_OpaqueDeviceMemoryDataPointer",
    "PJRT_Buffer_IncreaseExternalReferenceCount"};

static bool is_in(const char *const *list, size_t num, const char *name) {
  for (size_t i = 0; i < num; i++) {
    if (!strcmp(list[i], name)) return true;
  }
  return false;
}
#define IS_IN(list, name) is_in((list), sizeof(list) / sizeof *(list), (name))

/* A function that ends an object and does nothing leaks it: those cases run in
 * a child process, whose leaks nobody counts. */
static bool leaks_by_nature(const char *function) {
  return strstr(function, "_Destroy") || strstr(function, "_DmaUnmap") ||
         strstr(function, "_FulfillAliasBuffer") ||
         strstr(function, "_DecreaseExternalReferenceCount");
}

/* What the plugin does not take back is still there at the end. */
static bool is_misuse_by_nature(const char *function) {
  return strstr(function, "_DmaUnmap") ||
         strstr(function, "_AsyncTrackingEvent_Destroy") ||
         strstr(function, "_DecreaseExternalReferenceCount");
}

static void in_child(void (*run)(const char *function, int nth),
                     const char *function, int nth) {
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child == 0) {
    run(function, nth);
    _exit(sim.num_misuses() && !is_misuse_by_nature(function) ? 3 : 0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (status) fail_msg("%s, call %d: status %d", function, nth, status);
}

/* ---- a failing call ------------------------------------------------------ */

static void expect_fault(const scenario *s, const pjrt_error *error,
                         const char *function, int nth) {
  const char *call = pjrt_error_call(error);
  if (pjrt_error_code(error) != PJRT_DATA_LOSS ||
      strcmp(pjrt_error_message(error, NULL), "the fault") ||
      pjrt_error_origin(error) != PJRT_ORIGIN_PLUGIN ||
      !strstr(pjrt_error_plugin(error), "libpjrt_sim.so (API 0.117)")) {
    fail_msg("%s, call %d, step %s: got %s from %s: %s", function, nth, s->step,
             pjrt_code_name(pjrt_error_code(error)), call,
             pjrt_error_message(error, NULL));
  }
  /* An event's error bears the name of what the event stands for. */
  if (strcmp(call, function) && strcmp(function, "PJRT_Event_Await")) {
    fail_msg("%s, call %d, step %s: the error names %s", function, nth, s->step,
             call);
  }
}

static void run_with_fault(const char *function, int nth) {
  scenario s;
  scenario_configure(function, nth);
  pjrt_error *error = scenario_run(&s);
  /* Freeing fails silently. */
  const bool reached = sim.num_calls(function) >= (size_t)nth;
  if (error) {
    expect_fault(&s, error, function, nth);
  } else if (reached && !IS_IN(swallowed, function)) {
    fail_msg("call %d of %s failed, and nobody noticed", nth, function);
  }
  pjrt_error_free(error);
  scenario_end(&s);
  if (!leaks_by_nature(function)) scenario_await_release(&s);
}

/* How often a scenario that goes well calls each function. */
static void count_calls(size_t *out) {
  scenario s;
  scenario_configure(NULL, 0);
  expect_ok(scenario_run(&s));
  scenario_end(&s);
  scenario_await_release(&s);
  expect_nothing_alive();
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    out[i] = sim.num_calls(pjrt_function_name(i));
  }
}

enum { MAX_FUNCTIONS = 200 };

/* Facts of devices and memories are read by the same lines for each of them:
 * the first two and the last stand for all. */
static bool is_worth_it(int nth, size_t num) {
  return num < 20 || nth < 3 || nth == (int)num;
}

static void test_every_call_fails_cleanly(void **state) {
  size_t num[MAX_FUNCTIONS] = {0};
  size_t reached = 0;
  (void)state;
  count_calls(num);
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *function = pjrt_function_name(i);
    reached += num[i] > 0;
    for (int nth = 1; nth <= (int)num[i]; nth++) {
      if (!is_worth_it(nth, num[i])) continue;
      if (leaks_by_nature(function)) {
        in_child(run_with_fault, function, nth);
      } else {
        run_with_fault(function, nth);
        expect_nothing_alive();
      }
    }
  }
  /* The scenario is worth its name. */
  assert_true(reached >= 115);
}

/* ---- a missing function -------------------------------------------------- */

static void expect_missing(const scenario *s, const pjrt_error *error,
                           const char *function, size_t i) {
  char since[32];
  snprintf(since, sizeof since, "API 0.%d", pjrt_function_since(i));
  const char *message = pjrt_error_message(error, NULL);
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED ||
      !strstr(message, function) || !strstr(message, since) ||
      strcmp(pjrt_error_call(error), function) ||
      pjrt_error_origin(error) != PJRT_ORIGIN_LIBRARY ||
      !strstr(pjrt_error_plugin(error), "libpjrt_sim.so (API 0.117)")) {
    fail_msg("without %s, step %s: got %s: %s", function, s->step,
             pjrt_code_name(pjrt_error_code(error)), message);
  }
}

static size_t index_of(const char *function) {
  size_t i = 0;
  while (strcmp(pjrt_function_name(i), function)) i++;
  return i;
}

static void run_without(const char *function, int nth) {
  scenario s;
  (void)nth;
  scenario_configure(function, -1);
  pjrt_error *error = scenario_run(&s);
  if (error) {
    expect_missing(&s, error, function, index_of(function));
  } else if (!IS_IN(swallowed, function) && !IS_IN(dispensable, function)) {
    fail_msg("nobody missed %s", function);
  }
  pjrt_error_free(error);
  scenario_end(&s);
  if (!leaks_by_nature(function)) scenario_await_release(&s);
}

/* Without these no error could be read, and the plugin is refused. */
static bool is_required(const char *function) {
  return !strcmp(function, "PJRT_Error_Destroy") ||
         !strcmp(function, "PJRT_Error_Message") ||
         !strcmp(function, "PJRT_Error_GetCode");
}

static void test_every_function_may_be_missing(void **state) {
  size_t num[MAX_FUNCTIONS] = {0};
  (void)state;
  count_calls(num);
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *function = pjrt_function_name(i);
    if (num[i] == 0 || is_required(function)) continue;
    if (leaks_by_nature(function)) {
      in_child(run_without, function, 0);
    } else {
      run_without(function, 0);
      expect_nothing_alive();
    }
  }
}

static void test_required_functions(void **state) {
  static const char *const required[] = {
      "PJRT_Error_Destroy", "PJRT_Error_Message", "PJRT_Error_GetCode"};
  (void)state;
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    pjrt_plugin *plugin = (pjrt_plugin *)1;
    scenario_configure(required[i], -1);
    expect_error(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin),
                 PJRT_INVALID_ARGUMENT, required[i]);
    assert_null(plugin);
  }
}

/* What can be missing for good leaves its facts at their defaults. */
static void test_missing_facts_have_defaults(void **state) {
  static const char *const missing[] = {
      "PJRT_Memory_Kind_Id", "PJRT_DeviceDescription_Kind",
      "PJRT_Device_LocalHardwareId", "PJRT_Device_DefaultMemory"};
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.null_functions = missing;
  options.num_null_functions = sizeof missing / sizeof *missing;
  fixture *f = fixture_create(&options);
  assert_int_equal(pjrt_memory_kind_id(pjrt_client_memory(f->client, 0)), 0);
  assert_string_equal(pjrt_device_kind(f->device, NULL), "");
  assert_int_equal(pjrt_device_local_hardware_id(f->device), -1);
  assert_null(pjrt_device_default_memory(f->device));
  assert_int_not_equal(pjrt_device_num_memories(f->device), 0);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- errors about errors ------------------------------------------------- */

static pjrt_error *open_with_faults(const pjrt_sim_fault *faults, size_t num,
                                    int num_payloads) {
  pjrt_sim_options options;
  pjrt_plugin *plugin;
  sim_path();
  sim.options_init(&options);
  options.faults = faults;
  options.num_faults = num;
  options.num_payloads = num_payloads;
  sim.configure(&options);
  return pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin);
}

#define FAULT(name) \
  {.function = (name), .code = PJRT_Error_Code_DATA_LOSS, .message = "first"}

static void test_error_functions_that_fail(void **state) {
  const pjrt_sim_fault code[] = {FAULT("PJRT_Plugin_Initialize"),
                                 FAULT("PJRT_Error_GetCode")};
  const pjrt_sim_fault message[] = {FAULT("PJRT_Plugin_Initialize"),
                                    FAULT("PJRT_Error_Message")};
  const pjrt_sim_fault payload[] = {FAULT("PJRT_Plugin_Initialize"),
                                    FAULT("PJRT_Error_ForEachPayload")};
  (void)state;
  expect_error(open_with_faults(code, 2, 0), PJRT_UNKNOWN, "first");
  expect_nothing_alive();
  pjrt_error *error = open_with_faults(message, 2, 0);
  assert_string_equal(pjrt_error_message(error, NULL),
                      "the plugin gave no message");
  expect_error(error, PJRT_DATA_LOSS, "no message");
  expect_nothing_alive();
  error = open_with_faults(payload, 2, 3);
  assert_int_equal(pjrt_error_num_payloads(error), 0);
  expect_error(error, PJRT_DATA_LOSS, "first");
  expect_nothing_alive();
}

static void test_payloads(void **state) {
  const pjrt_sim_fault faults[] = {FAULT("PJRT_Plugin_Initialize")};
  size_t size;
  (void)state;
  pjrt_error *error = open_with_faults(faults, 1, 3);
  assert_int_equal(pjrt_error_num_payloads(error), 3);
  assert_string_equal(pjrt_error_payload_key(error, 1, &size),
                      "type.test/payload1");
  assert_int_equal(size, strlen("type.test/payload1"));
  assert_string_equal(pjrt_error_payload_value(error, 2, &size), "value 2");
  assert_int_equal(size, strlen("value 2"));
  pjrt_error_free(error);
  expect_nothing_alive();
}

/* A code that this library does not know stays what it was. */
static void test_unknown_code(void **state) {
  pjrt_plugin *plugin;
  (void)state;
  sim_fail("PJRT_Plugin_Initialize", 0, (PJRT_Error_Code)77);
  expect_error(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin),
               (pjrt_code)77, "the fault");
  expect_nothing_alive();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_call_fails_cleanly),
      cmocka_unit_test(test_every_function_may_be_missing),
      cmocka_unit_test(test_required_functions),
      cmocka_unit_test(test_missing_facts_have_defaults),
      cmocka_unit_test(test_error_functions_that_fail),
      cmocka_unit_test(test_payloads),
      cmocka_unit_test(test_unknown_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
