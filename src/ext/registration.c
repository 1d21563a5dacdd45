#include "ext/registration.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "core/reaper.h"

/* Either side may come first: the plugin may let callbacks go while the call
 * that registers them still looks at them. Who comes second frees. */
enum { REGISTERING, KEPT, LET_GO };

/* The plugin's locks may be held: what the user frees here ends elsewhere. */
void pjrt_registration_let_go(pjrt_registration *registration) {
  if (atomic_exchange(&registration->state, LET_GO) == REGISTERING) return;
  pjrt_enter_callback();
  if (registration->destroy) registration->destroy(registration->user);
  pjrt_leave_callback();
  free(registration);
}

bool pjrt_registration_keep(pjrt_registration *registration) {
  int expected = REGISTERING;
  if (atomic_compare_exchange_strong(&registration->state, &expected, KEPT)) {
    return true;
  }
  free(registration);
  return false;
}

pjrt_error *pjrt_registration_check(const pjrt_plugin *plugin, const char *name,
                                    size_t *name_size) {
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  *name_size = pjrt_text_size(name, *name_size);
  if (*name_size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the name is empty");
}
