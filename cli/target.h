/* A machine to compile for, which need not be there. */
#ifndef CLI_TARGET_H_
#define CLI_TARGET_H_

#include "cli.h"

typedef struct target_options {
  const char *name;       /* "PLATFORM" or "PLATFORM:TOPOLOGY" */
  texts topology_options; /* "name=value" or "name=@file" */
} target_options;

#define TARGET_OPTIONS(type)                                              \
  {"target", "PLATFORM[:NAME]", OPTION_TEXT, offsetof(type, target.name), \
   "the machine: a platform, and what its plugin calls the\n"             \
   "topology, such as tpu:v5e:2x2"},                                      \
      {"topology-option", "NAME=VALUE", OPTION_TEXTS,                     \
       offsetof(type, target.topology_options),                           \
       "what else the plugin wants to know of it; NAME=@FILE\n"           \
       "gives it what the file holds; may be repeated"}

/* The platform that `name` begins with, for free(). */
char *target_platform(const char *name);

/* Has the plugin describe the target, and checks that it is one of that
 * platform. */
status target_describe(struct cli *cli, const target_options *options,
                       pjrt_plugin *plugin, pjrt_topology **out);

#endif /* CLI_TARGET_H_ */
