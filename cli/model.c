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

/* Reads to the end; NULL with errno when that fails. */
static void *read_all(FILE *file, size_t *out_size) {
  size_t size = 0, capacity = 1 << 16;
  char *data = malloc(capacity);
  while (data) {
    size += fread(data + size, 1, capacity - size, file);
    if (ferror(file)) break;
    if (size < capacity) { /* the end */
      *out_size = size;
      return data;
    }
    capacity *= 2;
    char *more = realloc(data, capacity);
    if (!more) break;
    data = more;
  }
  free(data);
  return NULL;
}

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
  void *data = read_all(file, &size);
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

static status compile(struct cli *cli, const struct model *model,
                      pjrt_client *client, const pjrt_compile_opts *opts,
                      pjrt_executable **out) {
  call_begin(cli, "PJRT_Client_Compile", "compiling");
  pjrt_error *error = pjrt_client_compile(client, model->program, opts, out);
  call_end(cli);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_COMPILE, error, "cannot compile %s",
                    model->name);
}

static status check_count(const struct cli *cli, const char *option,
                          int64_t count) {
  if (count >= 1 && count <= INT_MAX) return STATUS_OK;
  return fail(cli, STATUS_USAGE, "--%s wants at least 1, not %lld", option,
              (long long)count);
}

static status compile_with(struct cli *cli, const struct model *model,
                           const compile_options *options, pjrt_client *client,
                           pjrt_executable **out) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  status code = check_count(cli, "replicas", options->num_replicas);
  if (code == STATUS_OK) {
    code = check_count(cli, "partitions", options->num_partitions);
  }
  if (code != STATUS_OK) return code;
  opts.num_replicas = (int)options->num_replicas;
  opts.num_partitions = (int)options->num_partitions;
  opts.use_spmd_partitioning = opts.num_partitions > 1;
  opts.use_shardy_partitioner = options->shardy;
  int *ids = NULL;
  if (options->device) {
    ids = parse_ids(options->device, &opts.num_device_ids);
    if (!ids) {
      return fail(cli, STATUS_USAGE,
                  "--device wants ids such as 0 or 0,1,2,3, not '%s'",
                  options->device);
    }
    opts.device_ids = ids;
  }
  pjrt_named_values *xla_options = NULL;
  code = parse_xla_options(cli, &options->xla_options, &xla_options);
  opts.xla_options = xla_options;
  if (code == STATUS_OK) code = compile(cli, model, client, &opts, out);
  pjrt_named_values_free(xla_options);
  free(ids);
  return code;
}

/* ---- saved executables --------------------------------------------------- */

static status load_saved(struct cli *cli, const struct model *model,
                         const compile_options *options, pjrt_client *client,
                         pjrt_executable **out) {
  if (options->device || options->xla_options.num || options->shardy ||
      options->num_replicas != 1 || options->num_partitions != 1) {
    return fail(cli, STATUS_USAGE,
                "%s is compiled already: --device, --replicas, --partitions, "
                "--shardy and --xla-option come too late",
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
  bool written = write_whole_file(path, data, size);
  pjrt_host_free(data);
  if (written) return STATUS_OK;
  return fail(cli, STATUS_OUTPUT, "cannot write %s: %s", path, strerror(errno));
}
