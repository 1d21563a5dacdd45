/* The shardings that plugins tell of programs. */
#include "ext/shardings.h"

#include "abi/counts.h"
#include "base/error.h"
#include "core/plugin.h"
#include "ext/extension.h"
#include "ext/program.h"

#define CALL(plugin, fn, args) \
  PJRT_EXT_CALL(plugin, Shardings, PJRT_Shardings_Extension, fn, fn, args)

/* What a plugin answers: a message for each parameter or output. */
typedef struct answer {
  const char *what; /* "parameter" */
  const char *const *messages;
  const size_t *sizes;
  size_t num;
} answer;

static pjrt_error *check_counts(const answer *all, size_t i) {
  if (all->num == 0) {
    return pjrt_error_format(PJRT_NOT_FOUND,
                             "the plugin tells no %s shardings of the program, "
                             "as of one that is not partitioned",
                             all->what);
  }
  PJRT_TRY(pjrt_count_check("a list of shardings", all->num, all->messages));
  PJRT_TRY(
      pjrt_count_check("a list of shardings' sizes", all->num, all->sizes));
  if (i < all->num) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s %zu of a program that has %zu", all->what, i,
                           all->num);
}

/* What the plugin says is not the caller's argument. */
static pjrt_error *decode(const void *data, size_t size, pjrt_sharding **out) {
  PJRT_TRY(pjrt_count_check("a sharding's size", size, data));
  pjrt_error *error = pjrt_sharding_from_proto(data, size, out);
  if (pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) return error;
  pjrt_error *internal =
      pjrt_error_format(PJRT_INTERNAL, "the plugin's answer is no sharding: %s",
                        pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return internal;
}

static pjrt_error *read_one(const pjrt_plugin *plugin, const char *call,
                            const answer *all, size_t i, pjrt_sharding **out) {
  pjrt_error *error = check_counts(all, i);
  if (!error) error = decode(all->messages[i], all->sizes[i], out);
  return error ? pjrt_error_about(error, plugin, call) : NULL;
}

static pjrt_error *read_parameter(const pjrt_ext_program *program, size_t i,
                                  pjrt_sharding **out) {
  static const char call[] =
      "PJRT_Shardings_PJRT_Executable_ParameterShardings";
  PJRT_ARGS(PJRT_Shardings_PJRT_Executable_ParameterShardings, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(program->plugin,
                PJRT_Shardings_PJRT_Executable_ParameterShardings, args));
  const answer all = {"parameter", args->shardings, args->sharding_sizes,
                      args->num_parameters};
  return read_one(program->plugin, call, &all, i, out);
}

static pjrt_error *read_output(const pjrt_ext_program *program, size_t i,
                               pjrt_sharding **out) {
  static const char call[] = "PJRT_Shardings_PJRT_Executable_OutputShardings";
  PJRT_ARGS(PJRT_Shardings_PJRT_Executable_OutputShardings, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(program->plugin, PJRT_Shardings_PJRT_Executable_OutputShardings,
                args));
  const answer all = {"output", args->shardings, args->sharding_sizes,
                      args->num_outputs};
  return read_one(program->plugin, call, &all, i, out);
}

/* ---- of programs --------------------------------------------------------- */

pjrt_error *pjrt_shardings_of_parameter(pjrt_executable *executable, size_t i,
                                        pjrt_sharding **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return read_parameter(&program, i, out);
}

pjrt_error *pjrt_shardings_of_output(pjrt_executable *executable, size_t i,
                                     pjrt_sharding **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return read_output(&program, i, out);
}

pjrt_error *pjrt_shardings_of_compiled_parameter(pjrt_compiled *compiled,
                                                 size_t i,
                                                 pjrt_sharding **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return read_parameter(&program, i, out);
}

pjrt_error *pjrt_shardings_of_compiled_output(pjrt_compiled *compiled, size_t i,
                                              pjrt_sharding **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return read_output(&program, i, out);
}
