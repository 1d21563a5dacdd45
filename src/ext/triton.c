#include "pjrt/ext/triton.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "ext/extension.h"

#define CALL(plugin, args)                                      \
  PJRT_EXT_CALL(plugin, Triton, PJRT_Triton_Extension, compile, \
                PJRT_Triton_Compile, args)

enum {
  MINOR_WITHOUT_CLUSTER = 85, /* until then three ints stand at the end */
  MINOR_WITH_PATH = 90,       /* from then on a path */
  NUM_AXES = 3,
  MAX_COUNT = 1024 /* more warps than a block can have */
};

struct pjrt_triton_kernel {
  char *assembly;
  size_t assembly_size;
  char *path;
  size_t path_size;
  int64_t shared_memory_size;
  int cluster_dims[NUM_AXES];
};

void pjrt_triton_opts_init(pjrt_triton_opts *opts) {
  *opts = (pjrt_triton_opts){
      .struct_size = sizeof *opts,
      .num_warps = 4,
      .num_ctas = 1,
      .num_stages = 3,
  };
}

/* ---- what the plugin gives ----------------------------------------------- */

/* The plugin made its texts with C++'s new[], and has no function that ends
 * them. Its new[] is the program's, if that has one, or else the C++ library's,
 * which is malloc. */
static void delete_text(const char *text) {
  union {
    void *symbol;
    void (*function)(void *memory);
  } delete = {.symbol = dlsym(RTLD_DEFAULT, "_ZdaPv")};
  if (!delete.symbol) delete.function = free;
  delete.function((void *)(uintptr_t)text);
}

static pjrt_error *read_text(const char *name, const char *text, size_t size,
                             char **out, size_t *out_size) {
  PJRT_TRY(pjrt_bytes_check(name, size, text));
  *out_size = size;
  return pjrt_text_copy(text, size, out);
}

static pjrt_error *read(const pjrt_plugin *plugin,
                        const PJRT_Triton_Compile_Args *args,
                        pjrt_triton_kernel *kernel) {
  kernel->shared_memory_size = args->out_smem_bytes;
  if (plugin->minor < MINOR_WITHOUT_CLUSTER) {
    memcpy(kernel->cluster_dims,
           (const char *)args + offsetof(PJRT_Triton_Compile_Args, out_path),
           sizeof kernel->cluster_dims);
  }
  PJRT_TRY(read_text("the assembly's size", args->out_asm, args->out_asm_size,
                     &kernel->assembly, &kernel->assembly_size));
  const bool has_path = plugin->minor >= MINOR_WITH_PATH;
  return read_text("the path's size", has_path ? args->out_path : "",
                   has_path ? args->out_path_size : 0, &kernel->path,
                   &kernel->path_size);
}

static pjrt_error *take(const pjrt_plugin *plugin,
                        const PJRT_Triton_Compile_Args *args,
                        pjrt_triton_kernel **out) {
  pjrt_error *error = pjrt_alloc(1, sizeof **out, (void **)out);
  if (!error) error = read(plugin, args, *out);
  delete_text(args->out_asm);
  if (plugin->minor >= MINOR_WITH_PATH) delete_text(args->out_path);
  if (!error) return NULL;
  pjrt_triton_kernel_free(*out);
  *out = NULL;
  return pjrt_error_about(error, plugin, "PJRT_Triton_Compile");
}

/* ---- compiling ----------------------------------------------------------- */

static pjrt_error *check_count(const char *name, int count) {
  if (count >= 1 && count <= MAX_COUNT) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is %d, expected 1 to %d",
                           name, count, (int)MAX_COUNT);
}

static pjrt_error *check(const pjrt_plugin *plugin, size_t module_size,
                         size_t arch_size, const pjrt_triton_opts *opts) {
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  if (!module_size || !arch_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the %s is empty",
                             module_size ? "architecture" : "module");
  }
  PJRT_TRY(check_count("num_warps", opts->num_warps));
  PJRT_TRY(check_count("num_ctas", opts->num_ctas));
  return check_count("num_stages", opts->num_stages);
}

pjrt_error *pjrt_triton_compile(pjrt_plugin *plugin, const char *module,
                                size_t module_size, const char *arch,
                                size_t arch_size, const pjrt_triton_opts *opts,
                                pjrt_triton_kernel **out) {
  pjrt_triton_opts o;
  *out = NULL;
  pjrt_triton_opts_init(&o);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_triton_opts", sizeof o, &o));
  module_size = pjrt_text_size(module, module_size);
  arch_size = pjrt_text_size(arch, arch_size);
  PJRT_TRY(check(plugin, module_size, arch_size, &o));
  PJRT_ARGS(PJRT_Triton_Compile, args);
  args->module = module;
  args->module_size = module_size;
  args->arch_name = arch;
  args->arch_name_size = arch_size;
  args->num_warps = o.num_warps;
  args->num_ctas = o.num_ctas;
  args->num_stages = o.num_stages;
  PJRT_TRY(CALL(plugin, args));
  return take(plugin, args, out);
}

/* ---- the kernel ---------------------------------------------------------- */

const char *pjrt_triton_kernel_assembly(const pjrt_triton_kernel *kernel,
                                        size_t *out_size) {
  if (out_size) *out_size = kernel->assembly_size;
  return kernel->assembly;
}

const char *pjrt_triton_kernel_path(const pjrt_triton_kernel *kernel,
                                    size_t *out_size) {
  if (out_size) *out_size = kernel->path_size;
  return kernel->path;
}

int64_t pjrt_triton_kernel_shared_memory_size(
    const pjrt_triton_kernel *kernel) {
  return kernel->shared_memory_size;
}

int pjrt_triton_kernel_cluster_dim(const pjrt_triton_kernel *kernel,
                                   size_t axis) {
  return axis < NUM_AXES ? kernel->cluster_dims[axis] : 0;
}

void pjrt_triton_kernel_free(pjrt_triton_kernel *kernel) {
  if (!kernel) return;
  free(kernel->assembly);
  free(kernel->path);
  free(kernel);
}
