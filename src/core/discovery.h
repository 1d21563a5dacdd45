/* The parts of plugin discovery. pjrt/discovery.h tells what they search. */
#ifndef PJRT_CORE_DISCOVERY_H_
#define PJRT_CORE_DISCOVERY_H_

#include "pjrt/discovery.h"

/* "NAME=value" strings. */
typedef struct pjrt_environment {
  const char *const *variables;
  size_t num;
} pjrt_environment;

/* The environment that discovery reads: the caller's, else the process's own,
 * else, in a privileged process, none. */
pjrt_environment pjrt_environment_choose(const pjrt_discovery_opts *opts,
                                         char *const *own, bool privileged);

/* NULL for a variable that is not set, or set to nothing. */
const char *pjrt_environment_get(const pjrt_environment *environment,
                                 const char *name);

/* Whether the process runs with rights that its caller lacks, so that the
 * caller's variables must not decide what is loaded into it. */
bool pjrt_process_is_privileged(void);

/* What is known about a candidate. The text is copied. */
typedef struct pjrt_candidate {
  pjrt_plugin_source source;
  const char *name;
  const char *path;
  const char *origin;
  pjrt_error *verdict;        /* [taken]; NULL: judge the file */
  pjrt_named_values *options; /* [taken]; NULL: none */
} pjrt_candidate;

pjrt_error *pjrt_plugin_list_add(pjrt_plugin_list *list,
                                 const pjrt_candidate *candidate)
    __attribute__((warn_unused_result));

void pjrt_plugin_list_last_to_front(pjrt_plugin_list *list);

bool pjrt_plugin_list_has_path(const pjrt_plugin_list *list, const char *path);

/* Adds what a JSON file names. A relative library_path starts at `base`, or at
 * the working folder when `base` is NULL. `name` NULL: the file tells it. */
pjrt_error *pjrt_discover_json(pjrt_plugin_list *list,
                               pjrt_plugin_source source, const char *name,
                               const char *json_path, const char *base,
                               const char *origin)
    __attribute__((warn_unused_result));

/* The places of the public header but for PJRT_PLUGIN, in its order.
 * `system_manifests` is the folder of the machine's manifests. */
pjrt_error *pjrt_discover_variables(pjrt_plugin_list *list,
                                    const pjrt_environment *environment)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_discover_manifests(pjrt_plugin_list *list,
                                    const pjrt_environment *environment,
                                    const char *system_manifests)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_discover_python(pjrt_plugin_list *list,
                                 const pjrt_environment *environment)
    __attribute__((warn_unused_result));

/* PJRT_PLUGIN. Comes last, since a name is looked up among the others, and puts
 * what it adds first. */
pjrt_error *pjrt_discover_own(pjrt_plugin_list *list,
                              const pjrt_environment *environment)
    __attribute__((warn_unused_result));

/* All of them. */
pjrt_error *pjrt_discover_all(const pjrt_environment *environment,
                              const char *system_manifests,
                              pjrt_plugin_list **out)
    __attribute__((warn_unused_result));

/* What a file is, as far as its ELF tables tell. */
typedef enum pjrt_file_kind {
  PJRT_FILE_UNREADABLE = 0,    /* missing, damaged, or no ELF file */
  PJRT_FILE_OTHER_LIBRARY = 1, /* exports no GetPjrtApi */
  PJRT_FILE_PLUGIN = 2         /* exports it, for this machine or another */
} pjrt_file_kind;

/* pjrt_plugin_judge_file, telling the kind beside the verdict. */
pjrt_error *pjrt_plugin_judge(const char *path, pjrt_file_kind *out_kind)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_DISCOVERY_H_ */
