/* Callbacks that a plugin keeps, for the process, until it lets them go by
 * itself: in a call of ours that takes them back, in the registering call when
 * it does not want them, on a thread of its own, or never.
 *
 * The first member of what the plugin's struct of callbacks lies in, which is
 * memory from pjrt_alloc. */
#ifndef PJRT_EXT_REGISTRATION_H_
#define PJRT_EXT_REGISTRATION_H_

#include <stdatomic.h>

#include "pjrt/plugin.h"

typedef struct pjrt_registration {
  atomic_int state;
  void *user;
  void (*destroy)(void *user); /* may be NULL */
} pjrt_registration;

/* The plugin lets them go. Nothing may touch the registration afterwards but
 * the registering call, when it is still under way. */
void pjrt_registration_let_go(pjrt_registration *registration);

/* The registering call succeeded. False when the plugin has let them go
 * meanwhile: then the registration is freed, and what to do with the user data
 * is for the caller to say. */
bool pjrt_registration_keep(pjrt_registration *registration)
    __attribute__((warn_unused_result));

/* INVALID_ARGUMENT for a NULL plugin or an empty name, whose size this
 * resolves. */
pjrt_error *pjrt_registration_check(const pjrt_plugin *plugin, const char *name,
                                    size_t *name_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_REGISTRATION_H_ */
