/* Example: what an extension can be; a number that grows. */
#include "ext/ext.h"

struct PJRT_ExampleExtensionCpp {
  sim_kind kind;
  int64_t sum;
};

static PJRT_Error *example_create(
    PJRT_ExampleExtension_CreateExampleExtensionCpp_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExampleExtension_CreateExampleExtensionCpp_Args, 0);
  args->extension_cpp = sim_new(SIM_OTHER, sizeof(*args->extension_cpp));
  return NULL;
}

static PJRT_Error *example_destroy(
    PJRT_ExampleExtension_CreateExampleExtensionCpp_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExampleExtension_CreateExampleExtensionCpp_Args, 0);
  SIM_REQUIRE(args->extension_cpp, SIM_OTHER);
  sim_delete(args->extension_cpp, SIM_OTHER);
  return NULL;
}

/* Nothing comes out of the args, so that a sum which would turn negative is
 * the one thing that can be seen. */
static PJRT_Error *example_method(
    PJRT_ExampleExtension_ExampleMethod_Args *args) {
  SIM_EXT_ENTER(args, PJRT_ExampleExtension_ExampleMethod_Args, 0);
  SIM_REQUIRE(args->extension_cpp, SIM_OTHER);
  int64_t *sum = &args->extension_cpp->sum;
  int64_t next;
  if (__builtin_add_overflow(*sum, args->value, &next) || next < 0)
    return sim_error(PJRT_Error_Code_OUT_OF_RANGE,
                     "%lld and %lld have no sum from 0 up", (long long)*sum,
                     (long long)args->value);
  *sum = next;
  return NULL;
}

static const PJRT_Example_Extension node = {
    .example_method = example_method,
    .create = example_create,
    .destroy = example_destroy,
};

const sim_extension sim_ext_example = {
    .type = PJRT_Extension_Type_Example,
    .name = "Example",
    .steps = {{72, 48}},
    .node = &node,
    .node_size = sizeof(node),
};
