#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "model.h"
#include "supervise.h"

/* ---- reading ------------------------------------------------------------- */

/* Takes what stdin or a file had. */
static status take_bytes(const struct cli *cli, void *data, size_t size,
                         struct model *out) {
  if (pjrt_executable_is_serialized(data, size)) {
    out->executable = data;
    out->executable_size = size;
    return STATUS_OK;
  }
  pjrt_error *error =
      pjrt_program_create(data, size, PJRT_FORMAT_AUTO, &out->program);
  free(data);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_INPUT, error, "%s", out->name);
}

static status read_stream(const struct cli *cli, FILE *file,
                          struct model *out) {
  size_t size;
  void *data = read_to_end(file, &size);
  if (data) return take_bytes(cli, data, size, out);
  return fail(cli, STATUS_INPUT, "cannot read %s: %s", out->name,
              strerror(errno));
}

/* Whether to read the file here: saved executables are, and what cannot be
 * rewound, such as a pipe. Programs in files are the library's to read. */
static bool is_ours_to_read(FILE *file) {
  struct stat info;
  if (fstat(fileno(file), &info) != 0 || S_ISDIR(info.st_mode)) return false;
  if (!S_ISREG(info.st_mode)) return true;
  char start[PJRT_EXECUTABLE_MAGIC_SIZE];
  size_t size = fread(start, 1, sizeof start, file);
  rewind(file);
  return pjrt_executable_is_serialized(start, size);
}

static status read_program(const struct cli *cli, const char *path,
                           struct model *out) {
  pjrt_error *error = pjrt_program_read(path, PJRT_NUL_ENDED, &out->program);
  return error ? fail_plainly(cli, STATUS_INPUT, error) : STATUS_OK;
}

status model_read(const struct cli *cli, const char *path, struct model *out) {
  *out = (struct model){.name = path};
  if (strcmp(path, "-") == 0) {
    out->name = "stdin";
    return read_stream(cli, stdin, out);
  }
  FILE *file = fopen(path, "rb");
  bool ours = file && is_ours_to_read(file);
  status code = ours ? read_stream(cli, file, out) : STATUS_OK;
  if (file) fclose(file);
  return ours ? code : read_program(cli, path, out);
}

void model_free(struct model *model) {
  pjrt_program_free(model->program);
  free(model->executable);
}

/* ---- compiling ----------------------------------------------------------- */

/* "0,2,3" to ids [owned: free]; NULL when it is not that. */
static int *parse_ids(const char *text, size_t *out_num) {
  int *ids = calloc(strlen(text) + 1, sizeof *ids);
  *out_num = 0;
  while (ids) {
    char *end;
    errno = 0;
    long id = strtol(text, &end, 10);
    bool is_id = !errno && isdigit((unsigned char)*text) && id <= INT_MAX;
    if (!is_id || (*end && *end != ',')) break;
    ids[(*out_num)++] = (int)id;
    if (!*end) return ids;
    text = end + 1;
  }
  free(ids);
  return NULL;
}

static status parse_xla_options(const struct cli *cli, const texts *given,
                                pjrt_named_values **out) {
  pjrt_error *error = pjrt_named_values_create(out);
  if (error) return fail_error(cli, STATUS_SYSTEM, error, "--xla-option");
  for (size_t i = 0; i < given->num; i++) {
    error = pjrt_named_values_parse(*out, given->items[i], PJRT_NUL_ENDED);
    if (error) {
      return fail_error(cli, STATUS_USAGE, error, "--xla-option=%s",
                        given->items[i]);
    }
  }
  return STATUS_OK;
}

static status check_count(const struct cli *cli, const char *option,
                          int64_t count) {
  const bool fits = count >= 1 && count <= INT_MAX;
  if (fits || count == COUNT_NOT_GIVEN) return STATUS_OK;
  return fail(cli, STATUS_USAGE, "--%s wants at least 1, not %lld", option,
              (long long)count);
}

static status read_words(const struct cli *cli, const compile_options *options,
                         struct compile_request *out) {
  status code = check_count(cli, "replicas", options->num_replicas);
  if (code == STATUS_OK) {
    code = check_count(cli, "partitions", options->num_partitions);
  }
  if (code != STATUS_OK) return code;
  if (options->device) {
    out->ids = parse_ids(options->device, &out->num_ids);
    if (!out->ids) {
      return fail(cli, STATUS_USAGE,
                  "--device wants ids such as 0 or 0,1,2,3, not '%s'",
                  options->device);
    }
  }
  return parse_xla_options(cli, &options->xla_options, &out->xla_options);
}

static void fill_opts(const compile_options *options,
                      struct compile_request *out) {
  pjrt_compile_opts *opts = &out->opts;
  if (options->num_replicas != COUNT_NOT_GIVEN) {
    opts->num_replicas = (int)options->num_replicas;
  }
  if (options->num_partitions != COUNT_NOT_GIVEN) {
    opts->num_partitions = (int)options->num_partitions;
  }
  opts->use_shardy_partitioner = options->shardy;
  opts->device_ids = out->ids;
  opts->num_device_ids = out->num_ids;
  opts->xla_options = out->xla_options;
}

#define BUILD_OPTION(name) "executable_build_options." name, PJRT_NUL_ENDED

/* The command line's words over what the file says. */
static pjrt_error *change_options(const compile_options *options,
                                  const struct compile_request *request) {
  pjrt_compile_options *it = request->options;
  pjrt_error *error = NULL;
  if (options->num_replicas != COUNT_NOT_GIVEN) {
    error = pjrt_compile_options_set_int64(it, BUILD_OPTION("num_replicas"),
                                           options->num_replicas);
  }
  if (!error && options->num_partitions != COUNT_NOT_GIVEN) {
    error = pjrt_compile_options_set_int64(it, BUILD_OPTION("num_partitions"),
                                           options->num_partitions);
  }
  if (!error && options->num_partitions > 1) {
    error = pjrt_compile_options_set_bool(
        it, BUILD_OPTION("use_spmd_partitioning"), true);
  }
  if (!error && options->shardy) {
    error = pjrt_compile_options_set_bool(
        it, BUILD_OPTION("use_shardy_partitioner"), true);
  }
  if (!error && request->ids) {
    error =
        pjrt_compile_options_set_device_ids(it, request->ids, request->num_ids);
  }
  if (!error) {
    error = pjrt_compile_options_set_xla_options(it, request->xla_options);
  }
  return error;
}

status compile_request_make(const struct cli *cli,
                            const compile_options *options,
                            struct compile_request *out) {
  *out = (struct compile_request){0};
  pjrt_compile_opts_init(&out->opts);
  status code = read_words(cli, options, out);
  if (code != STATUS_OK) return code;
  if (!options->file) {
    fill_opts(options, out);
    return STATUS_OK;
  }
  pjrt_error *error =
      pjrt_compile_options_read(options->file, PJRT_NUL_ENDED, &out->options);
  if (error) return fail_error(cli, STATUS_INPUT, error, "--compile-options");
  error = change_options(options, out);
  if (error) return fail_error(cli, STATUS_USAGE, error, "%s", options->file);
  out->opts.options = out->options;
  return STATUS_OK;
}

void compile_request_free(struct compile_request *request) {
  pjrt_compile_options_free(request->options);
  pjrt_named_values_free(request->xla_options);
  free(request->ids);
}

/* ---- the cache ----------------------------------------------------------- */

status size_parse(const struct cli *cli, const char *option, const char *text,
                  int64_t *out) {
  static const char units[] = "KMG";
  char *end;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  const char *unit = *end ? strchr(units, *end) : NULL;
  const int shift = unit ? 10 * (int)(unit - units + 1) : 0;
  const bool ends = !*end || (unit && !end[1]);
  if (errno || !isdigit((unsigned char)*text) || !ends ||
      number > INT64_MAX >> shift) {
    return fail(cli, STATUS_USAGE,
                "--%s wants bytes such as 1000, 64K, 512M or 4G, not '%s'",
                option, text);
  }
  *out = (int64_t)number << shift;
  return STATUS_OK;
}

static status open_cache(const struct cli *cli, const compile_options *options,
                         pjrt_compile_cache **out) {
  pjrt_compile_cache_opts opts;
  *out = NULL;
  pjrt_compile_cache_opts_init(&opts);
  if (options->cache_size) {
    const status code = size_parse(cli, "cache-size", options->cache_size,
                                   &opts.max_size_in_bytes);
    if (code != STATUS_OK) return code;
  }
  pjrt_error *error =
      pjrt_compile_cache_open(options->cache, PJRT_NUL_ENDED, &opts, out);
  return error ? fail_plainly(cli, STATUS_INPUT, error) : STATUS_OK;
}

/* A miss cost a compilation, so it is worth a line. */
static void tell_of_cache(const struct cli *cli, bool was_hit,
                          const char *explanation) {
  if (was_hit && !cli->verbose) return;
  (void)fail(cli, STATUS_OK, "cache: %s", explanation);
}

static status compile_cached(struct cli *cli, const struct model *model,
                             const compile_options *options,
                             const pjrt_compile_opts *opts, pjrt_client *client,
                             pjrt_executable **out) {
  pjrt_compile_cache *cache;
  char *explanation;
  bool was_hit;
  status code = open_cache(cli, options, &cache);
  if (code != STATUS_OK) return code;
  call_begin(cli, "PJRT_Executable_DeserializeAndLoad or PJRT_Client_Compile",
             "loading or compiling");
  pjrt_error *error = pjrt_compile_cache_compile(
      cache, client, model->program, opts, out, &was_hit, &explanation);
  call_end(cli);
  pjrt_compile_cache_free(cache);
  if (error) {
    return fail_error(cli, STATUS_COMPILE, error, "cannot compile %s",
                      model->name);
  }
  tell_of_cache(cli, was_hit, explanation);
  pjrt_host_free(explanation);
  return STATUS_OK;
}

/* ---- compiling a program ------------------------------------------------- */

static status compile_now(struct cli *cli, const struct model *model,
                          const pjrt_compile_opts *opts, pjrt_client *client,
                          pjrt_executable **out) {
  call_begin(cli, "PJRT_Client_Compile", "compiling");
  pjrt_error *error = pjrt_client_compile(client, model->program, opts, out);
  call_end(cli);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_COMPILE, error, "cannot compile %s",
                    model->name);
}

static status compile_with(struct cli *cli, const struct model *model,
                           const compile_options *options, pjrt_client *client,
                           pjrt_executable **out) {
  struct compile_request request;
  status code = compile_request_make(cli, options, &request);
  if (code == STATUS_OK && options->cache) {
    code = compile_cached(cli, model, options, &request.opts, client, out);
  } else if (code == STATUS_OK) {
    code = compile_now(cli, model, &request.opts, client, out);
  }
  compile_request_free(&request);
  return code;
}

/* ---- saved executables --------------------------------------------------- */

static status load_saved(struct cli *cli, const struct model *model,
                         const compile_options *options, pjrt_client *client,
                         pjrt_executable **out) {
  if (options->device || options->xla_options.num || options->shardy ||
      options->file || options->cache ||
      options->num_replicas != COUNT_NOT_GIVEN ||
      options->num_partitions != COUNT_NOT_GIVEN) {
    return fail(cli, STATUS_USAGE,
                "%s is compiled already: --device, --replicas, --partitions, "
                "--shardy, --xla-option, --compile-options and --cache come "
                "too late",
                model->name);
  }
  call_begin(cli, "PJRT_Executable_DeserializeAndLoad", "loading");
  pjrt_error *error = pjrt_executable_load(client, model->executable,
                                           model->executable_size, out);
  call_end(cli);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_INPUT, error, "cannot load %s", model->name);
}

status model_load(struct cli *cli, const struct model *model,
                  const compile_options *options, pjrt_client *client,
                  pjrt_executable **out) {
  return model->executable ? load_saved(cli, model, options, client, out)
                           : compile_with(cli, model, options, client, out);
}

status artifact_write(const struct cli *cli, const char *path, const void *data,
                      size_t size) {
  if (write_whole_file(path, data, size)) return STATUS_OK;
  return fail(cli, STATUS_OUTPUT, "cannot write %s: %s", path, strerror(errno));
}

status executable_save(struct cli *cli, pjrt_executable *executable,
                       const char *path) {
  void *data;
  size_t size;
  call_begin(cli, "PJRT_Executable_Serialize", "serializing");
  pjrt_error *error = pjrt_executable_serialize(executable, &data, &size);
  call_end(cli);
  if (error) {
    return fail_error(cli, STATUS_COMPILE, error, "cannot serialize %s",
                      pjrt_executable_name(executable, NULL));
  }
  status code = artifact_write(cli, path, data, size);
  pjrt_host_free(data);
  return code;
}

/* ---- optimized programs -------------------------------------------------- */

status hlo_save(struct cli *cli, const char *name, pjrt_program *program,
                pjrt_error *error, const char *path) {
  char *text = NULL;
  size_t size = 0;
  if (!error) error = pjrt_hlo_print(program, NULL, &text, &size);
  pjrt_program_free(program);
  if (error) {
    return fail_error(cli, STATUS_COMPILE, error, "cannot tell %s as HLO",
                      name);
  }
  status code = artifact_write(cli, path, text, size);
  pjrt_host_free(text);
  return code;
}
