/* The table of any version, its odd forms, and what every slot has in common.
 */
#include "check.h"

typedef PJRT_Error *any_function(void *args);

/* Every slot is there, counts its call, and refuses struct_size 0 by name. */
static void check_every_slot(void) {
  static const char *const names[] = {
#define PJRT_CALL_ROW(function, since, kind) #function,
#include "abi/generated/calls.inc"
  };
  static char args[1024];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    any_function *function;
    char expected[128];
    memcpy(&function, (const char *)api + 40 + 8 * i, sizeof(function));
    CHECK(function);
    if (i < 2) continue; /* Error_Destroy and Error_Message return nothing */
    snprintf(expected, sizeof(expected), "Unexpected %s_Args size: expected ",
             names[i]);
    if (!says(function(args), PJRT_Error_Code_INVALID_ARGUMENT, expected)) {
      check_failed(__FILE__, __LINE__, names[i]);
      return;
    }
    CHECK(sim.num_calls(names[i]) >= 1);
  }
}

static void check_versions(void) {
  static const struct {
    int minor;
    size_t size;
  } versions[] = {{40, 808}, {55, 808}, {57, 848}, {90, 1064}, {117, 1144}};
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    use_minor(versions[i].minor);
    CHECK(api->struct_size == versions[i].size);
    CHECK(api->pjrt_api_version.minor_version == versions[i].minor);
    PJRT_Client *client = new_client();
    CHECK(client);
    free_client(client);
  }
}

static void check_odd_tables(void) {
  static const char *const null[] = {"PJRT_Client_DmaMap"};
  static const char *const absent[] = {"all"};
  pjrt_sim_options options = default_options();
  options.null_functions = null;
  options.num_null_functions = 1;
  options.table_size = 120;
  options.major = 3;
  options.num_unknown_extensions = 2;
  options.extension_cycle = true;
  options.absent_extensions = absent;
  options.num_absent_extensions = 1;
  use_options(&options);
  CHECK(!api->PJRT_Client_DmaMap && api->PJRT_Client_DmaUnmap);
  CHECK(api->struct_size == 120);
  CHECK(api->pjrt_api_version.major_version == 3);
  const PJRT_Extension_Base *node = api->extension_start;
  CHECK(node && node->next && node->next->next == node);
  CHECK((int)node->type == 900 && node->struct_size == 32);
  options.null_api = true;
  use_options(&options);
  CHECK(!api);
}

static void check_struct_sizes(void) {
  pjrt_sim_options options = default_options();
  options.minor = 60;
  PJRT_Client *client = client_with(&options);
  ARGS(PJRT_Client_PlatformName, .client = client);
  args.struct_size = 39;
  CHECK(says(api->PJRT_Client_PlatformName(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Client_PlatformName_Args size: expected 40, got "
             "39."));
  args.struct_size = 400;
  CHECK(!api->PJRT_Client_PlatformName(&args));
  CHECK(args.platform_name_size == 3);
  CHECK(args.platform_name[3] != '\0');
  CHECK(sim.last_struct_size("PJRT_Client_PlatformName") == 400);
  CHECK(sim.num_calls("PJRT_Client_PlatformName") == 2);
  free_client(client);
  options.exact_sizes = true;
  use_options(&options);
  MAKE(create, PJRT_Client_Create, .client = NULL);
  CHECK(says(api->PJRT_Client_Create(&create), PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Client_Create_Args size: expected 72, got 88."));
}

void suite_tables(void) {
  run_check("every-slot", check_every_slot);
  run_check("versions", check_versions);
  run_check("odd-tables", check_odd_tables);
  run_check("struct-sizes", check_struct_sizes);
}
