#include "pjrt/ext/executable_metadata.h"

#include "base/error.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "ext/program.h"

/* The args of this extension have no struct_size. */
#define CALL_BY(call, plugin, slot, fn, args)                               \
  call(plugin, ExecutableMetadata, PJRT_ExecutableMetadata_Extension, slot, \
       fn, args)
#define CALL(plugin, slot, fn, args) \
  CALL_BY(PJRT_EXT_CALL_UNSIZED, plugin, slot, fn, args)
#define CALL_VOID(plugin, slot, fn, args) \
  CALL_BY(PJRT_EXT_CALL_VOID_UNSIZED, plugin, slot, fn, args)

static void destroy(const pjrt_plugin *plugin, PJRT_ExecutableMetadata *raw) {
  PJRT_ARGS(PJRT_ExecutableMetadata_DestroySerializedMetadata, args);
  args->metadata = raw;
  pjrt_error_drop(CALL_VOID(plugin, destroy_serialized_metadata,
                            PJRT_ExecutableMetadata_DestroySerializedMetadata,
                            args));
}

/* The plugin makes the struct as well as the bytes. */
static pjrt_error *get(const pjrt_ext_program *program, void **out,
                       size_t *out_size) {
  static const char call[] = "PJRT_ExecutableMetadata_GetExecutableMetadata";
  const pjrt_plugin *plugin = program->plugin;
  PJRT_ARGS(PJRT_ExecutableMetadata_GetExecutableMetadata, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(plugin, get_executable_metadata,
                PJRT_ExecutableMetadata_GetExecutableMetadata, args));
  PJRT_ExecutableMetadata *raw = args->metadata;
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "metadata", raw));
  pjrt_error *error =
      pjrt_ext_copy_bytes(plugin, call, raw->serialized_metadata,
                          raw->serialized_metadata_size, out, out_size);
  destroy(plugin, raw);
  return error;
}

pjrt_error *pjrt_executable_metadata(const pjrt_executable *executable,
                                     void **out, size_t *out_size) {
  pjrt_ext_program program;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return get(&program, out, out_size);
}

pjrt_error *pjrt_compiled_metadata(const pjrt_compiled *compiled, void **out,
                                   size_t *out_size) {
  pjrt_ext_program program;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return get(&program, out, out_size);
}
