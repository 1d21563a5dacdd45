/* Key-value stores as the rest of the library sees them, and the callbacks
 * that lend one to a plugin. */
#ifndef PJRT_CORE_KVSTORE_H_
#define PJRT_CORE_KVSTORE_H_

#include <pthread.h>
#include <stdatomic.h>

#include "pjrt/abi.h"
#include "pjrt/kvstore.h"

struct pjrt_kvstore {
  pjrt_kvstore_functions functions; /* its name is a copy */
  atomic_size_t refs;
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t woken;
  bool is_cancelled;
};

struct pjrt_kvstore_value {
  char *data; /* NULL: none */
  size_t size;
};

/* Another owner; pjrt_kvstore_free drops one. NULL for NULL. */
pjrt_kvstore *pjrt_kvstore_retain(pjrt_kvstore *store);

/* A store, as a client's plugin uses it; it lasts as long as the plugin may
 * call back. */
typedef struct pjrt_kvstore_loan {
  pjrt_kvstore *store;
  _Atomic int64_t deadline; /* of all waiting; see base/deadline.h */
} pjrt_kvstore_loan;

/* Tells the plugin how to call back. A plugin before 0.61 does not know
 * try_get and does without. */
void pjrt_kvstore_lend(pjrt_kvstore_loan *loan, PJRT_Client_Create_Args *args);

#endif /* PJRT_CORE_KVSTORE_H_ */
