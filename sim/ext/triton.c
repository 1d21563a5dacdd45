/* Triton: compiles a kernel's MLIR to assembly; here, to a comment. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

enum {
  MINOR_WITHOUT_CLUSTER = 85, /* until then three ints stand for the path */
  MINOR_WITH_PATH = 90,
  SHARED_BYTES_PER_WARP = 1024
};

/* The caller frees both texts with delete[], so they are made with new[]: that
 * of the process, if it has one, or else the C++ library's, which is malloc. */
static char *text_copy(const char *text, size_t size) {
  union {
    void *symbol;
    void *(*function)(size_t size);
  } new_array = {.symbol = dlsym(RTLD_DEFAULT, "_Znam")};
  char *copy = new_array.symbol ? new_array.function(size) : sim_allocate(size);
  memcpy(copy, text, size);
  return copy;
}

static size_t size_expected(int minor) {
  if (minor < MINOR_WITHOUT_CLUSTER) return 92;
  return minor < MINOR_WITH_PATH ? 80 : PJRT_Triton_Compile_Args_STRUCT_SIZE;
}

static PJRT_Error *compile(PJRT_Triton_Compile_Args *args) {
  static const char path[] = "sim.s";
  const int minor = sim_options()->minor;
  char text[160];
  SIM_EXT_ENTER(args, PJRT_Triton_Compile_Args, size_expected(minor));
  if (!args->module || !args->module_size || !args->arch_name)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a kernel without module or architecture");
  if (args->num_warps < 1)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "num_warps is %d, expected at least 1", args->num_warps);
  const int size = snprintf(
      text, sizeof(text), "// %.*s: %d warps, %d stages, %zu bytes of MLIR\n",
      args->arch_name_size < 32 ? (int)args->arch_name_size : 32,
      args->arch_name, args->num_warps, args->num_stages, args->module_size);
  args->out_asm = text_copy(text, (size_t)size);
  args->out_asm_size = (size_t)size;
  args->out_smem_bytes = (int64_t)args->num_warps * SHARED_BYTES_PER_WARP;
  if (minor < MINOR_WITHOUT_CLUSTER)
    memcpy((char *)args + offsetof(PJRT_Triton_Compile_Args, out_path),
           (const int[]){args->num_ctas, 1, 1}, 3 * sizeof(int));
  if (minor < MINOR_WITH_PATH) return NULL;
  args->out_path = text_copy(path, sizeof(path) - 1);
  args->out_path_size = sizeof(path) - 1;
  return NULL;
}

static const PJRT_Triton_Extension node = {.compile = compile};

const sim_extension sim_ext_triton = {
    .type = PJRT_Extension_Type_Triton,
    .name = "Triton",
    .steps = {{65, 32}, {116, 0}},
    .node = &node,
    .node_size = sizeof(node),
};
