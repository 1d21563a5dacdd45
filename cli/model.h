/* Model files, and how they become executables. */
#ifndef CLI_MODEL_H_
#define CLI_MODEL_H_

#include "cli.h"

typedef struct compile_options {
  const char *file;
  const char *device;
  texts xla_options;
  int64_t num_replicas;
  int64_t num_partitions;
  bool shardy;
  const char *cache;      /* a folder; NULL: none */
  const char *cache_size; /* as size_parse takes it; NULL: the default */
} compile_options;

/* As a count: what --compile-options says, or 1. */
#define COUNT_NOT_GIVEN (-1)

#define COMPILE_DEFAULTS \
  {.num_replicas = COUNT_NOT_GIVEN, .num_partitions = COUNT_NOT_GIVEN}

#define COMPILE_OPTIONS(type)                                               \
  {"device", "ID[,ID...]", OPTION_TEXT, offsetof(type, compile.device),     \
   "the devices by id, one for each replica and partition;\n"               \
   "default: the plugin's choice"},                                         \
      {"replicas", "N", OPTION_COUNT, offsetof(type, compile.num_replicas), \
       "copies of the program that run at once; default: 1"},               \
      {"partitions", "N", OPTION_COUNT,                                     \
       offsetof(type, compile.num_partitions),                              \
       "devices that share one copy; default: 1"},                          \
      {"shardy", NULL, OPTION_FLAG, offsetof(type, compile.shardy),         \
       "partition by Shardy's annotations (the sdy dialect)"},              \
      {"xla-option", "NAME=VALUE", OPTION_TEXTS,                            \
       offsetof(type, compile.xla_options),                                 \
       "a flag of XLA's for this compilation, such as\n"                    \
       "xla_cpu_enable_fast_math=true; may be repeated"},                   \
      {"compile-options", "FILE.json", OPTION_TEXT,                         \
       offsetof(type, compile.file),                                        \
       "any of XLA's compile options, as JSON; the options above\n"         \
       "count for more"}

#define CACHE_OPTIONS(type)                                                   \
  {"cache", "DIR", OPTION_TEXT, offsetof(type, compile.cache),                \
   "load the program from this folder if it was compiled\n"                   \
   "before, else store it there; see `pjrt help cache`"},                     \
      {"cache-size", "SIZE", OPTION_TEXT, offsetof(type, compile.cache_size), \
       "what the folder may take, such as 512M; what was\n"                   \
       "used longest ago goes first; default: 4G, 0: no bound"}

/* What the options ask the compiler for. */
struct compile_request {
  pjrt_compile_opts opts; /* borrows what follows */
  int *ids;
  size_t num_ids;
  pjrt_named_values *xla_options;
  pjrt_compile_options *options;
};

/* compile_request_free whatever happens. */
status compile_request_make(const struct cli *cli,
                            const compile_options *options,
                            struct compile_request *out);
void compile_request_free(struct compile_request *request);

/* A model file's bytes, or what was made of them. */
struct model {
  const char *name; /* for messages */
  pjrt_program *program;
  void *executable; /* one that --save-executable wrote */
  size_t executable_size;
};

/* Reads a program or a saved executable; "-" is stdin. */
status model_read(const struct cli *cli, const char *path, struct model *out);
void model_free(struct model *model);

/* Bytes from "1000", "64K", "512M" or "4G"; STATUS_USAGE names the option. */
status size_parse(const struct cli *cli, const char *option, const char *text,
                  int64_t *out);

/* Compiles the program, or loads it from the --cache, or loads the saved
 * executable. */
status model_load(struct cli *cli, const struct model *model,
                  const compile_options *options, pjrt_client *client,
                  pjrt_executable **out);

/* Writes a serialized executable, whole or not at all. */
status artifact_write(const struct cli *cli, const char *path, const void *data,
                      size_t size);

status executable_save(struct cli *cli, pjrt_executable *executable,
                       const char *path);

/* Writes an optimized program, NULL or not, as HLO text, and takes it; `error`
 * is what asking for it gave. */
status hlo_save(struct cli *cli, const char *name, pjrt_program *program,
                pjrt_error *error, const char *path);

#endif /* CLI_MODEL_H_ */
