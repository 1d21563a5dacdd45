/* The chain of extensions, as the options ask for it. */
#include "check.h"

static void check_absent(void) {
  static const char *const names[] = {"Layouts", "FFI"};
  pjrt_sim_options options = default_options();
  options.absent_extensions = names;
  options.num_absent_extensions = 2;
  use_options(&options);
  CHECK(!find_extension(PJRT_Extension_Type_Layouts));
  CHECK(!find_extension(PJRT_Extension_Type_FFI));
  CHECK(find_extension(PJRT_Extension_Type_Stream));
}

static void check_shorter_and_longer(void) {
  static const char *const shorter[] = {"Layouts", "Gpu_Custom_Call"};
  static const char *const longer[] = {"FFI"};
  pjrt_sim_options options = default_options();
  options.short_extensions = shorter;
  options.num_short_extensions = 2;
  options.long_extensions = longer;
  options.num_long_extensions = 1;
  use_options(&options);
  const PJRT_Extension_Base *node = find_extension(PJRT_Extension_Type_Layouts);
  CHECK(node->struct_size == 72);
  node = find_extension(PJRT_Extension_Type_Gpu_Custom_Call);
  CHECK(node->struct_size == 32); /* without its last byte */
  node = find_extension(PJRT_Extension_Type_FFI);
  CHECK(node->struct_size == 64);
  CHECK(((void *const *)(const void *)node)[7] != NULL);
}

/* Slots that nobody knows lie behind all that newer minors have. */
static void check_longer_and_older(void) {
  static const char *const longer[] = {"Layouts"};
  pjrt_sim_options options = default_options();
  options.minor = 75;
  options.long_extensions = longer;
  options.num_long_extensions = 1;
  use_options(&options);
  const PJRT_Layouts_Extension *node =
      (const void *)find_extension(PJRT_Extension_Type_Layouts);
  CHECK(node->base.struct_size == sizeof(*node) + 2 * sizeof(void *));
  CHECK(node->PJRT_Layouts_PJRT_Buffer_MemoryLayout);
  CHECK(!node->PJRT_Layouts_PJRT_Topology_GetDefaultLayout);
}

static void check_null_slots(void) {
  static const char *const functions[] = {
      "PJRT_Layouts_PJRT_Client_GetDefaultLayout"};
  pjrt_sim_options options = default_options();
  options.null_functions = functions;
  options.num_null_functions = 1;
  use_options(&options);
  const PJRT_Layouts_Extension *node =
      (const void *)find_extension(PJRT_Extension_Type_Layouts);
  CHECK(!node->PJRT_Layouts_PJRT_Client_GetDefaultLayout);
  CHECK(node->PJRT_Layouts_PJRT_Buffer_MemoryLayout);
}

static void check_unknown(void) {
  pjrt_sim_options options = default_options();
  options.num_unknown_extensions = 2;
  options.garbage_in_unknown_extensions = true;
  use_options(&options);
  const PJRT_Extension_Base *node = api->extension_start;
  CHECK((int)node->type == 900 && (int)node->next->type == 901);
  CHECK(node->struct_size > sizeof(*node));
  CHECK(((const unsigned char *)node)[node->struct_size - 1] == 0xa5);
}

/* Before 0.45 a node begins with its type. */
static void check_old_nodes(void) {
  typedef struct old_profiler {
    int type;
    void *next;
    const PLUGIN_Profiler_Api *profiler_api;
  } old_profiler;
  use_minor(40);
  const old_profiler *node = (const void *)api->extension_start;
  CHECK(node->type == PJRT_Extension_Type_Profiler);
  CHECK(node->profiler_api->struct_size == 80);
  CHECK(((const old_profiler *)node->next)->type ==
        PJRT_Extension_Type_Gpu_Custom_Call);
  CHECK(!((const old_profiler *)node->next)->next);
}

void suite_ext_chain(void) {
  run_check("absent", check_absent);
  run_check("shorter-and-longer", check_shorter_and_longer);
  run_check("longer-and-older", check_longer_and_older);
  run_check("null-slots", check_null_slots);
  run_check("unknown", check_unknown);
  run_check("old-nodes", check_old_nodes);
}
