/* The two halves of looking for plugins among Python's packages. */
#ifndef PJRT_CORE_DISCOVERY_PYTHON_H_
#define PJRT_CORE_DISCOVERY_PYTHON_H_

#include "core/discovery.h"

/* Adds the plugins of the packages in one folder, a site-packages or a
 * dist-packages. */
pjrt_error *pjrt_discover_site(pjrt_plugin_list *list, const char *folder)
    __attribute__((warn_unused_result));

/* Calls visit for every folder of packages that the active Python looks into:
 * those of a virtual environment and, where it has access to them, the user's
 * and the system's. */
typedef pjrt_error *(*pjrt_site_visit)(void *user, const char *folder);

pjrt_error *pjrt_python_sites(const pjrt_environment *environment,
                              pjrt_site_visit visit, void *user)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_DISCOVERY_PYTHON_H_ */
