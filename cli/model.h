/* Model files, and how they become executables. */
#ifndef CLI_MODEL_H_
#define CLI_MODEL_H_

#include "cli.h"

typedef struct compile_options {
  const char *device;
  texts xla_options;
  int64_t num_replicas;
  int64_t num_partitions;
  bool shardy;
} compile_options;

#define COMPILE_DEFAULTS {.num_replicas = 1, .num_partitions = 1}

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
       "xla_cpu_enable_fast_math=true; may be repeated"}

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

/* Compiles the program, or loads the saved executable. */
status model_load(struct cli *cli, const struct model *model,
                  const compile_options *options, pjrt_client *client,
                  pjrt_executable **out);

status executable_save(struct cli *cli, pjrt_executable *executable,
                       const char *path);

#endif /* CLI_MODEL_H_ */
